"""Which parts of a text are taken: asked for each of many spans, so that hostile texts stay cheap. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

__all__ = ["Occupied"]


class Occupied:
    """A set of places, as disjoint intervals in order.

    Parameters
    ----------
    spans
        ``[start, end)`` each, none empty; they may overlap.
    """

    __slots__ = ("_ends", "_starts")

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def is_free(self, start: int, end: int) -> bool:
        """Whether no place of a span is taken."""
        at = bisect_right(self._ends, start)
        return at == len(self._starts) or self._starts[at] >= end

    def free_from(self, place: int) -> int:
        """The first free place from this one on."""
        at = bisect_right(self._ends, place)
        return place if at == len(self._starts) or self._starts[at] > place else self._ends[at]

    def take(self, start: int, end: int) -> None:
        """Take a span that is free."""
        at = bisect_left(self._starts, end)
        self._starts.insert(at, start)
        self._ends.insert(at, end)
