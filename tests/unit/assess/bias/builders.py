"""Tables for the tests of bias in data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from agent.assess.analysis import Observer
from agent.assess.tables import Batch

__all__ = ["batches", "feed", "rows_of"]


def batches(rows: Sequence[dict[str, Any]], size: int = 100) -> Iterator[Batch]:
    """Rows in batches, each with the columns that occur in it."""
    for first in range(0, len(rows), size):
        part = rows[first : first + size]
        yield Batch(tuple(dict.fromkeys(column for row in part for column in row)), part, first + 1, 0)


def feed(observer: Observer, rows: Sequence[dict[str, Any]], size: int = 100) -> None:
    """Show all rows to an observer."""
    for batch in batches(rows, size):
        observer.observe(batch)


def rows_of(**columns: Iterable[Any]) -> list[dict[str, Any]]:
    """Rows out of columns of the same length."""
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
