"""How much of a table is personal data: P_privacy, by type and by column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from agent.assess.scanning import RowScanner
from agent.assess.tables import Batch
from agent.windows.intervals import wilson, z_value

__all__ = ["Sensitivity", "share_of"]

_CONFIDENCE = 0.95


class Sensitivity:
    """Share of rows with each type of personal data, and with any: the assessment method's P_privacy.

    Intervals are Wilson's, 95 %: how the share of the source may differ that the rows were drawn from, if they were
    drawn independently. They do not cover what the scorer misses or takes for personal data wrongly.
    """

    key = "sensitivity"

    def __init__(self, texts: Collection[str] = ()) -> None:
        self._scanner = RowScanner(texts)
        self._rows = self._affected = 0
        self._by_type: Counter[str] = Counter()
        self._cells: Counter[str] = Counter()
        self._by_column: dict[str, Counter[str]] = {}
        self._affected_by_column: Counter[str] = Counter()

    def observe(self, batch: Batch) -> None:
        for row in batch.rows:
            self._rows += 1
            found: set[str] = set()
            for column, types in self._scanner.types_by_column(row).items():
                self._cells[column] += 1
                if types:
                    found |= types
                    self._affected_by_column[column] += 1
                    self._by_column.setdefault(column, Counter()).update(types)
            if found:
                self._affected += 1
                self._by_type.update(found)

    def figures(self) -> dict[str, Any]:
        return {
            "scorer": f"pii ({self._scanner.version})",
            "rows": self._rows,
            "rows_with_personal_data": self._affected,
            "p_privacy": share_of(self._affected, self._rows),
            "by_type": {
                kind: {"rows": self._by_type[kind], **share_of(self._by_type[kind], self._rows)}
                for kind in self._scanner.types
            },
            "by_column": {
                column: {
                    "cells": cells,
                    "rows": self._affected_by_column[column],
                    **share_of(self._affected_by_column[column], self._rows),
                    "by_type": dict(sorted(self._by_column.get(column, {}).items())),
                }
                for column, cells in self._cells.items()
            },
        }


def share_of(hits: int, total: int) -> dict[str, Any]:
    """A share and its 95 % interval (Wilson); None of nothing."""
    if total == 0:
        return {"value": None, "interval": [0.0, 1.0]}
    bounds = wilson(hits / total, total, z_value(_CONFIDENCE))
    return {"value": hits / total, "interval": list(bounds)}
