"""A table of the names used last, of bounded size."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Recent"]

Name = TypeVar("Name", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Name, Value]):
    """Makes values as they are asked for; the one that has gone longest unasked leaves first.

    Parameters
    ----------
    limit
        How many are kept.
    make
        Makes the value of a name.
    """

    __slots__ = ("_limit", "_make", "_values")

    def __init__(self, limit: int, make: Callable[[], Value]) -> None:
        self._limit = limit
        self._make = make
        self._values: OrderedDict[Name, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def of(self, name: Name) -> Value:
        """The value of a name, a new one when it has none."""
        value = self._values.get(name)
        if value is None:
            value = self._values[name] = self._make()
            if len(self._values) > self._limit:
                self._values.popitem(last=False)
        else:
            self._values.move_to_end(name)
        return value
