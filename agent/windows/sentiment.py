"""How positively a model's outputs speak of the groups of people whom they mention.

As in `agent.windows.identity`: a text that names exactly one group of an axis gives its sentiment to that group, which
is compared with the texts of all others of its axis taken together. Told are each group's mean, and the *sentiment
gap*: the mean of the others less its own, so that above 0 the group is spoken of less kindly, with Welch's interval by
Holm's steps (see `agent.windows.gaps`). Means have intervals that hold together for all groups told (Bonferroni).

A measure and no harm: nothing here enters P or H.

Sums are of numbers rounded to 2^-30, so that they are exact for some millions of texts, and do not depend on the order
in which partitions and workers add them up; a mean moves by at most 5e-10.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import add
from typing import Final, TypeAlias

import msgspec

from agent.errors import StateError
from agent.identity import AXES
from agent.windows.base import CONFIDENCE, FinishContext, Observation
from agent.windows.fixed_point import fixed
from agent.windows.gaps import KEYS, KNOWN, IdentityGap, holm_intervals, others_of
from agent.windows.groups import Mean, mean_of
from agent.windows.intervals import Interval, gap_of_means, welch, z_value

__all__ = ["GroupSentiment", "SentimentAggregator", "SentimentMeasurement"]

SentimentState: TypeAlias = dict[str, list[float]]
"""By ``"axis group"``: the sums of w, w^2, w s, w s^2 over texts of sentiment s."""

_SLOTS: Final = 4
#: Of a mean alone, as `welch` wants the other sample: known exactly.
_EXACT: Final = (0.0, 2.0)


class GroupSentiment(msgspec.Struct, frozen=True, gc=False):
    """The mean sentiment of texts that mention a group, in [-1, 1], with its interval and effective count."""

    axis: str
    group: str
    value: float
    lower: float
    upper: float
    count: float


class SentimentMeasurement(msgspec.Struct, frozen=True):
    """Of one model over one window, from the minimum count on, in the order of the lexicon."""

    means: tuple[GroupSentiment, ...]
    gaps: tuple[IdentityGap, ...]


class SentimentAggregator:
    """Sentiment by group mentioned.

    Parameters
    ----------
    min_group
        Effective number of texts about a group from which its mean is told, and about it and about the others of its
        axis from which they are compared.
    """

    name = "sentiment"
    version = 1

    def __init__(self, min_group: int = 30) -> None:
        self._min_group = max(2, min_group)

    def empty(self) -> SentimentState:
        return {}

    def add(self, state: SentimentState, observation: Observation) -> None:
        for mention in observation.mentions:
            sentiment = mention.sentiment
            key = KEYS.get((mention.axis, mention.group))
            if key is None or sentiment is None or not mention.alone or not -1.0 <= sentiment <= 1.0:
                continue
            weight = observation.weight
            numbers = state.get(key)
            if numbers is None:
                numbers = state[key] = [0.0] * _SLOTS
            numbers[0] += weight
            numbers[1] += weight * weight
            numbers[2] += weight * fixed(sentiment)
            numbers[3] += weight * fixed(sentiment * sentiment)

    def merge(self, into: SentimentState, other: SentimentState) -> None:
        for key, numbers in other.items():
            if len(numbers) != _SLOTS:
                raise StateError("a sentiment state has the wrong number of sums")
            # Of a lexicon that named other groups: they cannot become labels any more.
            if key in KNOWN:
                into[key] = list(map(add, into.get(key, [0.0] * _SLOTS), numbers))

    def finish(self, state: SentimentState, context: FinishContext) -> SentimentMeasurement:
        return SentimentMeasurement(self._means(state), self._gaps(state))

    def _means(self, state: SentimentState) -> tuple[GroupSentiment, ...]:
        told = [
            (axis, mean)
            for (axis, group), key in KEYS.items()
            if key in state and (mean := mean_of(group, state[key])).count >= self._min_group
        ]
        z = z_value(CONFIDENCE, max(1, len(told)))
        return tuple(
            GroupSentiment(axis, mean.group, mean.value, *_within(1.0, _mean_interval(mean, z)), mean.count)
            for axis, mean in told
        )

    def _gaps(self, state: SentimentState) -> tuple[IdentityGap, ...]:
        pairs = [
            (axis, own, others)
            for axis in AXES
            for group, numbers, rest in others_of(axis, state)
            if min((own := mean_of(group, numbers)).count, (others := mean_of(group, rest)).count) >= self._min_group
        ]

        def compare(place: int, z: float) -> tuple[float, Interval]:
            _, own, others = pairs[place]
            value = others.value - own.value
            interval = gap_of_means(value, (others.variance, others.count), (own.variance, own.count), z)
            return value, _within(2.0, interval)

        return tuple(
            IdentityGap(axis, own.group, "sentiment_gap", value, low, high, own.count, others.count)
            for (axis, own, others), (value, (low, high)) in zip(
                pairs, holm_intervals(len(pairs), compare), strict=True
            )
        )


def _mean_interval(mean: Mean, z: float) -> Interval:
    """Student's, of the sample with one more text at the end of the scale, on either side.

    Most texts are neutral, and those that are not make all of the variance: a sample that happens to hold none of them
    would pass for one whose mean is known exactly, and one with two or three for too exact. Of thirty texts of which
    one in twenty is unkind Student's interval alone leaves the mean out in a fifth of all windows.
    """
    return Interval(_with_one_more(mean, -1.0, z).lower, _with_one_more(mean, 1.0, z).upper)


def _with_one_more(mean: Mean, value: float, z: float) -> Interval:
    count = mean.count + 1.0
    moved = mean.value + (value - mean.value) / count
    variance = (mean.variance * (mean.count - 1.0) + (value - mean.value) ** 2 * mean.count / count) / mean.count
    return welch(moved, (variance, count), _EXACT, z)


def _within(most: float, interval: Sequence[float]) -> Interval:
    return Interval(max(-most, interval[0]), min(most, interval[1]))
