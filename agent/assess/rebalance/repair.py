"""Numeric features whose distribution tells no longer which group a row is of.

Feldman, Friedler, Moeller, Scheidegger, Venkatasubramanian: Certifying and removing disparate impact. KDD 2015,
section 5 (the median distribution; geometric repair).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from agent.assess.rebalance.method import Applied
from agent.assess.rebalance.numbers import like_cell, number_again, number_in
from agent.assess.rebalance.quantiles import QuantileSketch, Steps
from agent.assess.rebalance.strata import Stratum
from agent.assess.tables import Batch
from agent.errors import DataError

__all__ = ["LEAST_IN_TARGET", "Distributions", "Repair", "largest_distance"]

#: Smaller groups are repaired too, but have no say in what the others are repaired to.
LEAST_IN_TARGET: Final = 10
_MOST_SKETCHES: Final = 2000


class Distributions:
    """Sketches of each numeric column, by group. A column with a cell that is no number is let go.

    Parameters
    ----------
    skipped
        Columns that are not looked at.
    sketched
        Whether to keep sketches, or only to find out which columns are numeric.
    """

    def __init__(self, skipped: Sequence[str], *, sketched: bool) -> None:
        self._skipped, self._sketched = frozenset(skipped), sketched
        self._other: set[str] = set()
        self._sketches: dict[str, dict[int, QuantileSketch]] = {}

    @property
    def numeric(self) -> list[str]:
        """Columns whose filled cells are all numbers, and that have any."""
        return list(self._sketches)

    def observe(self, batch: Batch, places: Sequence[Stratum]) -> None:
        """Take rows in, whose strata are told.

        Raises
        ------
        DataError
            When columns times groups are more than fit into memory.
        """
        for column in batch.columns:
            if column in self._skipped or column in self._other:
                continue
            by_group: dict[int, list[float]] = defaultdict(list)
            try:
                for row, place in zip(batch.rows, places, strict=True):
                    number = number_in(row.get(column))
                    if number is not None:
                        by_group[place.group].append(number)
            except ValueError:
                self._other.add(column)
                self._sketches.pop(column, None)
                continue
            if by_group:
                self._add(column, by_group)

    def _add(self, column: str, by_group: Mapping[int, list[float]]) -> None:
        sketches = self._sketches.setdefault(column, {})
        if not self._sketched:
            return
        for group, numbers in by_group.items():
            if group not in sketches:
                sketches[group] = QuantileSketch(group)
            sketches[group].add(numbers)
        if sum(map(len, self._sketches.values())) > _MOST_SKETCHES:
            raise DataError(
                f"more than {_MOST_SKETCHES} distributions (numeric columns times groups); combine small groups, or "
                "leave columns out with --id"
            )

    def of(self, column: str) -> dict[int, QuantileSketch]:
        """By group; groups without a number are not there."""
        return self._sketches[column]


class _Column:
    """One column's repair: ranks of each group, and the median distribution."""

    def __init__(self, sketches: Mapping[int, QuantileSketch]) -> None:
        self.steps = {group: sketch.steps() for group, sketch in sketches.items()}
        large = [self.steps[group] for group, sketch in sketches.items() if sketch.count >= LEAST_IN_TARGET]
        self.target = large or list(self.steps.values())

    def moved(self, group: int, numbers: Any, draws: Any) -> Any:
        """Each number's counterpart in the median distribution.

        A value that many rows share is a range of ranks, of which each row takes one by its draw in [0, 1): otherwise
        a value of few whole numbers would go to one place in one group and to another in the next, and tell
        them apart as before.
        """
        below, upto = self.steps[group].ranks(numbers)
        shares = upto - draws * (upto - below)
        return np.median([steps.quantiles(shares) for steps in self.target], axis=0)


class Repair:
    """Moves every number of the columns towards the median over the groups of the quantiles of its rank.

    ``(1 - level) x + level median_h Q_h(F_g(x))``. Within a group no two rows change places, though they may become
    equal. At level 1 the groups' distributions are equal up to the error of the sketches. Missing cells stay missing.
    The rows' labels, other columns, and relations between columns (a combination of them may still tell the group)
    do not change.
    """

    def __init__(self, distributions: Distributions, columns: Sequence[str], level: float, seed: int) -> None:
        self.columns = tuple(columns) if level else ()
        self.changed = self.floats = self.columns
        self._level, self._seed = level, seed
        self._repairs = {column: _Column(distributions.of(column)) for column in self.columns}

    def apply(self, batch: Batch, places: Sequence[Stratum]) -> Applied:
        rows = [dict(row) for row in batch.rows]
        for number, column in enumerate(self.columns):
            draws = np.random.default_rng((self._seed, batch.first, number)).random(len(rows))
            members: dict[int, list[int]] = defaultdict(list)
            found = [number_again(row.get(column)) for row in rows]
            for place, (stratum, value) in enumerate(zip(places, found, strict=True)):
                if value is not None:
                    members[stratum.group].append(place)
            for group, where in members.items():
                before = np.array([found[place] for place in where], dtype=float)
                moved = self._repairs[column].moved(group, before, draws[where])
                after = moved if self._level == 1.0 else (1.0 - self._level) * before + self._level * moved
                for place, value in zip(where, after.tolist(), strict=True):
                    rows[place][column] = like_cell(value, rows[place][column])
        return Applied(rows, [1] * len(rows), [1.0] * len(rows))


def largest_distance(sketches: Mapping[int, QuantileSketch]) -> float:
    """Kolmogorov's distance between the two groups that differ most, of those with `LEAST_IN_TARGET` numbers."""
    steps: list[Steps] = [sketch.steps() for sketch in sketches.values() if sketch.count >= LEAST_IN_TARGET]
    if len(steps) < 2:
        return 0.0
    points = np.unique(np.concatenate([part.values for part in steps]))
    heights = np.array([part.ranks(points)[1] for part in steps])
    return float(np.max(np.max(heights, axis=0) - np.min(heights, axis=0)))
