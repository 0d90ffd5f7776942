"""Counts behind the report: what was found and done, by column and type. Never a value."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

__all__ = ["ColumnTally", "Tally"]

SAMPLE_ROWS = 1000
"""So many of the first rows say whether a column's cells are single values of one type."""

_FEWEST = 10
_SHARE = 0.9


@dataclass(slots=True)
class ColumnTally:
    """Counts of one column.

    Attributes
    ----------
    cells
        Cells that are not empty.
    cells_with_any
        Of them, those in which something was found.
    found
        Values by type.
    done
        Replacements by type and operator; there are more of them than were found, where a value stands more than once.
    emptied
        Numbers that became null, since the column has to stay one of numbers.
    unverified
        Hashes and pseudonyms that were left as they stood in the data.
    """

    treatment: str
    cells: int = 0
    cells_with_any: int = 0
    found: Counter[str] = field(default_factory=Counter)
    done: Counter[tuple[str, str]] = field(default_factory=Counter)
    emptied: int = 0
    unverified: int = 0
    sampled: int = 0
    single: Counter[str] = field(default_factory=Counter)

    @property
    def looks_like(self) -> str | None:
        """The type of which nine in ten of the first cells are single values; None when there is none."""
        if self.sampled < _FEWEST or not self.single:
            return None
        kind, count = self.single.most_common(1)[0]
        return kind if count >= _SHARE * self.sampled else None

    def as_plain(self) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "treatment": self.treatment,
            "cells": self.cells,
            "cells_with_any": self.cells_with_any,
            "found": dict(sorted(self.found.items())),
            "done": _nested(self.done),
        }
        if self.looks_like is not None:
            plain["looks_like"] = self.looks_like
        if self.emptied:
            plain["emptied"] = self.emptied
        if self.unverified:
            plain["unverified"] = self.unverified
        return plain


@dataclass(slots=True)
class Tally:
    """Counts of the data set."""

    rows: int = 0
    rows_with_any: int = 0
    columns: dict[str, ColumnTally] = field(default_factory=dict)
    names_with_any: set[str] = field(default_factory=set)

    def column(self, name: str, treatment: str) -> ColumnTally:
        found = self.columns.get(name)
        if found is None:
            found = self.columns[name] = ColumnTally(treatment)
        return found

    def by_type(self) -> dict[str, dict[str, Any]]:
        """By type, how many were found and what was done."""
        found: Counter[str] = Counter()
        done: Counter[tuple[str, str]] = Counter()
        for column in self.columns.values():
            found.update(column.found)
            done.update(column.done)
        kinds = sorted({*found, *(kind for kind, _ in done)})
        nested = _nested(done)
        return {kind: {"found": found[kind], "done": nested.get(kind, {})} for kind in kinds}


def _nested(done: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (kind, operator), count in sorted(done.items()):
        nested.setdefault(kind, {})[operator] = count
    return nested
