"""k-anonymity, l-diversity and t-closeness of a table, and what its class sizes mean for re-identification.

A class is all rows with the same values in the quasi-identifiers. k is the size of the smallest class (Samarati and
Sweeney, 1998); l, of a sensitive column, the least number of different values in a class, or exp of the least entropy
(Machanavajjhala et al., TKDD 1, 2007); t the largest distance of a class's distribution of the sensitive column from
that of the table (Li et al., ICDE 2007), here half of the L1 distance: every two values are held to be equally far
apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import exp, log
from typing import Any

from agent.assess.cells import cell_text
from agent.assess.hashed_counts import PairCounts
from agent.assess.hashing import Hasher
from agent.assess.risk import reidentification_risk
from agent.assess.tables import Batch

__all__ = ["Anonymity", "class_size_figures"]

_LIMITS = (2, 5, 10)
_BUCKETS = ((1, 1), (2, 2), (3, 4), (5, 9), (10, 19), (20, 49), (50, 99), (100, None))
_WORST = 5
# Shares of so many values can be held in memory; a column with more is no category.
_MOST_VALUES = 100_000
_DIGITS = 9


class Anonymity:
    """Counts classes exactly, see `PairCounts` for memory. A missing cell is a value like any other.

    Rows are counted, not people: where somebody has several rows, k and l are smaller for people than shown.

    Parameters
    ----------
    quasi
        Quasi-identifiers, at least one.
    sensitive
        Columns whose values must not be learned about a person.
    population
        Rows of the population that the table is a sample of; None when it is all of it.
    """

    key = "anonymity"

    def __init__(self, quasi: Sequence[str], sensitive: Sequence[str] = (), population: int | None = None) -> None:
        self._quasi = tuple(quasi)
        self._sensitive = tuple(sensitive)
        self._population = population
        self._hash = Hasher()
        # Without a sensitive column the classes alone are counted.
        self._counts = {column: PairCounts() for column in self._sensitive or ("",)}

    def observe(self, batch: Batch) -> None:
        for row in batch.rows:
            found = self._hash([cell_text(row.get(column)) for column in self._quasi])
            for column, counts in self._counts.items():
                counts.add(found, self._hash((cell_text(row.get(column)),)) if column else b"")

    def figures(self) -> dict[str, Any]:
        sizes: Counter[int] = Counter()
        diversity: dict[str, Any] = {}
        for place, (column, counts) in enumerate(self._counts.items()):
            found = _Diversity(counts.second_totals(_MOST_VALUES) if column else None)
            for values in counts.by_first():
                size = sum(count for _, count in values)
                if place == 0:
                    sizes[size] += 1
                if column:
                    found.add(values, size)
            if column:
                diversity[column] = found.figures()
        return {
            "quasi_identifiers": list(self._quasi),
            **class_size_figures(sizes),
            "sensitive": diversity,
            "risk": reidentification_risk(sizes, self._population),
        }


def class_size_figures(sizes: Counter[int]) -> dict[str, Any]:
    """k, and how rows are spread over class sizes.

    Parameters
    ----------
    sizes
        Size of a class to how many classes have it; not empty.
    """

    def rows(low: int, high: int | None) -> int:
        return sum(size * count for size, count in sizes.items() if low <= size <= (high or size))

    total = rows(1, None)
    return {
        "rows": total,
        "classes": sizes.total(),
        "k": min(sizes),
        "unique_rows": sizes[1],
        "rows_below": {str(limit): rows(1, limit - 1) / total for limit in _LIMITS},
        "class_sizes": [
            {
                "from": low,
                "to": high,
                "classes": sum(count for size, count in sizes.items() if low <= size <= (high or size)),
                "rows": rows(low, high),
            }
            for low, high in _BUCKETS
        ],
        "smallest_classes": [{"size": size, "classes": sizes[size]} for size in sorted(sizes)[:_WORST]],
    }


class _Diversity:
    """Gathers one sensitive column over all classes."""

    def __init__(self, totals: dict[bytes, int] | None) -> None:
        self._rows = sum(totals.values()) if totals else 0
        self._totals = totals
        self._distinct: int | None = None
        self._entropy = float("inf")
        self._uniform_rows = self._all_rows = 0
        self._distance = self._distance_rows = 0.0

    def add(self, values: Sequence[tuple[bytes, int]], size: int) -> None:
        distinct = len(values)
        self._distinct = distinct if self._distinct is None else min(distinct, self._distinct)
        self._entropy = min(self._entropy, -sum(count / size * log(count / size) for _, count in values))
        self._all_rows += size
        if distinct == 1:
            self._uniform_rows += size
        if self._totals is not None:
            # Values that the class lacks add their share of the table.
            inside = [(count / size, self._totals[value] / self._rows) for value, count in values]
            distance = (sum(abs(p - q) for p, q in inside) + 1.0 - sum(q for _, q in inside)) / 2.0
            self._distance = max(self._distance, distance)
            self._distance_rows += distance * size

    def figures(self) -> dict[str, Any]:
        known = self._totals is not None
        # Classes come in the order of their hashes, which is new with every run, and so are the last digits of sums.
        return {
            "values": len(self._totals) if self._totals is not None else None,
            "distinct_l": self._distinct,
            "entropy_l": round(exp(max(0.0, self._entropy)), _DIGITS),
            "rows_in_uniform_classes": self._uniform_rows / self._all_rows,
            "t": round(self._distance, _DIGITS) if known else None,
            "mean_t": round(self._distance_rows / self._all_rows, _DIGITS) if known else None,
        }
