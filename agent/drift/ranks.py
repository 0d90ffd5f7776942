"""Ranks of a stream's values among all that came before: uniform and independent whatever the distribution is."""

from __future__ import annotations

from bisect import bisect_left
from random import Random

from agent.drift.reference import NumberReference

__all__ = ["SequentialRanks"]

_GROUP = 16


class SequentialRanks:
    """Turns values into numbers in [0, 1) that are independent and uniform as long as nothing drifts.

    The rank of a value among the reference and everything since is uniform when all of them are exchangeable, and
    independent of the ranks before (Bhattacharya and Frierson, Annals of Statistics 9, 1981, build a chart on them).
    So thresholds depend neither on the distribution nor on the size of the reference. With a fixed reference its
    sampling error would be felt for ever, by false alarms that are more frequent than was asked for. Within a bin,
    and among equal values, the rank is drawn at random.

    The price: the reference takes in the stream. A change that is too small to be noticed for about as long as
    the reference is old becomes part of it.

    Parameters
    ----------
    learning
        Take in the stream. Without it the reference stays what it was, and uniformity holds only on average over
        references.
    """

    __slots__ = ("_counts", "_draw", "_edges", "_groups", "_seed", "_total", "frozen", "learning")

    def __init__(self, reference: NumberReference, *, seed: int = 0, learning: bool = True) -> None:
        self._edges = list(reference.edges)
        self._counts = list(reference.counts)
        self._total = sum(self._counts)
        self._seed = seed
        self._draw = Random(seed)
        self.learning = learning
        #: Observations still to come that are not taken in; set after a report of drift.
        self.frozen = 0
        self._regroup()

    def _regroup(self) -> None:
        # Counts below a bin are a sum over whole groups and a piece of one: cheaper than a tree for 256 bins.
        self._groups = [sum(self._counts[at : at + _GROUP]) for at in range(0, len(self._counts), _GROUP)]

    def place(self, value: float) -> float:
        """The relative rank of a value, which must not be NaN; the value is taken in."""
        index = bisect_left(self._edges, value)
        group = index // _GROUP
        counts = self._counts
        below = sum(self._groups[:group]) + sum(counts[group * _GROUP : index])
        rank = (below + self._draw.random() * (counts[index] + 1)) / (self._total + 1)
        if self.frozen:
            self.frozen -= 1
        elif self.learning:
            counts[index] += 1
            self._groups[group] += 1
            self._total += 1
        return rank
