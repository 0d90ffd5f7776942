"""Shows the detector the agent's fairness windows, one at each step of event time, however quickly they are scored."""

from __future__ import annotations

import math
from typing import Any, Final

from agent.windows.disparity import BiasMeasurement
from agent.windows.engine import Reading, WindowEngine
from streams.demo.detect import IncidentDetector
from streams.demo.table import FairnessStatus

__all__ = ["FairnessSteps", "fairness_of"]

_LONGEST_STEP_SECONDS: Final = 0.5
_STEPS_PER_RUN: Final = 60


class FairnessSteps:
    """Windows that end at steps of event time, each shown once, when all that lies before its end is counted.

    By the wall clock a run of two seconds would be looked at four times, and one that is scored after its end once,
    when the fair stretch behind the disparity is in the window again.

    Parameters
    ----------
    window_seconds
        Which of the agent's windows. A long one holds the fair past as well, and would show the change late.
    start_time, seconds
        The run, in event time.
    """

    def __init__(self, detector: IncidentDetector, window_seconds: float, start_time: float, seconds: float) -> None:
        self._detector = detector
        self._window_seconds = window_seconds
        self._start_time = start_time
        self._step = min(_LONGEST_STEP_SECONDS, seconds / _STEPS_PER_RUN)
        self._steps = math.ceil(seconds / self._step - 1e-6)
        self._taken = 0

    def take(self, windows: WindowEngine, seen_at: float, *, ended: bool = False) -> None:
        """Show what is complete by now; with ``ended``, when everything is counted, what is left of the run."""
        upto = self._steps if ended else self._complete(windows)
        while self._taken < upto:
            self._taken += 1
            event_time = self._start_time + self._taken * self._step
            for reading in windows.each_measurement(event_time):
                if reading.window_seconds == self._window_seconds:
                    for row in fairness_of(reading):
                        self._detector.feed_fairness(row, event_time, seen_at)

    def _complete(self, windows: WindowEngine) -> int:
        """Steps that every partition with events has passed."""
        reached = [mark for partition in windows.partitions if (mark := windows.watermark(partition)) > 0.0]
        passed = min(reached, default=self._start_time) - self._start_time
        return min(self._steps, math.floor(passed / self._step))


def fairness_of(reading: Reading) -> list[FairnessStatus]:
    """The disparities of one model over one window."""
    bias: Any = reading.results.get("bias")
    if not isinstance(bias, BiasMeasurement):
        return []
    return [
        FairnessStatus(
            model=reading.model,
            attribute=attribute.attribute,
            measure=disparity.measure,
            value=disparity.value,
            lower=disparity.lower,
            upper=disparity.upper,
        )
        for attribute in bias.attributes
        for disparity in attribute.disparities
    ]
