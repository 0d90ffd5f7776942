"""Sliding windows of sequential ranks: Kolmogorov-Smirnov's distance, and the population stability index."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from agent.drift.base import Feed, Reading
from agent.drift.ranks import SequentialRanks
from agent.drift.reference import NumberReference
from agent.drift.thresholds import STATISTICS, Window, threshold_curve
from agent.errors import ConfigError

__all__ = ["KsDetector", "PsiDetector", "SlidingDetector"]

#: How often the window is tested while it is passed once.
_BLOCKS = 8


class SlidingDetector:
    """Compares the ranks in a window that moves by an eighth of itself with the uniform distribution.

    Since ranks are uniform whatever the data are (`SequentialRanks`), the threshold is simulated once for each size of
    window and serves all features, models and groups.

    Parameters
    ----------
    ert
        See `agent.drift.base.Detector`; at least ten windows.
    window
        Observations in the window, a multiple of 8 from 64 on. A change of a share ``d`` of the distribution is
        found when ``window`` is some multiples of ``1 / d**2``.
    """

    name: ClassVar[str]
    feeds: ClassVar[Feed] = "number"
    default_window: ClassVar[int] = 256
    #: Prime for ks: shares of the window never meet shares of the bins, so that the statistic has no coarse steps.
    bins: ClassVar[int]

    def __init__(
        self,
        reference: NumberReference,
        ert: float,
        *,
        window: int = default_window,
        seed: int = 0,
        learning: bool = True,
    ) -> None:
        if window < 64 or window % _BLOCKS:
            raise ConfigError(f"drift: window of {self.name} must be a multiple of {_BLOCKS}, from 64 on")
        if not 10.0 * window <= ert < 1e12:
            raise ConfigError(f"drift: the expected run time of {self.name} must be at least ten windows, below 1e12")
        self._shape = Window(self.bins, window // _BLOCKS, _BLOCKS)
        self._threshold = threshold_curve(self.name, self._shape).threshold(ert)
        self._measure = STATISTICS[self.name]
        self._ranks = SequentialRanks(reference, seed=seed, learning=learning)
        self._observations = self._detections = 0
        self._statistic: float | None = None
        self._restart()

    @classmethod
    def prepare(cls) -> None:
        """See `agent.drift.base.Detector.prepare`."""
        threshold_curve(cls.name, Window(cls.bins, cls.default_window // _BLOCKS, _BLOCKS))

    def _restart(self) -> None:
        self._blocks = np.zeros((_BLOCKS, self.bins), dtype=np.int64)
        self._filled = 0
        self._block = [0] * self.bins
        self._left = self._shape.stride

    def observe(self, value: float) -> bool:
        """See `agent.drift.base.Detector.observe`."""
        if value != value:
            return False
        self._observations += 1
        self._block[int(self._ranks.place(value) * self.bins)] += 1
        self._left -= 1
        return self._left == 0 and self._test()

    def _test(self) -> bool:
        self._blocks[self._filled % _BLOCKS] = self._block
        self._filled += 1
        self._block = [0] * self.bins
        self._left = self._shape.stride
        if self._filled < _BLOCKS:
            return False
        self._statistic = float(self._measure(self._blocks.sum(axis=0)))
        if self._statistic < self._threshold:
            return False
        self._detections += 1
        self._ranks.frozen = 2 * self._shape.size
        self._restart()
        return True

    def reading(self) -> Reading:
        """See `agent.drift.base.Detector.reading`."""
        return Reading(self._statistic, self._threshold, self._observations, self._detections)


class KsDetector(SlidingDetector):
    """Finds changes of any kind: of where the values lie, how far they spread, or of a second peak."""

    name: ClassVar[str] = "ks"
    bins: ClassVar[int] = 61


class PsiDetector(SlidingDetector):
    """The population stability index over ten bins, with a threshold from the run time in place of the usual 0.2."""

    name: ClassVar[str] = "psi"
    bins: ClassVar[int] = 10
