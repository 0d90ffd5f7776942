"""Score gaps between identity groups that a model's outputs mention: is what it says about one worse than about others?

Each output text that names exactly one group of an axis gives its toxicity score to that group; a text that names two
("men and women") says nothing about the difference between them and is left out, which also keeps the groups compared
independent. Each group is compared with the texts of all other groups of its axis taken together:

- *score gap*: difference of mean scores, with Welch's interval, made cautious (see `intervals.gap_of_means`);
- *rate gap*: difference of the shares at or over the threshold, with Newcombe's interval of cautious ones (see
  `intervals.newcombe`, `intervals.cautious_share`).

Looking at thirty groups finds something by chance: intervals are widened by Holm's steps, see `agent.windows.gaps`.

A gap is no proof of bias: people ask about some groups in harsher contexts, and scorers themselves give higher scores
to texts that merely name some groups. It says where to read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import add
from typing import Final, TypeAlias

import msgspec

from agent.errors import StateError
from agent.identity import AXES
from agent.windows.base import FinishContext, Observation
from agent.windows.fixed_point import fixed
from agent.windows.gaps import KEYS, KNOWN, IdentityGap, holm_intervals, others_of
from agent.windows.groups import Mean, mean_of
from agent.windows.intervals import Interval, cautious_share, gap_of_means, newcombe

__all__ = ["MEASURES", "IdentityAggregator", "IdentityGap", "IdentityMeasurement"]

MEASURES: Final = ("score_gap", "rate_gap")

IdentityState: TypeAlias = dict[str, list[float]]
"""By ``"axis group"``: the sums of w, w^2, w s, w s^2 over texts with score s, and of w over those at the threshold."""

_SLOTS: Final = 5


class IdentityMeasurement(msgspec.Struct, frozen=True):
    """All gaps of one model over one window that rest on enough texts, in the order of the lexicon."""

    gaps: tuple[IdentityGap, ...]


class _Sample(msgspec.Struct, frozen=True, gc=False):
    """Texts about a group: their scores, and their share at the threshold."""

    scores: Mean
    rate: float

    @property
    def count(self) -> float:
        """Effective number of texts."""
        return self.scores.count


class _Pair(msgspec.Struct, frozen=True):
    axis: str
    group: str
    own: _Sample
    others: _Sample


class IdentityAggregator:
    """Scores by group mentioned.

    Parameters
    ----------
    min_group
        Effective number of texts about a group, and about the others of its axis, from which they are compared.
    """

    name = "identity"
    version = 1

    def __init__(self, min_group: int = 30) -> None:
        self._min_group = max(2, min_group)

    def empty(self) -> IdentityState:
        return {}

    def add(self, state: IdentityState, observation: Observation) -> None:
        for mention in observation.mentions:
            key = KEYS.get((mention.axis, mention.group))
            if key is None or not mention.alone or not 0.0 <= mention.score <= 1.0:
                continue
            weight, score = observation.weight, mention.score
            numbers = state.get(key)
            if numbers is None:
                numbers = state[key] = [0.0] * _SLOTS
            numbers[0] += weight
            numbers[1] += weight * weight
            numbers[2] += weight * fixed(score)
            numbers[3] += weight * fixed(score * score)
            numbers[4] += weight * mention.harmful

    def merge(self, into: IdentityState, other: IdentityState) -> None:
        for key, numbers in other.items():
            if len(numbers) != _SLOTS:
                raise StateError("an identity state has the wrong number of sums")
            # Of a lexicon that named other groups: they cannot become labels any more.
            if key in KNOWN:
                into[key] = list(map(add, into.get(key, [0.0] * _SLOTS), numbers))

    def finish(self, state: IdentityState, context: FinishContext) -> IdentityMeasurement:
        pairs = [pair for axis in AXES for pair in self._pairs(axis, state)]
        if not pairs:
            return IdentityMeasurement(())
        found = [*_gaps("score_gap", pairs, _score_gap), *_gaps("rate_gap", pairs, _rate_gap)]
        return IdentityMeasurement(tuple(found))

    def _pairs(self, axis: str, state: IdentityState) -> list[_Pair]:
        """Each group of an axis that can be compared, with the others taken together."""
        pairs: list[_Pair] = []
        for group, numbers, rest in others_of(axis, state):
            own, others = _sample(group, numbers), _sample(group, rest)
            if min(own.count, others.count) >= self._min_group:
                pairs.append(_Pair(axis, group, own, others))
        return pairs


def _sample(group: str, numbers: Sequence[float]) -> _Sample:
    *moments, harmful = numbers
    return _Sample(mean_of(group, moments), min(1.0, harmful / moments[0]) if moments[0] > 0.0 else 0.0)


def _score_gap(own: _Sample, others: _Sample, z: float) -> tuple[float, Interval]:
    value = own.scores.value - others.scores.value
    low, high = gap_of_means(value, (own.scores.variance, own.count), (others.scores.variance, others.count), z)
    return value, Interval(max(-1.0, low), min(1.0, high))


def _rate_gap(own: _Sample, others: _Sample, z: float) -> tuple[float, Interval]:
    intervals = cautious_share(own.rate, own.count, z), cautious_share(others.rate, others.count, z)
    return own.rate - others.rate, newcombe(own.rate, intervals[0], others.rate, intervals[1])


def _gaps(
    measure: str, pairs: Sequence[_Pair], compare: Callable[[_Sample, _Sample, float], tuple[float, Interval]]
) -> list[IdentityGap]:
    """One measure of all pairs, with intervals by Holm's steps, in the order of the pairs."""
    found = holm_intervals(len(pairs), lambda place, z: compare(pairs[place].own, pairs[place].others, z))
    return [
        IdentityGap(pair.axis, pair.group, measure, value, low, high, pair.own.count, pair.others.count)
        for pair, (value, (low, high)) in zip(pairs, found, strict=True)
    ]
