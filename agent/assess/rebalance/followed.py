"""A random sample of the rows, and what becomes of them."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from typing import Any, Final

from agent.assess.rebalance.method import Applied
from agent.assess.rebalance.strata import Stratum
from agent.assess.sampling import Reservoir
from agent.assess.tables import Batch, Row

__all__ = ["MOST_FOLLOWED", "FollowedRows", "SampledRow"]

MOST_FOLLOWED: Final = 20_000
_MOST_CELLS: Final = 1_000_000
_LONGEST: Final = 64


class SampledRow:
    """A row before and after.

    Attributes
    ----------
    place
        Its stratum.
    before, after
        Cells of features; long texts and nested cells are left out.
    weight
        Copies times weight, after; 0 when it was left out.
    """

    __slots__ = ("after", "before", "number", "place", "weight")

    def __init__(self, number: int, place: Stratum, before: Row) -> None:
        self.number, self.place, self.before = number, place, before
        self.after = before
        self.weight = 1.0


class FollowedRows:
    """A random sample, see `agent.assess.sampling.Reservoir`, of at most `MOST_FOLLOWED` rows.

    Of wide tables fewer: at most a million cells are held.
    """

    def __init__(self, skipped: Collection[str], seed: int) -> None:
        self._skipped = frozenset(skipped)
        self._sample: Reservoir[SampledRow] = Reservoir(MOST_FOLLOWED, random.Random(f"{seed}:sample"))
        self._by_number: dict[int, SampledRow] = {}

    @property
    def rows(self) -> list[SampledRow]:
        """The sample."""
        return self._sample.kept

    def observe(self, batch: Batch, places: Sequence[Stratum]) -> None:
        """Take rows in, whose strata are told."""
        self._sample.shrink(max(1, _MOST_CELLS // max(1, len(batch.columns))))
        self._sample.add(
            enumerate(zip(batch.rows, places, strict=True), batch.first),
            lambda item: SampledRow(item[0], item[1][1], self._features(item[1][0])),
        )

    def note(self, batch: Batch, applied: Applied) -> None:
        """What has become of the rows of a batch that is read again."""
        if not self._by_number:
            self._by_number = {row.number: row for row in self.rows}
        for at in range(len(batch.rows)):
            sampled = self._by_number.get(batch.first + at)
            if sampled is not None:
                sampled.weight = applied.copies[at] * applied.weights[at]
                if applied.rows[at] is not batch.rows[at]:
                    sampled.after = self._features(applied.rows[at])

    def _features(self, row: Row) -> Row:
        return {column: _short(cell) for column, cell in row.items() if column not in self._skipped}


def _short(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell if len(cell) <= _LONGEST else ""
    return None if isinstance(cell, list | dict | bytes) else cell
