"""Quantiles of a stream of numbers in bounded memory."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

__all__ = ["CAPACITY", "QuantileSketch", "Steps"]

#: Numbers in a level. Up to so many, or twice as many, the sketch is exact.
CAPACITY: Final = 1024


class Steps:
    """A distribution of finitely many values.

    Attributes
    ----------
    values
        Sorted, each once, shape (n,).
    upto
        Share of the numbers up to and with each, in (0, 1], shape (n,); the last is 1.
    """

    def __init__(self, values: Any, weights: Any) -> None:
        order = np.argsort(values, kind="stable")
        self.values, first = np.unique(values[order], return_index=True)
        sums = np.add.reduceat(weights[order].astype(float), first)
        self.upto = np.cumsum(sums) / np.sum(sums)
        self.upto[-1] = 1.0

    def ranks(self, numbers: Any) -> tuple[Any, Any]:
        """Share of the values below each number, and up to and with it; shapes as given."""
        upto = np.concatenate([[0.0], self.upto])
        return (
            upto[np.searchsorted(self.values, numbers, side="left")],
            upto[np.searchsorted(self.values, numbers, side="right")],
        )

    def quantiles(self, shares: Any) -> Any:
        """The least value up to which the share lies, for shares in [0, 1]; shape as given."""
        return self.values[np.minimum(np.searchsorted(self.upto, shares, side="left"), len(self.values) - 1)]


class QuantileSketch:
    """Keeps numbers with weights 1, 2, 4, ..., at most `CAPACITY` of each.

    Of a full level, sorted, every other number goes to the next one; whether the odd or the even ones is drawn (Manku,
    Rajagopalan and Lindsay, SIGMOD 1998, with the random offset of Agarwal et al., PODS 2012). The standard error of a
    rank is about 0.7 / `CAPACITY` of the numbers, none with fewer than `CAPACITY`. Memory: 8 KB a level, and a level
    for each doubling.
    """

    def __init__(self, seed: int) -> None:
        self._draw = np.random.default_rng(seed)
        self._levels: list[list[float]] = [[]]
        self.count = 0

    def add(self, numbers: list[float]) -> None:
        """Take numbers in."""
        self.count += len(numbers)
        self._levels[0].extend(numbers)
        level = 0
        while level < len(self._levels):
            held = self._levels[level]
            if len(held) >= 2 * CAPACITY:
                held.sort()
                kept = [held.pop()] if len(held) % 2 else []
                if level + 1 == len(self._levels):
                    self._levels.append([])
                self._levels[level + 1].extend(held[int(self._draw.integers(2)) :: 2])
                self._levels[level] = kept
            level += 1

    def steps(self) -> Steps:
        """The distribution of what was added; of at least one number."""
        weights = [np.full(len(held), 2.0**level) for level, held in enumerate(self._levels)]
        return Steps(np.concatenate([np.array(held, dtype=float) for held in self._levels]), np.concatenate(weights))
