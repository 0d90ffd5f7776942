"""Calibration maps fitted to labelled scores: isotonic regression and Platt scaling."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.calibration import IsotonicMap, Map, PlattMap, log_odds

__all__ = ["METHODS", "fit_isotonic", "fit_map", "fit_platt", "pool_adjacent_violators"]

METHODS = ("isotonic", "platt")

_F64: TypeAlias = NDArray[np.float64]

#: Share of the raw score in an isotonic map. Without it a whole range of scores would have one value, and no threshold
#: could be put inside of that range; with it order stays, and the value is off by a thousandth at most.
_TIE_BREAK = 1e-3


def fit_platt(scores: _F64, labels: _F64, weights: _F64) -> tuple[float, float]:
    """Slope and intercept of the calibrated score (Platt 1999), by Newton's method on weighted log loss.

    Steps are halved until the loss falls: from scores that are sure and often wrong full steps lead away for good.
    """
    points = np.stack([scores, np.ones_like(scores)], axis=1)
    start = np.array([1.0, 0.0])
    theta = start
    share = weights / weights.sum()

    def loss(at: _F64) -> float:
        margins = (2.0 * labels - 1.0) * (points @ at)
        return float(share @ np.logaddexp(0.0, -margins)) + 0.5e-4 * float(((at - start) ** 2).sum())

    for _ in range(50):
        probability = 1.0 / (1.0 + np.exp(-np.clip(points @ theta, -40, 40)))
        gradient = points.T @ (share * (probability - labels)) + 1e-4 * (theta - start)
        curvature = (points * (share * probability * (1 - probability))[:, None]).T @ points + 1e-4 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        before = loss(theta)
        for _ in range(40):
            if loss(theta - step) <= before:
                break
            step = step / 2.0
        theta = theta - step
        if float(np.abs(step).max()) < 1e-9:
            break
    # A negative slope would turn the model upside down; it can only come from useless held-aside data.
    return max(float(theta[0]), 0.05), float(theta[1])


def pool_adjacent_violators(values: _F64, weights: _F64) -> _F64:
    """The rising sequence that is nearest to `values` by weighted squares (Ayer et al. 1955), float64 [n]."""
    means: list[float] = []
    masses: list[float] = []
    sizes: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        means.append(value)
        masses.append(weight)
        sizes.append(1)
        while len(means) > 1 and means[-2] > means[-1]:
            mean, mass, size = means.pop(), masses.pop(), sizes.pop()
            joint = masses[-1] + mass
            means[-1] = (means[-1] * masses[-1] + mean * mass) / joint
            masses[-1] = joint
            sizes[-1] += size
    return np.repeat(np.array(means, np.float64), sizes)


def fit_isotonic(scores: _F64, labels: _F64) -> IsotonicMap:
    """Isotonic regression of labels on scores: both ends of each pool become knots, with straight lines between."""
    distinct, group = np.unique(scores, return_inverse=True)
    weights = np.bincount(group).astype(np.float64)
    fitted = pool_adjacent_violators(np.bincount(group, weights=labels) / weights, weights)
    # Inside of a pool nothing changes: its ends say all.
    same_as_before = np.concatenate([[False], fitted[1:] == fitted[:-1]])
    same_as_next = np.concatenate([fitted[1:] == fitted[:-1], [False]])
    ends = ~(same_as_before & same_as_next)
    knots, values = distinct[ends], fitted[ends]
    if knots[0] > 0.0:
        knots, values = np.append(0.0, knots), np.append(values[0], values)
    if knots[-1] < 1.0:
        knots, values = np.append(knots, 1.0), np.append(values, values[-1])
    values = np.clip((1.0 - _TIE_BREAK) * values + _TIE_BREAK * knots, 0.0, 1.0)
    return IsotonicMap(tuple(knots.tolist()), tuple(np.maximum.accumulate(values).tolist()))


def fit_map(method: str, scores: _F64, labels: _F64) -> Map:
    """Fit one of `METHODS` to raw scores in [0, 1] and labels 0 and 1, both float64 [n], both classes there."""
    if method == "isotonic":
        return fit_isotonic(scores, labels)
    slope, intercept = fit_platt(log_odds(scores), labels, np.ones_like(labels))
    return PlattMap(slope, intercept)
