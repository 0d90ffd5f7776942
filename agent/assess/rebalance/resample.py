"""Another sample of the rows, in which all groups have the same rate of positive labels.

Kamiran, F. and Calders, T.: Data preprocessing techniques for classification without discrimination. Knowledge and
Information Systems 33 (2012) 1-33, section 5.3: uniform and preferential sampling. Ours differs in one thing: rows
are copied as evenly as the numbers allow, and not drawn with replacement, which adds no chance of its own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from agent.assess.rebalance.method import Applied
from agent.assess.rebalance.ranks import Ranks, Threshold
from agent.assess.rebalance.readings import table_changed
from agent.assess.rebalance.strata import Stratum, sizes
from agent.assess.tables import Batch

__all__ = ["Resample", "Uniform", "preferential", "targets"]


def targets(counts: Mapping[Stratum, int]) -> dict[Stratum, int]:
    """How many rows each stratum is to have.

    Every group keeps its rows and the table its positives; each group's positives are its share of them, rounded so
    that they add up (largest remainders). So rates are equal up to one row in each group.
    """
    groups, labels = sizes(counts)
    total = sum(counts.values())
    exact = {group: divmod(rows * labels[True], total) for group, rows in groups.items()}
    positives = {group: whole for group, (whole, _) in exact.items()}
    left = labels[True] - sum(positives.values())
    for group in sorted(exact, key=lambda group: (-exact[group][1], group))[:left]:
        positives[group] += 1
    return {
        place: positives[place.group] if place.positive else groups[place.group] - positives[place.group]
        for place in counts
    }


class Chooser(Protocol):
    """Says how often a row is written, row after row."""

    def copies(self, place: Stratum) -> int:
        """Of the next row, whose stratum is told."""


class _Draw:
    """So many of the coming rows, each subset equally likely (Knuth, TAOCP 2, 3.4.2, algorithm S)."""

    def __init__(self, wanted: int, coming: int, draw: random.Random) -> None:
        self._wanted, self._coming, self._draw = wanted, coming, draw

    def takes(self) -> bool:
        if not self._coming:
            raise table_changed()
        taken = self._draw.random() * self._coming < self._wanted
        self._coming -= 1
        self._wanted -= taken
        return taken


class Uniform:
    """Every row of a stratum is as likely to be copied or left out as any other."""

    def __init__(self, counts: Mapping[Stratum, int], seed: int) -> None:
        wanted = targets(counts)
        self._base = {place: wanted[place] // count for place, count in counts.items()}
        self._draws = {
            place: _Draw(wanted[place] % count, count, random.Random(f"{seed}:{place.group}:{place.positive}"))
            for place, count in counts.items()
        }

    def copies(self, place: Stratum) -> int:
        return self._base[place] + self._draws[place].takes()


class _Preferential:
    """Copies and leaves out those about whom a model is least sure that their label is right for it."""

    def __init__(
        self,
        base: Mapping[Stratum, int],
        thresholds: Mapping[Stratum, Threshold],
        flipped: Mapping[Stratum, bool],
        closeness: Iterator[float],
        seed: int,
    ) -> None:
        self._base, self._thresholds, self._flipped, self._closeness = base, thresholds, flipped, closeness
        self._draws = {
            place: _Draw(found.ties, found.tied, random.Random(f"{seed}:{place.group}:{place.positive}"))
            for place, found in thresholds.items()
        }

    def copies(self, place: Stratum) -> int:
        key = next(self._closeness, None)
        if key is None:
            raise table_changed()
        if self._flipped[place]:
            key = -key
        bound = self._thresholds[place].key
        return self._base[place] + (key > bound or (key == bound and self._draws[place].takes()))


def preferential(counts: Mapping[Stratum, int], ranks: Ranks, seed: int) -> Chooser:
    """Of a stratum that is to grow, the rows nearest to the border or beyond it are copied; of one that is to shrink,
    the same are left out.

    Parameters
    ----------
    ranks
        Holds for each row how near it is: larger is nearer to the other label.
    """
    wanted = targets(counts)
    # Of a stratum that shrinks the farthest are kept: the same choice with the order turned round.
    flipped = {place: wanted[place] < count for place, count in counts.items()}
    thresholds = ranks.thresholds({place: wanted[place] % count for place, count in counts.items()}, flipped)
    base = {place: wanted[place] // count for place, count in counts.items()}
    return _Preferential(base, thresholds, flipped, iter(ranks), seed)


class Resample:
    """Writes each row as often as a `Chooser` says; copies follow their row, and no cell changes."""

    changed: tuple[str, ...] = ()
    floats: tuple[str, ...] = ()

    def __init__(self, chooser: Chooser) -> None:
        self._chooser = chooser

    def apply(self, batch: Batch, places: Sequence[Stratum]) -> Applied:
        return Applied(batch.rows, [self._chooser.copies(place) for place in places], [1.0] * len(places))
