"""A detector that is fed every k-th observation, where it cannot promise as long a run as is wanted."""

from __future__ import annotations

from typing import Any

from agent.drift.base import Detector, Feed, Reading

__all__ = ["ThinnedDetector"]


class ThinnedDetector:
    """Has ``every`` times the run time of the detector in it, and its delay. After `agent.drift.base.Detector`.

    Parameters
    ----------
    every
        One of so many is passed on, the last of them.
    """

    def __init__(self, detector: Detector, every: int) -> None:
        self._detector = detector
        self._every = every
        self._left = every

    @property
    def name(self) -> str:
        """The detector's."""
        return self._detector.name

    @property
    def feeds(self) -> Feed:
        """The detector's."""
        return self._detector.feeds

    def observe(self, value: Any) -> bool:
        """See `agent.drift.base.Detector.observe`."""
        self._left -= 1
        if self._left:
            return False
        self._left = self._every
        return self._detector.observe(value)

    def reading(self) -> Reading:
        """See `agent.drift.base.Detector.reading`; of what was passed on."""
        return self._detector.reading()
