"""Did it grow? A slope over the second half of a run, with its interval, against what is allowed.

The slope is Theil and Sen's: the median of the slopes of all pairs of points, which a few peaks do not move. The points
are medians of runs of samples, since samples that follow each other are alike and would make the interval too narrow.

A measure that *must be flat* passes only when the upper bound of its growth, at 99 %, is within what is allowed: not
having seen growth is not enough. A container that merely *must not grow* fails when the lower bound is beyond it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.stats import theilslopes

__all__ = ["CONFIDENCE", "MUST_BE_FLAT", "Bound", "Finding", "container_bound", "judge"]

CONFIDENCE: Final = 0.99
_MOST_POINTS: Final = 40
_LEAST_POINTS: Final = 10
_MILLION: Final = 1e6


class Bound(NamedTuple):
    """What growth is allowed over the second half of a run.

    Attributes
    ----------
    least
        In the measure's unit, however short the run: what is noise.
    per_million
        More of it for each million events.
    proof
        ``flat``: growth beyond it has to be excluded; ``growth``: growth beyond it has to be shown.
    """

    unit: str
    least: float
    per_million: float
    proof: str = "flat"

    def allowed(self, events: float) -> float:
        """Over so many events."""
        return max(self.least, self.per_million * events / _MILLION)


MUST_BE_FLAT: Final = {
    "rss": Bound("MiB", 16.0, 8.0),
    "python_blocks": Bound("blocks", 60_000.0, 40_000.0),
    "file_descriptors": Bound("", 2.0, 1.0),
    # The loop's pool fills as it is used, up to four and a core's each.
    "threads": Bound("", 6.0, 0.5),
    "tasks": Bound("", 20.0, 2.0),
    "series": Bound("", 150.0, 50.0),
}
"""By measure of the meter. A block of Python's is what an object takes, some 60 bytes."""


SLOWLY_FILLED: Final = {
    "CampaignBook._owners": 20_000.0,
    # Clusters of the soak's configuration times what one holds at most.
    "NearDuplicates._by_band": 80.0 * 256,
    "_Cluster.profile": 80.0 * 160,
    # Numbers that a usual range is learnt from: let go at 500, of each feature of the traffic; some are seldom given.
    "_Feature.values": 13.0 * 500,
}
"""Containers of which a run may see no more than the filling, with what they hold at the most."""


def container_bound(name: str, typical: float) -> Bound:
    """For one of the worker's containers that usually holds so many."""
    if (most := SLOWLY_FILLED.get(name)) is not None:
        return Bound("entries", most - typical, 0.0, "growth")
    return Bound("entries", max(200.0, 0.05 * typical), 0.0, "growth")


class Finding(NamedTuple):
    """What became of one measure, in its unit.

    Attributes
    ----------
    level
        Median over the second half.
    slope, low, high
        Growth for each million events, and its interval.
    growth
        The bound of the growth over the second half that decides.
    """

    name: str
    unit: str
    level: float
    slope: float
    low: float
    high: float
    growth: float
    allowed: float
    grew: bool

    def __str__(self) -> str:
        per_million = f"{self.slope:+,.1f} ({self.low:+,.1f} to {self.high:+,.1f}) {self.unit} a million events"
        return f"{self.name}: {per_million}; {self.growth:+,.1f} over the second half, allowed {self.allowed:,.1f}"


def judge(name: str, events: Sequence[float], values: Sequence[float], bound: Bound) -> Finding:
    """Look at the second half of the events.

    Parameters
    ----------
    events
        Handled so far at each sample, rising.
    values
        The measure then.

    Raises
    ------
    ValueError
        Too few samples for an interval.
    """
    x, y = np.asarray(events, float), np.asarray(values, float)
    late = x >= (x[0] + x[-1]) / 2 if len(x) else np.zeros(0, bool)
    x, y = x[late], y[late]
    points = min(_MOST_POINTS, len(x) // 2)
    if points < _LEAST_POINTS:
        raise ValueError(f"{name}: {len(x)} samples in the second half are too few for an interval")
    span = float(x[-1] - x[0])
    at = np.array([np.median(run) for run in np.array_split(x, points)])
    level = np.array([np.median(run) for run in np.array_split(y, points)])
    if np.ptp(level) == 0.0:
        slope = low = high = 0.0
    else:
        slope, _, low, high = (float(value) for value in theilslopes(level, at, CONFIDENCE))
    growth = (high if bound.proof == "flat" else low) * span
    allowed = bound.allowed(span)
    return Finding(
        name=name,
        unit=bound.unit,
        level=float(np.median(y)),
        slope=slope * _MILLION,
        low=low * _MILLION,
        high=high * _MILLION,
        growth=growth,
        allowed=allowed,
        grew=growth > allowed,
    )
