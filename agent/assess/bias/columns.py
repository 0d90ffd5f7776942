"""Columns of a batch as texts and as small numbers, made once for all analyses that look at them."""

from __future__ import annotations

from collections.abc import Iterable

from agent.assess.cells import cell_text
from agent.assess.tables import Batch

__all__ = [
    "ABSENT",
    "BEYOND",
    "FIRST_NAMED",
    "MISSING_WORDS",
    "MOST_VALUES",
    "CodedColumn",
    "ColumnTexts",
    "is_missing",
]

ABSENT = 0
"""Code of an empty cell."""
BEYOND = 1
"""Code of all values that come up only after as many others as are kept apart."""
FIRST_NAMED = 2
"""The first code that stands for one value."""
MOST_VALUES = 200
"""So many values of a column are kept apart, unless said otherwise."""

#: What tools write for a missing value, as pandas reads it, and what people write. "unknown" is often a category.
MISSING_WORDS = frozenset(
    ("#n/a", "#na", "n/a", "na", "<na>", "nan", "-nan", "null", "none", "?", "-", "--", ".", "缺失", "未填", "未填写")
)
_LONGEST_MISSING = max(map(len, MISSING_WORDS))


def is_missing(text: str) -> bool:
    """Whether a cell, as `cell_text` gives it, says nothing."""
    return not text or (len(text) <= _LONGEST_MISSING and text.casefold() in MISSING_WORDS)


class ColumnTexts:
    """Cells as texts, kept for the batch that was asked for last."""

    def __init__(self) -> None:
        self._batch: Batch | None = None
        self._texts: dict[str, list[str]] = {}

    def of(self, batch: Batch, column: str) -> list[str]:
        """One text a row, see `cell_text`; empty where the row lacks the column."""
        if batch is not self._batch:
            self._batch, self._texts = batch, {}
        known = self._texts.get(column)
        if known is None:
            known = self._texts[column] = [cell_text(row.get(column)) for row in batch.rows]
        return known


class CodedColumn:
    """A column whose values are few: each gets a number when it comes up first.

    Parameters
    ----------
    most
        So many values are kept apart, in the order in which they come up; all later ones are `BEYOND`.
    known
        Values that have a place whatever comes before them.

    Attributes
    ----------
    names
        The value of each code from `FIRST_NAMED` on.
    """

    def __init__(self, texts: ColumnTexts, column: str, most: int = MOST_VALUES, known: Iterable[str] = ()) -> None:
        self.column = column
        self._texts = texts
        self._most = most
        self._codes = {"": ABSENT}
        self.names: list[str] = []
        self._batch: Batch | None = None
        self._last: list[int] = []
        for value in known:
            self._new(value)

    def of(self, batch: Batch) -> list[int]:
        """One code a row."""
        if batch is not self._batch:
            codes = self._codes
            self._batch = batch
            self._last = [
                code if (code := codes.get(text)) is not None else self._new(text)
                for text in self._texts.of(batch, self.column)
            ]
        return self._last

    def _new(self, text: str) -> int:
        if text in self._codes:
            return self._codes[text]
        if len(self._codes) > self._most:
            return BEYOND
        code = self._codes[text] = FIRST_NAMED + len(self.names)
        self.names.append(text)
        return code
