"""Figures of a model on labelled rows, by source and by language."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.models.dataset import Row
from agent.quality.ranking import auc, auc_interval

__all__ = ["figures", "group_figures"]


def figures(labels: NDArray[Any], scores: NDArray[np.float64], threshold: float) -> dict[str, Any]:
    """Counts, AUC with its 95 % interval, recall and false-positive rate at `threshold`; null where undefined."""
    positive, negative = labels == 1, labels == 0
    area, interval = auc(labels, scores), auc_interval(labels, scores)
    flagged = scores >= threshold
    return {
        "n": len(labels),
        "positives": int(positive.sum()),
        "auc": None if area is None else round(area, 4),
        "interval": None if interval is None else [round(interval[0], 4), round(interval[1], 4)],
        "recall": round(float(flagged[positive].mean()), 4) if positive.any() else None,
        "fpr": round(float(flagged[negative].mean()), 4) if negative.any() else None,
    }


def group_figures(rows: list[Row], scores: NDArray[np.float64], threshold: float) -> dict[str, Any]:
    """`figures` of all rows, of each source and of each language."""
    labels = np.array([row.label for row in rows])
    result: dict[str, Any] = {"all": figures(labels, scores, threshold)}
    for key, names in (
        ("by_source", np.array([row.group for row in rows])),
        ("by_lang", np.array([row.lang for row in rows])),
    ):
        result[key] = {
            str(name): figures(labels[names == name], scores[names == name], threshold) for name in np.unique(names)
        }
    return result
