"""Rows as numbers for a linear model: one-hot, standardised, with the missing marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Final

import numpy as np

from agent.assess.cells import cell_text
from agent.assess.rebalance.numbers import number_again
from agent.assess.tables import Row

__all__ = ["Encoder"]

_MOST_LEVELS: Final = 30
_LEAST_ROWS: Final = 5
_MOST_FEATURES: Final = 400


class Encoder:
    """Fitted to some rows, turns any into numbers.

    Numeric columns are standardised, missing cells take the mean and, where there are any, have a feature of their
    own. Of other columns the most common values (30 at most, each in at least 5 rows) have a feature each, so
    identifiers have none. At most 400 features, those of the first columns.

    Attributes
    ----------
    columns
        That gave any feature.
    """

    def __init__(self, rows: Sequence[Row], columns: Sequence[str], numeric: Collection[str]) -> None:
        self._scales: dict[str, tuple[float, float, bool]] = {}
        self._levels: dict[str, list[str]] = {}
        left = _MOST_FEATURES
        for column in columns:
            if column in numeric:
                values = _values(rows, column)
                known = values[np.isfinite(values)]
                if len(known) and np.ptp(known) > 0.0 and left > 1:
                    missing = len(known) < len(values)
                    self._scales[column] = (float(np.mean(known)), float(np.std(known)), missing)
                    left -= 1 + missing
            else:
                counts = Counter(cell_text(row.get(column)) for row in rows)
                levels = [name for name, count in counts.most_common(min(_MOST_LEVELS, left)) if count >= _LEAST_ROWS]
                if levels and len(counts) > 1:
                    self._levels[column] = levels
                    left -= len(levels)
        self.columns = [column for column in columns if column in self._scales or column in self._levels]

    def matrix(self, rows: Sequence[Row]) -> Any:
        """Shape (rows, features), of doubles.

        Raises
        ------
        DataError
            When a cell of a numeric column is no number.
        """
        parts = [np.empty((len(rows), 0))]
        for column, (mean, scale, missing) in self._scales.items():
            values = _values(rows, column)
            unknown = ~np.isfinite(values)
            parts.append(np.where(unknown, 0.0, (values - mean) / scale)[:, None])
            if missing:
                parts.append(unknown.astype(float)[:, None])
        for column, levels in self._levels.items():
            place = {level: at for at, level in enumerate(levels)}
            found = np.array([place.get(cell_text(row.get(column)), -1) for row in rows], dtype=np.int64)
            parts.append((found[:, None] == np.arange(len(levels))).astype(float))
        return np.hstack(parts)


def _values(rows: Sequence[Row], column: str) -> Any:
    found = (number_again(row.get(column)) for row in rows)
    return np.array([np.nan if number is None else number for number in found], dtype=float)
