"""Writes down what passes between the parts of the core, and plays it back to one part at a time.

So the cost of a part is measured with exactly the calls that the real path made, in their order, and follows every
change of the core by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["Call", "Recorded", "play"]


class Call(NamedTuple):
    """One call of a method, and what it gave back."""

    method: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    result: Any


class Recorded:
    """Stands in for a part: passes everything on, and writes down the calls of some methods.

    Parameters
    ----------
    target
        The part itself.
    methods
        What is written down.
    """

    def __init__(self, target: Any, methods: Sequence[str]) -> None:
        self._target = target
        self._methods = frozenset(methods)
        self.calls: list[Call] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if name not in self._methods:
            return found

        def note(*args: Any, **kwargs: Any) -> Any:
            result = found(*args, **kwargs)
            self.calls.append(Call(name, args, kwargs, result))
            return result

        self.__dict__[name] = note
        return note


def play(target: Any, calls: Sequence[Call]) -> Callable[[], None]:
    """A function that repeats the calls on another part of the same kind. Look-ups of methods are done beforehand."""
    bound = [(getattr(target, call.method), call.args, call.kwargs) for call in calls]

    def run() -> None:
        for function, args, kwargs in bound:
            function(*args, **kwargs)

    return run
