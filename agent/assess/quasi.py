"""Which columns tell people apart: candidates for quasi-identifiers, by name and by what a sample of rows shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from random import Random
from typing import Any

from agent.assess.cells import cell_text
from agent.assess.quasi_names import kind_by_name
from agent.assess.sampling import Reservoir
from agent.assess.tables import Batch, Row

__all__ = ["QuasiIdentifiers"]

_SAMPLE_ROWS = 2_000
_LEAST_ROWS = 20
# A column in which nearly every row differs is a name or a number of the row: to be removed, not to be generalised.
_IDENTIFIER_SHARE = 0.95
_SEPARATING = 0.9
# Longer cells are texts, which nobody knows of a person by heart.
_LONGEST_CELL = 40


class QuasiIdentifiers:
    """Profiles every column on a random sample of rows.

    The separation of a column is the share of pairs of rows that differ in it (Motwani and Xu, Efficient Algorithms for
    Masking and Finding Quasi-Identifiers, 2007); the distinctness the share of different values among the rows.

    Parameters
    ----------
    used
        The columns that are taken for quasi-identifiers; only reported here.
    ignored
        Columns that cannot be candidates: labels and other sensitive attributes.
    seed
        Of the sample.
    """

    key = "quasi_identifiers"

    def __init__(self, used: Collection[str], ignored: Collection[str] = (), seed: int = 0) -> None:
        self._used = tuple(used)
        self._ignored = frozenset(ignored)
        self._sample: Reservoir[dict[str, str]] = Reservoir(_SAMPLE_ROWS, Random(seed))
        self._columns: dict[str, None] = {}

    def observe(self, batch: Batch) -> None:
        self._columns.update(dict.fromkeys(batch.columns))
        self._sample.add(batch.rows, _short)

    def figures(self) -> dict[str, Any]:
        return {
            "used": list(self._used),
            "sample_rows": len(self._sample.kept),
            "columns": {column: self._profile(column) for column in self._columns},
        }

    def _profile(self, column: str) -> dict[str, Any]:
        values = [row.get(column, "") for row in self._sample.kept]
        counts = Counter(value for value in values if value)
        filled = counts.total()
        distinctness = len(counts) / filled if filled else 0.0
        rows = len(values)
        alike = sum(count * (count - 1) for count in Counter(values).values())
        separation = 1.0 - alike / (rows * (rows - 1)) if rows > 1 else 0.0
        return {
            "kind": kind_by_name(column),
            "distinctness": distinctness,
            "separation": separation,
            "role": self._role(column, counts, distinctness, separation),
        }

    def _role(self, column: str, counts: Counter[str], distinctness: float, separation: float) -> str:
        """``used``, ``candidate`` (looks like one, not used), ``identifier`` (nearly unique by itself) or ``other``."""
        if column in self._used:
            return "used"
        if column in self._ignored or counts.total() < _LEAST_ROWS or max(map(len, counts)) > _LONGEST_CELL:
            return "other"
        if kind_by_name(column):
            return "candidate"
        if distinctness >= _IDENTIFIER_SHARE:
            return "identifier"
        return "candidate" if separation >= _SEPARATING else "other"


def _short(row: Row) -> dict[str, str]:
    return {column: cell_text(value)[: _LONGEST_CELL + 1] for column, value in row.items()}
