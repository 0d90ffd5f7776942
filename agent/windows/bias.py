"""Counts decisions by protected attribute and group, and gives disparities and P_bias with honest intervals.

An observation is classed when it is added: its decision, and its label when known, is *favourable* or not. A changed
set of favourable values therefore concerns new observations only. Group and attribute names are stripped, case-folded
and cut (`agent.windows.bounded.short_name`); their number is bounded, the rest is counted but not compared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import add
from typing import Final, TypeAlias

from agent.errors import StateError
from agent.windows.base import FinishContext, Observation
from agent.windows.bounded import JOINED, REST, joined_name, short_name, trim
from agent.windows.disparity import MEASURES, BiasMeasurement, measure
from agent.windows.fixed_point import fixed
from agent.windows.groups import DECISION_SLOTS, SLOTS, GroupCounts
from agent.windows.intervals import effective_count

__all__ = ["DEFAULT_FAVOURABLE", "BiasAggregator"]

DEFAULT_FAVOURABLE: Final = frozenset(
    short_name(value)
    for value in (
        *("approved", "approve", "accept", "accepted", "admit", "admitted", "allow", "allowed", "grant", "granted"),
        *("pass", "passed", "hire", "hired", "qualified", "eligible", "selected", "shortlisted", "favourable"),
        *("favorable", "positive", "yes", "true", "1", "1.0"),
        *("通过", "批准", "同意", "录用", "录取", "接受", "准许", "允许", "合格", "符合", "授予", "放款", "是"),
        *("通過", "批準", "錄用", "錄取", "準許", "允許", "符合資格"),
    )
)
"""Decisions in favour of the person, unless configured. Compared after `short_name`."""

GroupTable: TypeAlias = dict[str, list[float]]
BiasState: TypeAlias = dict[str, GroupTable]

_OTHER_ATTRIBUTES: Final = "other"
"""Stands for the attributes beyond the bound where a name is needed; beside a real one so named the larger counts."""

_UNKNOWN: Final = 0
_LABEL_UNFAVOURABLE: Final = 1
_LABEL_FAVOURABLE: Final = 2
_SHORT: Final = ("spd", "dir", "eod")
"""What is measured of windows but the longest: the others need more decisions, and cost as much again."""
_LARGEST_SCORE: Final = 1e12
_NO_SCORES: Final = (0.0,) * (SLOTS - DECISION_SLOTS)


def _sum(one: list[float], two: list[float]) -> list[float]:
    return list(map(add, one, two))


def _absorb_group(rest: list[float] | None, numbers: list[float]) -> list[float]:
    return numbers if rest is None else _sum(rest, numbers)


def _absorb_attribute(rest: GroupTable | None, groups: GroupTable) -> GroupTable:
    """An attribute beyond the limit: how much was decided stays known, the groups do not."""
    total = [0.0] * SLOTS
    for numbers in (*(rest or {}).values(), *groups.values()):
        total = _sum(total, numbers)
    return {REST: total}


class BiasAggregator:
    """Decisions and scores by attribute and group.

    Parameters
    ----------
    favourable
        By model, the decisions (and labels) in favour of the person; models not named use `DEFAULT_FAVOURABLE`.
        Every other decision counts as unfavourable.
    score_thresholds
        By model, for models that give a score and no decision: favourable at or above it. Without one such a model is
        taken for a regression: its scores are compared, and its labels if they are numbers.
    attributes
        Attributes to look at; None for all that come, up to ``max_attributes``.
    groups
        By attribute, the groups expected: they keep their place when a flood of other names comes.
    intersections
        Attributes whose combinations are compared as well, under their names joined by ``+``: groups that fare well
        by sex and by age may not by both. They enter P_bias, and more comparisons make all intervals wider.
    min_group
        Effective number of decisions from which a group is compared with others.
    max_attributes, max_groups
        Bounds on the state, intersections apart: these have twice as many groups. One state holds at most
        ``max_attributes * (max_groups + 1) + 1`` times `SLOTS` numbers, and those of the intersections.
    """

    name = "bias"
    version = 2
    earlier_versions = (1,)

    def __init__(
        self,
        favourable: Mapping[str, Collection[str]] | None = None,
        score_thresholds: Mapping[str, float] | None = None,
        attributes: Collection[str] | None = None,
        groups: Mapping[str, Collection[str]] | None = None,
        intersections: Collection[Collection[str]] = (),
        min_group: int = 30,
        max_attributes: int = 6,
        max_groups: int = 12,
    ) -> None:
        self._favourable = {
            model: frozenset(short_name(value) for value in values) for model, values in (favourable or {}).items()
        }
        self._thresholds = dict(score_thresholds or {})
        self._allowed = None if attributes is None else frozenset(short_name(name) for name in attributes)
        self._groups = {
            short_name(name): frozenset(short_name(group) for group in names) for name, names in (groups or {}).items()
        }
        self._intersections = {
            JOINED.join(names): names for parts in intersections if (names := tuple(map(short_name, parts)))
        }
        self._pinned_attributes = frozenset((*self._groups, *(self._allowed or ()), *self._intersections))
        self._min_group = min_group
        self._max_attributes = max_attributes
        self._max_groups = max_groups

    def empty(self) -> BiasState:
        return {}

    def add(self, state: BiasState, observation: Observation) -> None:
        if not observation.attributes:
            return
        self._count_all(state, observation.attributes, self._increments(observation, observation.label))

    def relabel(self, state: BiasState, observation: Observation, label: str) -> None:
        """Move a decision that was added without a label to the class of its label.

        Sums of whole weights are then exactly those of a decision whose label was known; with weights that are no
        binary fractions they differ by rounding, about 1e-16 of a decision.
        """
        if observation.attributes:
            taken_back = [(slot, -value) for slot, value in self._increments(observation, None)]
            self._count_all(state, observation.attributes, [*taken_back, *self._increments(observation, label)])

    def _count_all(
        self, state: BiasState, attributes: Mapping[str, str], increments: Sequence[tuple[int, float]]
    ) -> None:
        if not increments:
            return
        named = {short_name(attribute): short_name(group) for attribute, group in attributes.items()}
        for attribute, group in named.items():
            is_wanted = self._allowed is None or attribute in self._allowed
            if attribute and group and is_wanted and attribute not in self._intersections:
                self._count(state, attribute, group, increments)
        for intersection, parts in self._intersections.items():
            groups = [named.get(attribute, "") for attribute in parts]
            if all(groups):
                self._count(state, intersection, joined_name(groups), increments)

    def _increments(self, observation: Observation, label: str | None) -> list[tuple[int, float]]:
        """What an observation adds to the numbers of each of its groups: (slot, value)."""
        model, weight, score = observation.model, observation.weight, observation.decision_score
        favourable = self._favourable.get(model, DEFAULT_FAVOURABLE)
        threshold = self._thresholds.get(model)
        if score is not None and not -_LARGEST_SCORE <= score <= _LARGEST_SCORE:
            score = None
        decided: bool | None = None
        if observation.decision is not None:
            decided = short_name(observation.decision) in favourable
        elif threshold is not None and score is not None:
            decided = score >= threshold
        increments: list[tuple[int, float]] = []
        label_class = _UNKNOWN
        if label is not None:
            label_class = _LABEL_FAVOURABLE if short_name(label) in favourable else _LABEL_UNFAVOURABLE
        if decided is not None:
            slot = 2 * (2 * label_class + decided)
            increments += ((slot, weight), (slot + 1, weight * weight))
        if score is not None:
            increments += _moments(DECISION_SLOTS, weight, score)
            if label is None:
                truth = None
            elif decided is None:
                truth = _number(label)
            else:  # a probability is what can be calibrated
                truth = float(label_class == _LABEL_FAVOURABLE) if 0.0 <= score <= 1.0 else None
            if truth is not None:
                increments += _moments(DECISION_SLOTS + 4, weight, truth - score)
        return increments

    def _count(self, state: BiasState, attribute: str, group: str, increments: Sequence[tuple[int, float]]) -> None:
        known = state.get(attribute)
        numbers = None if known is None else known.get(group)
        is_new = numbers is None
        if numbers is None:
            numbers = [0.0] * SLOTS
        for slot, value in increments:
            numbers[slot] += value
        if is_new:
            self._absorb(state, attribute, {group: numbers})
            self._trim(state)

    def _trim(self, state: BiasState) -> None:
        beyond = sum(name in state for name in self._intersections)
        trim(state, self._max_attributes + beyond, _absorb_attribute, self._pinned_attributes)

    def _absorb(self, state: BiasState, attribute: str, groups: GroupTable) -> None:
        """Add a table of groups, whose lists are copied, to an attribute."""
        own = state.setdefault(attribute, {})
        for group, numbers in groups.items():
            if len(numbers) == DECISION_SLOTS:
                numbers = [*numbers, *_NO_SCORES]  # of version 1, which knew decisions alone
            if len(numbers) != SLOTS:
                raise StateError("a bias state has the wrong number of counts")
            present = own.get(group)
            own[group] = _sum(present if present is not None else [0.0] * SLOTS, numbers)
        most = self._max_groups * (2 if attribute in self._intersections else 1)
        trim(own, most, _absorb_group, self._groups.get(attribute, frozenset()))

    def merge(self, into: BiasState, other: BiasState) -> None:
        if other:
            for attribute, groups in other.items():
                self._absorb(into, attribute, groups)
            self._trim(into)

    def without(self, state: BiasState, parts: Collection[str]) -> BiasState:
        """Without ``bias_intersections``, and ``bias_scores``: the sums of scores, of labels that are numbers, and of
        calibration."""
        if "bias_intersections" in parts:
            state = {attribute: groups for attribute, groups in state.items() if attribute not in self._intersections}
        if "bias_scores" not in parts:
            return state
        return {
            attribute: {group: [*numbers[:DECISION_SLOTS], *_NO_SCORES] for group, numbers in groups.items()}
            for attribute, groups in state.items()
        }

    def finish(self, state: BiasState, context: FinishContext) -> BiasMeasurement:
        by_attribute = {
            attribute: [GroupCounts(group, numbers) for group, numbers in sorted(groups.items()) if group != REST]
            for attribute, groups in sorted(state.items())
            if attribute != REST
        }
        wanted = MEASURES if context.in_full else _SHORT
        return measure(by_attribute, self._min_group, wanted, _uncompared(state, self._min_group))


def _uncompared(state: BiasState, min_group: int) -> dict[str, float]:
    """See `BiasMeasurement.uncompared`."""
    shares: dict[str, float] = {}
    for attribute, groups in state.items():
        decided = [GroupCounts(group, numbers).decided() for group, numbers in groups.items()]
        weight = sum(share.weight for share in decided)
        if effective_count(weight, sum(share.squares for share in decided)) >= max(min_group, 1):
            beyond = sum(share.weight for share in decided if share.group == REST)
            name = attribute if attribute != REST else _OTHER_ATTRIBUTES
            shares[name] = max(shares.get(name, 0.0), min(1.0, beyond / weight))
    return shares


def _moments(first: int, weight: float, value: float) -> tuple[tuple[int, float], ...]:
    return (
        (first, weight),
        (first + 1, weight * weight),
        (first + 2, weight * fixed(value)),
        (first + 3, weight * fixed(value * value)),
    )


def _number(label: str) -> float | None:
    try:
        value = float(label)
    except ValueError:
        return None
    return value if -_LARGEST_SCORE <= value <= _LARGEST_SCORE else None
