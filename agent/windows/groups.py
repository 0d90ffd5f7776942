"""What is known of one group of people over a window: shares and means that can be compared with another group's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from agent.windows.base import CONFIDENCE
from agent.windows.intervals import effective_count, wilson, z_value

__all__ = ["DECISION_SLOTS", "SLOTS", "GroupCounts", "GroupRate", "Mean", "Share", "group_rate", "mean_of"]

DECISION_SLOTS: Final = 12
SLOTS: Final = DECISION_SLOTS + 8
"""A group's numbers. For each label class (unknown, unfavourable, favourable), for each decision (unfavourable,
favourable): the sum of weights and of their squares. Then of the scores, and of label minus score where both are known:
the sum of weights, of their squares, of the values, of the squared values."""

_LEAST_VARIANCE: Final = 1e-9
_ROUNDING: Final = 1e-12


class Share(msgspec.Struct, frozen=True, gc=False):
    """``hits`` of ``weight``, with the sum of squared weights."""

    group: str
    hits: float
    weight: float
    squares: float

    @property
    def rate(self) -> float:
        """In [0, 1]."""
        return min(1.0, self.hits / self.weight)

    @property
    def count(self) -> float:
        """Effective number behind it."""
        return effective_count(self.weight, self.squares)


class Mean(msgspec.Struct, frozen=True, gc=False):
    """A mean over ``count`` (effective), with the variance of single values."""

    group: str
    value: float
    variance: float
    count: float


class GroupCounts(msgspec.Struct, frozen=True):
    """One group and its `SLOTS` numbers."""

    group: str
    numbers: Sequence[float]

    def decided(self) -> Share:
        """Favourable decisions of all."""
        n = self.numbers
        return Share(self.group, n[2] + n[6] + n[10], sum(n[0:DECISION_SLOTS:2]), sum(n[1:DECISION_SLOTS:2]))

    def true_positives(self) -> Share:
        """Favourable decisions of those whose label is favourable."""
        n = self.numbers
        return Share(self.group, n[10], n[8] + n[10], n[9] + n[11])

    def false_positives(self) -> Share:
        """Favourable decisions of those whose label is unfavourable."""
        n = self.numbers
        return Share(self.group, n[6], n[4] + n[6], n[5] + n[7])

    def precision(self) -> Share:
        """Favourable labels of those decided favourably whose label is known."""
        n = self.numbers
        return Share(self.group, n[10], n[6] + n[10], n[7] + n[11])

    def scores(self) -> Mean:
        """Of all scores."""
        return mean_of(self.group, self.numbers[DECISION_SLOTS : DECISION_SLOTS + 4])

    def residuals(self) -> Mean:
        """Of label minus score: 0 where scores are calibrated on the whole."""
        return mean_of(self.group, self.numbers[DECISION_SLOTS + 4 :])


class GroupRate(msgspec.Struct, frozen=True, gc=False):
    """A group's rate of favourable decisions, with its own 95 % Wilson interval and effective count."""

    group: str
    rate: float
    lower: float
    upper: float
    count: float


def group_rate(share: Share) -> GroupRate:
    lower, upper = wilson(share.rate, share.count, z_value(CONFIDENCE))
    return GroupRate(share.group, share.rate, lower, upper, share.count)


def mean_of(group: str, numbers: Sequence[float]) -> Mean:
    """From the sums of w, w^2, w x, w x^2; of fewer than two values 0, with hardly any variance."""
    weight, squares, total, total_squares = numbers
    count = effective_count(weight, squares)
    if count <= 1.0:
        return Mean(group, 0.0, _LEAST_VARIANCE, count)
    value = total / weight
    # Of large values nearly all digits of the difference are rounding.
    spread = (total_squares / weight - value * value) * count / (count - 1.0)
    variance = max(_LEAST_VARIANCE, _ROUNDING * value * value, spread)
    return Mean(group, value, variance, count)
