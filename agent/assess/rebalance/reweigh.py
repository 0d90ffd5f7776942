"""Weights that make group and label independent.

Kamiran, F. and Calders, T.: Data preprocessing techniques for classification without discrimination. Knowledge and
Information Systems 33 (2012) 1-33, section 5.2 (reweighing).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.assess.rebalance.method import Applied
from agent.assess.rebalance.strata import Strata, Stratum, sizes
from agent.assess.tables import Batch

__all__ = ["Reweigh", "weights"]


def weights(counts: Mapping[Stratum, int]) -> dict[Stratum, float]:
    """``P(group) P(label) / P(group, label)`` by stratum.

    They sum to the number of rows, over each group to the group's rows, over each label to the label's. Every group
    then has the weighted rate of positive labels that the table has. Promised only where each group has both labels.
    """
    groups, labels = sizes(counts)
    total = sum(counts.values())
    return {place: groups[place.group] * labels[place.positive] / (total * count) for place, count in counts.items()}


class Reweigh:
    """Adds the column of weights; nothing else changes."""

    def __init__(self, strata: Strata, column: str) -> None:
        self.column = column
        self.changed: tuple[str, ...] = ()
        self.floats: tuple[str, ...] = (column,)
        self._weights = weights(strata.counts)

    def apply(self, batch: Batch, places: Sequence[Stratum]) -> Applied:
        found = [self._weights[place] for place in places]
        rows = [{**row, self.column: weight} for row, weight in zip(batch.rows, found, strict=True)]
        return Applied(rows, [1] * len(rows), found)
