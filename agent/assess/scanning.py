"""Which types of personal data each cell of a row holds."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from agent.assess.anonymize.cells import leaves
from agent.assess.cells import cell_text
from agent.assess.protection.tokens import holds_value, without_tokens
from agent.assess.tables import Row
from agent.assess.titles import titled_span
from agent.scoring.pii import PiiScorer

__all__ = ["RowScanner"]

# Cells that come again and again are short.
_REMEMBERED_LENGTH = 64
_REMEMBERED_CELLS = 65_536
_NOTHING: frozenset[str] = frozenset()


class RowScanner:
    """The pii scorer on every cell of a row.

    A cell is read with its column's name before it (``phone: 13800138000``), since a number alone says less than under
    its heading; hits in the name itself do not count. Under a heading such as ``name`` or ``住址`` the whole cell is a
    name, an address. What `harmwatch anonymize` has put in place of a value (``[NAME]``) counts for nothing. Numbers,
    dates and nested values are scanned as text too: identifiers are often stored as numbers. Of nested values each text
    is read under its own key besides.

    Parameters
    ----------
    columns
        The columns to look at; all when empty.
    """

    def __init__(self, columns: Collection[str] = ()) -> None:
        self._columns = frozenset(columns)
        self._scorer = PiiScorer()
        self._scorer.warm_up()
        self._remembered = lru_cache(maxsize=_REMEMBERED_CELLS)(self._search)

    @property
    def version(self) -> str:
        """Of the scorer."""
        return self._scorer.version

    @property
    def types(self) -> tuple[str, ...]:
        """Every type that is looked for, whatever the data hold."""
        return tuple(sorted(category.removeprefix("pii.").upper() for category in self._scorer.categories))

    def types_by_column(self, row: Row) -> dict[str, frozenset[str]]:
        """Columns whose cell is not empty, with the types in it."""
        found: dict[str, frozenset[str]] = {}
        for column, value in row.items():
            if self._columns and column not in self._columns:
                continue
            text = cell_text(value)
            if text:
                found[column] = self._looked_at(column, text)
            if isinstance(value, list | dict):
                # In JSON the line feed before a number is a letter, and a title that of the column.
                inside = (self._looked_at(leaf.label, leaf.text.strip()) for leaf in leaves(row, column))
                found[column] = found[column].union(*inside)
        return found

    def _looked_at(self, column: str, text: str) -> frozenset[str]:
        search = self._remembered if len(text) <= _REMEMBERED_LENGTH else self._search
        return search(column, text)

    def _search(self, column: str, text: str) -> frozenset[str]:
        scanned = without_tokens(text)
        if scanned is not text and not holds_value(scanned, 0, len(scanned)):
            return _NOTHING
        titled = titled_span(text, column) if scanned is text else None
        if titled is not None:
            return frozenset((titled.type,))
        start = len(column) + 2
        headed = f"{column}: {scanned}"
        spans = self._scorer.score_text(headed).spans
        if not spans:
            return _NOTHING
        thresholds = self._scorer.thresholds
        return frozenset(
            span.category.removeprefix("pii.").upper()
            for span in spans
            if span.start >= start
            and span.score >= thresholds.get(span.category, 0.5)
            and holds_value(headed, span.start, span.end)
        )
