"""Figures of a ranking: labelled scores in groups of equal score, highest first.

All functions of `positives` and `negatives` take counts of shape [..., groups], so that a thousand resamples of a data
set are figured in one go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.quality.auc_bounds import auc_bounds, placements

__all__ = ["RANKED", "Negatives", "Ranking", "auc", "auc_interval", "ranked_figures"]

RANKED = ("auroc", "average_precision", "recall_at_1pct_fpr")

_F64: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Distinct scores, falling, and how many texts of each class have them. All float64 [groups]."""

    scores: _F64
    positives: _F64
    negatives: _F64

    @classmethod
    def of(cls, labels: NDArray[Any], scores: _F64) -> Ranking:
        """Group scores; `labels` are 1 and 0, both arrays [n]."""
        distinct, group = np.unique(scores, return_inverse=True)
        positive = np.asarray(labels) == 1
        size = len(distinct)
        return cls(
            scores=distinct[::-1],
            positives=np.bincount(group[positive], minlength=size)[::-1].astype(np.float64),
            negatives=np.bincount(group[~positive], minlength=size)[::-1].astype(np.float64),
        )

    @property
    def both_classes(self) -> bool:
        return bool(self.positives.sum() and self.negatives.sum())


def ranked_figures(positives: _F64, negatives: _F64) -> dict[str, _F64]:
    """``auroc``, ``average_precision`` and ``recall_at_1pct_fpr``, each of shape [...]. Both classes must be there.

    Average precision is the mean precision over the positives, each at its own score, without interpolation, as
    scikit-learn defines it. The recall at 1 % false positives is the best of all thresholds that keep to it; 0 where
    none does.
    """
    hits, false = np.cumsum(positives, axis=-1), np.cumsum(negatives, axis=-1)
    total_hits, total_false = hits[..., -1], false[..., -1]
    # Ties count half. A group that no text of a resample is in adds nothing to any of them.
    wins = (negatives * (hits - positives / 2.0)).sum(axis=-1)
    precisions = positives * hits / np.maximum(hits + false, 1.0)
    allowed = false <= 0.01 * total_false[..., None] + 1e-9
    return {
        "auroc": wins / (total_hits * total_false),
        "average_precision": precisions.sum(axis=-1) / total_hits,
        "recall_at_1pct_fpr": np.where(allowed, hits, 0.0).max(axis=-1) / total_hits,
    }


def auc(labels: NDArray[Any], scores: _F64) -> float | None:
    """Area under the ROC curve, ties counted half; None when a class is missing."""
    ranking = Ranking.of(labels, scores)
    if not ranking.both_classes:
        return None
    return float(ranked_figures(ranking.positives, ranking.negatives)["auroc"])


def auc_interval(labels: NDArray[Any], scores: _F64) -> tuple[float, float] | None:
    """95 % interval of the AUC: see `auc_bounds`; None when a class is missing."""
    positive = np.asarray(labels) == 1
    if positive.all() or not positive.any():
        return None
    return auc_bounds(*placements(scores[positive], np.sort(scores[~positive])))


class Negatives:
    """Scores of negatives, sorted once, beside which any number of groups of positives is put.

    Gives what `ranked_figures` gives for the same texts, without sorting the negatives again for each group.
    """

    def __init__(self, scores: _F64) -> None:
        self._sorted = np.sort(scores)

    def __len__(self) -> int:
        return len(self._sorted)

    def auc(self, positives: _F64) -> tuple[float, tuple[float, float]]:
        """Share of pairs in order, ties counted half, and its 95 % interval; `positives` [n], both are there."""
        of_positives, of_negatives = placements(positives, self._sorted)
        return float(of_positives.mean()), auc_bounds(of_positives, of_negatives)

    def recall_at(self, positives: _F64, rate: float = 0.01) -> float:
        """Best recall of any threshold that at most `rate` of the negatives reach."""
        reaching = len(self._sorted) - np.searchsorted(self._sorted, positives, "left")
        return float((reaching <= rate * len(self._sorted) + 1e-9).mean())
