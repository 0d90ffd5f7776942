"""Rows drawn at random: a sample of a table whose length nobody knows yet, and folds of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Reservoir", "stratified_folds"]

_Item = TypeVar("_Item")
_Kept = TypeVar("_Kept")


class Reservoir(Generic[_Kept]):
    """A uniform sample without replacement of items that come one after the other (Vitter, ACM Transactions on
    Mathematical Software 11, 1985, algorithm R).

    Attributes
    ----------
    kept
        The sample, in no order that means anything.
    seen
        How many items it is drawn from.
    most
        How many are kept.
    """

    def __init__(self, most: int, draw: Random) -> None:
        self.kept: list[_Kept] = []
        self.seen = 0
        self.most = most
        self._draw = draw

    def add(self, items: Iterable[_Item], keep: Callable[[_Item], _Kept]) -> None:
        """Take items in; `keep` makes of one that is chosen what is kept of it."""
        kept, most, draw = self.kept, self.most, self._draw.random
        for item in items:
            self.seen += 1
            place = len(kept) if len(kept) < most else int(draw() * self.seen)
            if place < most:
                kept[place : place + 1] = [keep(item)]

    def shrink(self, most: int) -> None:
        """Keep no more than so many from now on. A random part of a random sample is one too."""
        self.most = min(self.most, most)
        if len(self.kept) > self.most:
            self.kept = self._draw.sample(self.kept, self.most)


def stratified_folds(strata: Sequence[Any], count: int, draw: Random) -> NDArray[np.int64]:
    """For each row the fold that it is in, from 0 on: folds of equal size, over which each stratum is spread evenly.

    Parameters
    ----------
    strata
        Of each row, of a kind that can be sorted.
    """
    members: dict[Any, list[int]] = {}
    for row, stratum in enumerate(strata):
        members.setdefault(stratum, []).append(row)
    order = []
    for stratum in sorted(members):
        draw.shuffle(members[stratum])
        order += members[stratum]
    folds = np.empty(len(strata), dtype=np.int64)
    folds[order] = np.arange(len(strata)) % count
    return folds
