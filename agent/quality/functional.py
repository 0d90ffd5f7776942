"""Functional breakdown, after HateCheck (Röttger et al., ACL 2021): each functionality is right or wrong as a whole.

A functionality whose texts are all of one class has one figure: the recall where all are positive, the specificity
(1 - false-positive rate) where none is. Mixed ones have none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agent.quality.figures import share_interval
from agent.quality.measure import Judged

__all__ = ["functional_figures"]


def functional_figures(judged: Judged) -> dict[str, dict[str, Any]]:
    """By functionality (the field ``functionality``, else ``category``): ``expected``, ``figure``, ``value``, ``n``.

    ``interval`` is Wilson's, 95 %: functionalities have few texts, and shares near 0 and 1. Texts of a functionality
    are often made from a few templates, which makes the true uncertainty larger.
    """
    names = [row.functionality or row.category for row in judged.rows]
    result: dict[str, dict[str, Any]] = {}
    for name in sorted({name for name in names if name}):
        chosen = np.array([other == name for other in names], bool)
        labels, flagged = judged.labels[chosen], judged.flagged[chosen]
        if len(set(labels.tolist())) != 1:
            continue
        positive = bool(labels[0])
        right = int((flagged == positive).sum())
        result[name] = {
            "expected": "positive" if positive else "negative",
            "figure": "recall" if positive else "specificity",
            "value": right / len(labels),
            "interval": share_interval(right, len(labels)),
            "n": len(labels),
        }
    return result
