"""The 95 % interval of an area under the ROC curve, in closed form, for any numbers of the two classes.

Placements are what the area is the mean of: of a positive the share of negatives below it, of a negative the share of
positives above it, ties counted half.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.windows.intervals import z_value

__all__ = ["auc_bounds", "placements"]

_F64: TypeAlias = NDArray[np.float64]
_Z = z_value(0.95)


def placements(positives: _F64, negatives: _F64) -> tuple[_F64, _F64]:
    """Of each positive [n] and of each negative [m]; `negatives` are sorted, in rising order, and `positives` any."""
    rising = np.sort(positives)
    below = np.searchsorted(negatives, positives, "left") + np.searchsorted(negatives, positives, "right")
    upto = np.searchsorted(rising, negatives, "left") + np.searchsorted(rising, negatives, "right")
    return below / (2.0 * len(negatives)), 1.0 - upto / (2.0 * len(positives))


def auc_bounds(of_positives: _F64, of_negatives: _F64) -> tuple[float, float]:
    """As wide as the wider of two, which fail where the other holds.

    - All areas that the one seen would not contradict (Newcombe, Statistics in Medicine 25, 2006), with the variance of
      Hanley and McNeil (1982), and the larger of the two that it has: it supposes which class is spread more. Of 500
      positives beside 20 negatives with an area of 0.98, the usual one holds 72 % in place of 95.
    - That of the variance between placements (DeLong 1988) on the scale of log odds, for classes whose spreads differ
      more than any of these supposes. Of 8 positives of wide spread, beside 500 negatives, the first holds 90 %.

    Together 94 to 100 % in simulations of 8 to 500 texts a class and areas from 0.7 to 0.98.

    Parameters
    ----------
    of_positives, of_negatives
        Placements, [n] and [m], at least one each.
    """
    area, positives, negatives = float(of_positives.mean()), len(of_positives), len(of_negatives)

    def contradicts(other: float) -> bool:
        first, second = other / (2 - other) - other**2, 2 * other * other / (1 + other) - other**2
        more, fewer = max(positives, negatives) - 1, min(positives, negatives) - 1
        spread = other * (1 - other) + max(first, second) * more + min(first, second) * fewer
        return abs(area - other) > _Z * float(np.sqrt(max(spread, 0.0) / (positives * negatives)))

    low, high = _last_within(area, 0.0, contradicts), _last_within(area, 1.0, contradicts)
    if 0.0 < area < 1.0 and min(positives, negatives) > 1:
        variance = float(of_positives.var(ddof=1)) / positives + float(of_negatives.var(ddof=1)) / negatives
        reach = _Z * float(np.sqrt(variance)) / (area * (1.0 - area))
        odds = float(np.log(area / (1.0 - area)))
        low, high = min(low, _share(odds - reach)), max(high, _share(odds + reach))
    return low, high


def _share(log_odds: float) -> float:
    return float(np.exp(-np.logaddexp(0.0, -log_odds)))


def _last_within(inside: float, outside: float, contradicts: Callable[[float], bool]) -> float:
    for _ in range(50):
        middle = (inside + outside) / 2.0
        inside, outside = (inside, middle) if contradicts(middle) else (middle, outside)
    return inside
