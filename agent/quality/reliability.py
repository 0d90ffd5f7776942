"""How far scores are from the shares that they claim: reliability bins, expected calibration error, cross-fitting."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.calibration import CalibrationError
from agent.quality.bootstrap import Bounds
from agent.quality.figures import share_interval
from agent.quality.fitting import fit_map

__all__ = ["BINS", "Bin", "brier", "calibration_error", "cross_fitted", "expected_error", "reliability_bins"]

BINS = 15
FOLDS = 5

_F64: TypeAlias = NDArray[np.float64]


class Bin(NamedTuple):
    """Texts of like score: their mean score, the share of positives among them with its 95 % interval, their number."""

    score: float
    share: float
    interval: Bounds
    n: int


def reliability_bins(labels: NDArray[Any], scores: _F64, bins: int = BINS) -> list[Bin]:
    """Bins of about equal numbers of texts, rising; equal scores are never torn apart, so there may be fewer."""
    if not len(scores):
        return []
    _, group = np.unique(scores, return_inverse=True)
    counts = np.bincount(group)
    # The bin of a group of equal scores is that of its middle text.
    middle = np.cumsum(counts) - (counts + 1) / 2.0
    place = np.minimum((middle * bins / len(scores)).astype(np.int64), bins - 1)[group]
    result: list[Bin] = []
    for number in np.unique(place):
        inside = place == number
        hits, n = int((np.asarray(labels)[inside] == 1).sum()), int(inside.sum())
        result.append(Bin(float(scores[inside].mean()), hits / n, share_interval(hits, n) or [0.0, 1.0], n))
    return result


def expected_error(labels: NDArray[Any], scores: _F64) -> float:
    """Expected calibration error (Naeini et al. 2015): mean distance of score and share, weighted by texts.

    With bins of equal numbers of texts, as few and small bins make it larger than it is: never exactly 0.
    """
    bins = reliability_bins(labels, scores)
    return sum(part.n * abs(part.score - part.share) for part in bins) / len(scores)


def brier(labels: NDArray[Any], scores: _F64) -> float:
    """Mean squared distance of score and label (Brier 1950)."""
    return float(((scores - (np.asarray(labels) == 1)) ** 2).mean())


def cross_fitted(method: str, labels: NDArray[Any], scores: _F64, seed: int, folds: int = FOLDS) -> _F64 | None:
    """Calibrated scores of each text from a map that was fitted without it; None with too few texts of a class."""
    positive = np.asarray(labels) == 1
    if min(int(positive.sum()), int((~positive).sum())) < folds:
        return None
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(scores), np.int64)
    for members in (np.flatnonzero(positive), np.flatnonzero(~positive)):
        fold[rng.permutation(members)] = np.arange(len(members)) % folds
    result = np.zeros(len(scores))
    for number in range(folds):
        inside = fold == number
        result[inside] = fit_map(method, scores[~inside], positive[~inside].astype(np.float64)).apply(scores[inside])
    return result


def calibration_error(labels: NDArray[Any], scores: _F64, calibrated: _F64) -> CalibrationError:
    """Before, and after by cross-fitting; `calibrated` is what `cross_fitted` gave."""
    return CalibrationError(
        ece_before=expected_error(labels, scores),
        ece_after=expected_error(labels, calibrated),
        brier_before=brier(labels, scores),
        brier_after=brier(labels, calibrated),
        folds=FOLDS,
        bins=BINS,
    )
