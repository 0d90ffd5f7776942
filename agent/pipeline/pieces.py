"""Work that is done piece by piece, so that whoever has other things to do may do them in between."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

__all__ = ["Pieces", "at_once"]

Result = TypeVar("Result")

#: Yields after each piece, and returns what came of all of them. Given up half-way, what was done so far stays done.
Pieces: TypeAlias = Generator[None, None, Result]


def at_once(pieces: Pieces[Result]) -> Result:
    """All pieces without a pause."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            result: Result = end.value
            return result
