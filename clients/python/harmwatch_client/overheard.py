"""What a caller asks with, where it can be read only once: kept while the library that it is given to reads it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from harmwatch_client.conversation import LEFT_OUT, MOST_MESSAGES, listed

__all__ = ["Question"]

#: Arguments that hold what is asked. Libraries take any iterable for most of them, and make a list of it.
_NAMES = ("messages", "input", "prompt")
#: What Python looks for in the type of a thing, where ``__getattr__`` is not asked: what is read so is not overheard.
_FORWARDED = ("__bool__", "__contains__", "__getitem__", "__len__", "__length_hint__", "__reversed__")


class Question:
    """The arguments of one call, as they are to be handed on and as they can be read.

    Attributes
    ----------
    handed
        The arguments for the library: the caller's own. An iterator is wrapped, as nobody may read it before, and so
        is an iterable of which nothing says that it may be read again.
    """

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self.handed = dict(asked)
        self._read: dict[str, Any] = dict(asked)
        self._overheard: dict[str, _Overheard] = {}
        for name in _NAMES:
            value = asked.get(name)
            if name == "messages" and isinstance(value, (str, Mapping)):
                self._read[name] = [value]  # one of them, as some take it
            if value is None or isinstance(value, (list, tuple, str, bytes, Mapping)):
                continue
            try:
                self._look(name, value)
            except Exception:
                self._read[name] = [LEFT_OUT]

    def _look(self, name: str, value: object) -> None:
        found = listed(value, MOST_MESSAGES)
        if found is not None:
            self._read[name] = found
        elif isinstance(value, Iterable):
            base = _OverheardIterator if isinstance(value, Iterator) else _Overheard
            forwarded = tuple(each for each in _FORWARDED if getattr(type(value), each, None) is not None)
            self.handed[name] = self._overheard[name] = _like(base, forwarded)(value)
        else:
            # Nothing is asked by what is false, as the openai package's signs for an argument that is not given.
            self._read[name] = [LEFT_OUT] if value else None

    @property
    def is_known(self) -> bool:
        """Whether all of it can be read before the call."""
        return not self._overheard

    def read(self) -> Mapping[str, Any]:
        """The arguments as far as they are known; `LEFT_OUT` stands for what has not been read."""
        return {**self._read, **{name: overheard.items() for name, overheard in self._overheard.items()}}


class _Overheard:
    """An iterable, and the latest of what was read of it."""

    def __init__(self, given: Iterable[object]) -> None:
        self._given = given
        self._kept: deque[object] = deque(maxlen=MOST_MESSAGES + 1)
        self._is_whole = False

    def items(self) -> list[object]:
        return [*self._kept] if self._is_whole else [*self._kept, LEFT_OUT]

    def __iter__(self) -> Iterator[object]:
        # Of several readings the one that came furthest is kept: what can be read but once gives the next one nothing.
        kept: deque[object] = deque(maxlen=self._kept.maxlen)
        for item in iter(self._given):
            kept.append(item)
            if len(kept) > len(self._kept):
                self._kept, self._is_whole = kept, False
            yield item
        if len(kept) >= len(self._kept):
            self._kept, self._is_whole = kept, True

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # isinstance(messages, Generator) stays true
        return type(self._given)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # of a copy that has nothing yet
            raise AttributeError(name)
        return getattr(self._given, name)


class _OverheardIterator(_Overheard):
    """An iterator: what is read of it is gone, whoever reads it."""

    def __iter__(self) -> Iterator[object]:
        return self

    def __next__(self) -> object:
        try:
            item = next(self._given)  # type: ignore[call-overload]
        except StopIteration:
            self._is_whole = True
            raise
        self._kept.append(item)
        return item


@lru_cache
def _like(base: type[_Overheard], forwarded: tuple[str, ...]) -> type[_Overheard]:
    """A wrapper that has, beside what ``base`` has, what the thing itself has."""
    return type(base.__name__, (base,), {name: _forward(name) for name in forwarded})


def _forward(name: str) -> Callable[..., Any]:
    def method(self: _Overheard, *args: object) -> Any:
        given = self._given
        return getattr(type(given), name)(given, *args)

    return method
