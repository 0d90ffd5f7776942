"""Figures of labelled texts (docs/quality.md): one label, one score. A figure that the data cannot give is None."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agent.quality.bootstrap import CONFIDENCE, FEWEST, Bootstrap, Bounds, percentiles
from agent.quality.measure import Judged
from agent.quality.ranking import RANKED, Ranking, auc_interval, ranked_figures
from agent.windows.intervals import wilson, z_value

__all__ = ["common_threshold", "share_interval", "text_figures"]

_Z = z_value(CONFIDENCE)
_FEW = 200
"""Texts of a class below which resamples vary less than new texts would: of ten beside a hundred with an AUC of 0.98
their middle 95 % hold it in 72 cases of a hundred."""


def common_threshold(thresholds: Mapping[str, float]) -> float | None:
    """The one threshold of all categories; None when they differ."""
    distinct = set(thresholds.values())
    return distinct.pop() if len(distinct) == 1 else None


def share_interval(hits: int, count: int) -> Bounds | None:
    """Wilson's 95 % interval of a share; None of nothing."""
    return list(wilson(hits / count, count, _Z)) if count else None


def text_figures(judged: Judged, threshold: float | None, bootstrap: Bootstrap) -> dict[str, Any]:
    """Every figure of the contract, and under ``intervals`` the 95 % interval of each.

    Precision and F1 need both classes: with one alone they only say which class it is. Intervals of recall and FPR are
    Wilson's, since resamples of few errors vary less than new texts would; the others are stratified bootstrap
    percentiles, of the AUC with few texts widened to what `auc_interval` says, which it has alone where it is 0 or 1.
    Where resampling cannot tell (a precision of 0 or 1, a class of fewer than `FEWEST` texts) precision has Wilson's
    interval, and the other figures None.
    """
    positive, flagged = judged.labels == 1, judged.flagged
    positives, negatives = int(positive.sum()), int((~positive).sum())
    hits, false = int((flagged & positive).sum()), int((flagged & ~positive).sum())
    ranking = Ranking.of(judged.labels, judged.scores)
    both = ranking.both_classes
    figures: dict[str, Any] = {"n": len(judged.rows), "positives": positives}
    ranked = ranked_figures(ranking.positives, ranking.negatives) if both else {}
    figures |= {name: float(ranked[name]) if both else None for name in RANKED}
    figures["threshold"] = threshold
    figures["f1"] = 2.0 * hits / (positives + hits + false) if both else None
    figures["precision"] = hits / (hits + false) if both and hits + false else None
    figures["recall"] = hits / positives if positives else None
    figures["fpr"] = false / negatives if negatives else None
    figures["texts_per_second"] = judged.per_second
    intervals: dict[str, Bounds | None] = dict.fromkeys((*RANKED, "f1", "precision", "recall", "fpr"))
    if bootstrap.samples:
        if min(positives, negatives) >= FEWEST:
            intervals.update(bootstrap.ranking(ranking, ranked_figures))
            resampled = intervals["auroc"]
            # Of an area of 0 or 1 resamples are all the same, and what new texts would do is not.
            if figures["auroc"] in (0.0, 1.0) or (resampled and min(positives, negatives) < _FEW):
                closed = auc_interval(judged.labels, judged.scores) or (0.0, 1.0)
                low, high = resampled or closed
                intervals["auroc"] = [min(low, closed[0]), max(high, closed[1])]
        intervals.update(_threshold_intervals(figures, hits, false, positives, negatives, bootstrap))
    figures["intervals"] = intervals
    return figures


def _threshold_intervals(
    figures: Mapping[str, Any], hits: int, false: int, positives: int, negatives: int, bootstrap: Bootstrap
) -> dict[str, Bounds | None]:
    found: dict[str, Bounds | None] = {
        "recall": share_interval(hits, positives),
        "fpr": share_interval(false, negatives),
    }
    # Resampled by class, hits and false positives are two independent binomial counts: no need to draw rows.
    some_hits = bootstrap.binomial(hits, positives, salt=1)
    some_false = bootstrap.binomial(false, negatives, salt=2)
    enough = min(positives, negatives) >= FEWEST
    if figures["f1"] is not None and enough:
        found["f1"] = percentiles(2.0 * some_hits / (positives + some_hits + some_false))
    if figures["precision"] is not None:
        drawn = some_hits / np.maximum(some_hits + some_false, 1.0)
        sure = enough and hits and false
        found["precision"] = percentiles(drawn) if sure else share_interval(hits, hits + false)
    return found
