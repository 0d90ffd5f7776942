"""A two-sided CUSUM of sequential ranks: the default for numbers. A few operations an observation, no window."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, log
from typing import ClassVar

import numpy as np

from agent.drift.base import Feed, Reading
from agent.drift.ranks import SequentialRanks
from agent.drift.reference import NumberReference
from agent.errors import ConfigError

__all__ = ["CusumDetector", "run_length", "threshold_for"]

#: Small beside the steps of the chart, which are up to a half.
_CELL = 0.04
_MOST_CELLS = 500
_LONGEST_RUN = 1e8
_SMALLEST_SHIFT = 0.1


class CusumDetector:
    """Reports when values have become larger, or smaller, than those of the reference.

    Page's CUSUM (Biometrika 41, 1954), one upwards and one downwards, of the relative rank less one half. Its run time
    is known exactly because the ranks are uniform; see `SequentialRanks`. It sees whether the values move, not whether
    they only spread: that is what ``ks`` is for.

    Parameters
    ----------
    ert
        See `agent.drift.base.Detector`; at least 20.
    smallest_shift
        The change to be found fast, as by how much the chance that a value exceeds one of the reference differs
        from 1/2; in [0.05, 0.5). 0.1 is about a third of a standard deviation of normal values. Twice that is found
        in less than half the time; half of it takes long.
    """

    name: ClassVar[str] = "cusum"
    feeds: ClassVar[Feed] = "number"

    def __init__(
        self,
        reference: NumberReference,
        ert: float,
        *,
        smallest_shift: float = _SMALLEST_SHIFT,
        seed: int = 0,
        learning: bool = True,
    ) -> None:
        if not 0.05 <= smallest_shift < 0.5:
            raise ConfigError("drift: smallest_shift of cusum must be at least 0.05 and below 0.5")
        if not 20.0 <= ert < 1e12:
            raise ConfigError("drift: the expected run time of cusum must be at least 20 observations, below 1e12")
        self._allowance = smallest_shift / 2.0
        self._threshold = threshold_for(float(ert), self._allowance)
        self._ranks = SequentialRanks(reference, seed=seed, learning=learning)
        # Long enough that a drift that lasts is reported again before the reference takes it in.
        self._pause = ceil(4.0 * self._threshold / self._allowance)
        self._up = self._down = 0.0
        self._observations = self._detections = 0

    @classmethod
    def prepare(cls) -> None:
        """See `agent.drift.base.Detector.prepare`."""
        _curve(_SMALLEST_SHIFT / 2.0)

    def observe(self, value: float) -> bool:
        """See `agent.drift.base.Detector.observe`."""
        if value != value:
            return False
        self._observations += 1
        move = self._ranks.place(value) - 0.5
        up = self._up + move - self._allowance
        down = self._down - move - self._allowance
        self._up = up = up if up > 0.0 else 0.0
        self._down = down = down if down > 0.0 else 0.0
        if up < self._threshold and down < self._threshold:
            return False
        self._detections += 1
        self._up = self._down = 0.0
        self._ranks.frozen = self._pause
        return True

    def reading(self) -> Reading:
        """See `agent.drift.base.Detector.reading`."""
        statistic = max(self._up, self._down) if self._observations else None
        return Reading(statistic, self._threshold, self._observations, self._detections)


def run_length(threshold: float, allowance: float) -> float:
    """Mean number of uniform ranks until the two-sided chart passes ``threshold``.

    Brook and Evans, Biometrika 59 (1972): the chart as a Markov chain over cells; the two sides add their rates
    (Kemp, JRSS B 23, 1961).
    """
    cells = min(_MOST_CELLS, max(100, ceil(threshold / _CELL)))
    width = threshold / cells
    # The chart at 0, where it is kept by an atom of probability, then the middle of each cell.
    at = np.concatenate(([0.0], (np.arange(cells) + 0.5) * width))
    low, high = at[:, None] - 0.5 - allowance, at[:, None] + 0.5 - allowance
    edges = np.arange(cells + 1) * width
    within = np.clip(edges[None, :], low, high) - low
    steps = np.empty((cells + 1, cells + 1))
    steps[:, 0] = within[:, 0]
    steps[:, 1:] = np.diff(within, axis=1)
    lengths = np.linalg.solve(np.eye(cells + 1) - steps, np.ones(cells + 1))
    return float(lengths[0]) / 2.0


def threshold_for(ert: float, allowance: float) -> float:
    """The threshold at which `run_length` is ``ert``, at least 20.

    Interpolated, and beyond 1e8, where the chain is nearly singular, extrapolated: in long runs the threshold is linear
    in the logarithm.
    """
    logarithms, thresholds = _curve(allowance)
    wanted = log(ert)
    if wanted > logarithms[-1]:
        late = int(np.searchsorted(logarithms, logarithms[-1] - log(100.0)))
        rise = (thresholds[-1] - thresholds[late]) / (logarithms[-1] - logarithms[late])
        return thresholds[-1] + rise * (wanted - logarithms[-1])
    return float(np.interp(wanted, logarithms, thresholds))


@lru_cache(maxsize=32)
def _curve(allowance: float) -> tuple[list[float], list[float]]:
    """Logarithms of run lengths up to 1e8, and their thresholds."""
    logarithms: list[float] = []
    thresholds: list[float] = []
    threshold = 0.2
    while not logarithms or logarithms[-1] < log(_LONGEST_RUN):
        thresholds.append(threshold)
        logarithms.append(log(run_length(threshold, allowance)))
        threshold += min(0.08 * threshold, 0.5)
    return logarithms, thresholds
