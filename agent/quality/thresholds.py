"""The threshold for a wanted false-positive rate, and how well the data support it."""

from __future__ import annotations

from math import ceil, floor
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.calibration import advised_negatives
from agent.errors import DataError
from agent.quality.bootstrap import Bootstrap, Bounds, percentiles
from agent.quality.figures import share_interval
from agent.quality.ranking import Ranking

__all__ = ["RawThreshold", "least_negatives", "threshold_for"]

_F64: TypeAlias = NDArray[np.float64]


class RawThreshold(NamedTuple):
    """A threshold in raw scores. ``just_below`` is the highest score that stays under it."""

    value: float
    just_below: float
    interval: Bounds
    negatives: int
    false_positives: int
    positives: int
    hits: int

    @property
    def fpr_interval(self) -> Bounds | None:
        return share_interval(self.false_positives, self.negatives)

    @property
    def recall_interval(self) -> Bounds | None:
        return share_interval(self.hits, self.positives)


def least_negatives(target_fpr: float) -> int:
    """Negatives from which a threshold is given: with fewer none can be expected to keep the target. Of so few it rests
    on the highest alone, see `agent.calibration.advised_negatives`."""
    return ceil(1.0 / target_fpr - 1e-9)


def threshold_for(labels: NDArray[Any], scores: _F64, target_fpr: float, bootstrap: Bootstrap) -> RawThreshold:
    """The lowest threshold whose false-positive rate on *new* texts of the same kind is expected to keep the target.

    With N negatives, k = floor(target * (N + 1)) - 1 of them may reach it: a new text beats the (k + 1)-th highest of
    N with probability (k + 1) / (N + 1) at most, whatever the distribution (split conformal prediction; Vovk et al.
    2005). The observed rate lies therefore a little under the target. The threshold is put halfway between that score
    and the next higher one of either class, so that it does not hang on one text's last digits.

    Raises
    ------
    DataError
        When there are too few negatives, or too many of them have the scorer's highest score.
    """
    ranking = Ranking.of(labels, scores)
    negatives = int(ranking.negatives.sum())
    least, advised = least_negatives(target_fpr), advised_negatives(target_fpr)
    if negatives < least:
        raise DataError(
            f"{negatives} texts of label 0 are too few for --target-fpr {target_fpr:g}: label at least {least} "
            f"(1 / target), better {advised} (3 / target), or ask for a higher rate"
        )
    # At least 0: a target of 1 / N is kept when no negative reaches the threshold.
    place = max(floor(target_fpr * (negatives + 1) + 1e-9) - 1, 0)
    above = np.cumsum(ranking.negatives)
    group = int((above > place).argmax())
    if group == 0:
        few = f"; label at least {advised} of them" if negatives < advised else ""
        raise DataError(
            f"{int(above[0])} of {negatives} texts of label 0 have the highest score of all: no threshold keeps "
            f"--target-fpr {target_fpr:g} with this scorer{few}"
        )
    blocked, free = float(ranking.scores[group]), float(ranking.scores[group - 1])
    drawn = bootstrap.order_statistic(ranking, place) if bootstrap.samples else np.zeros(0)
    value = (blocked + free) / 2.0
    interval = percentiles(drawn) or [blocked, free]
    return RawThreshold(
        value=value if blocked < value <= free else free,
        just_below=blocked,
        # Of the score that the threshold has to clear, whose own place between two scores is a choice.
        interval=[min(interval[0], value), max(interval[1], value)],
        negatives=negatives,
        false_positives=int(above[group - 1]),
        positives=int(ranking.positives.sum()),
        hits=int(ranking.positives[:group].sum()),
    )
