"""Counts decisions by protected attribute and group, and gives SPD, DIR, EOD and P_bias with honest intervals.

An observation is classed when it is added: its decision, and its label when known, is *favourable* or not. A changed
set of favourable values therefore concerns new observations only. Group and attribute names are stripped, case-folded
and cut (`agent.windows.bounded.short_name`); their number is bounded, the rest is counted but not compared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from operator import add
from typing import Final, TypeAlias

from agent.errors import StateError
from agent.windows.base import FinishContext, Observation
from agent.windows.bounded import REST, short_name, trim
from agent.windows.disparity import BiasMeasurement, GroupCounts, measure

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

# A group's numbers: for each label class (unknown, unfavourable, favourable), for each decision (unfavourable,
# favourable), the sum of weights and the sum of their squares.
_SLOTS: Final = 12
_UNKNOWN: Final = 0
_LABEL_UNFAVOURABLE: Final = 1
_LABEL_FAVOURABLE: Final = 2


def _sum(one: list[float], two: list[float]) -> list[float]:
    return list(map(add, one, two))


def _absorb_group(rest: list[float] | None, numbers: list[float]) -> list[float]:
    return numbers if rest is None else _sum(rest, numbers)


def _absorb_attribute(rest: GroupTable | None, groups: GroupTable) -> GroupTable:
    """An attribute beyond the limit: how much was decided stays known, the groups do not."""
    total = [0.0] * _SLOTS
    for numbers in (*(rest or {}).values(), *groups.values()):
        total = _sum(total, numbers)
    return {REST: total}


class BiasAggregator:
    """Decisions by attribute and group.

    Parameters
    ----------
    favourable
        By model, the decisions (and labels) in favour of the person; models not named use `DEFAULT_FAVOURABLE`.
        Every other decision counts as unfavourable.
    score_thresholds
        By model, for models that give a score and no decision: favourable at or above it.
    attributes
        Attributes to look at; None for all that come, up to ``max_attributes``.
    groups
        By attribute, the groups expected: they keep their place when a flood of other names comes.
    min_group
        Effective number of decisions from which a group is compared with others.
    max_attributes, max_groups
        Bounds on the state. One state holds at most ``max_attributes * (max_groups + 1) + 1`` times twelve numbers.
    """

    name = "bias"
    version = 1

    def __init__(
        self,
        favourable: Mapping[str, Collection[str]] | None = None,
        score_thresholds: Mapping[str, float] | None = None,
        attributes: Collection[str] | None = None,
        groups: Mapping[str, Collection[str]] | None = None,
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
        self._pinned_attributes = frozenset(self._groups) | (self._allowed or frozenset())
        self._min_group = min_group
        self._max_attributes = max_attributes
        self._max_groups = max_groups

    def empty(self) -> BiasState:
        return {}

    def add(self, state: BiasState, observation: Observation) -> None:
        if not observation.attributes:
            return
        favourable = self._favourable.get(observation.model, DEFAULT_FAVOURABLE)
        if observation.decision is not None:
            decided = short_name(observation.decision) in favourable
        else:
            threshold = self._thresholds.get(observation.model)
            if threshold is None or observation.decision_score is None:
                return
            decided = observation.decision_score >= threshold
        label_class = _UNKNOWN
        if observation.label is not None:
            label_class = _LABEL_FAVOURABLE if short_name(observation.label) in favourable else _LABEL_UNFAVOURABLE
        slot = 2 * (2 * label_class + decided)
        for raw_attribute, raw_group in observation.attributes.items():
            attribute, group = short_name(raw_attribute), short_name(raw_group)
            if attribute and group and (self._allowed is None or attribute in self._allowed):
                self._count(state, attribute, group, slot, observation.weight)

    def _count(self, state: BiasState, attribute: str, group: str, slot: int, weight: float) -> None:
        known = state.get(attribute)
        numbers = None if known is None else known.get(group)
        if numbers is not None:
            numbers[slot] += weight
            numbers[slot + 1] += weight * weight
            return
        numbers = [0.0] * _SLOTS
        numbers[slot] = weight
        numbers[slot + 1] = weight * weight
        self._absorb(state, attribute, {group: numbers})
        trim(state, self._max_attributes, _absorb_attribute, self._pinned_attributes)

    def _absorb(self, state: BiasState, attribute: str, groups: GroupTable) -> None:
        """Add a table of groups, whose lists are copied, to an attribute."""
        own = state.setdefault(attribute, {})
        for group, numbers in groups.items():
            if len(numbers) != _SLOTS:
                raise StateError("a bias state has the wrong number of counts")
            present = own.get(group)
            own[group] = _sum(present if present is not None else [0.0] * _SLOTS, numbers)
        trim(own, self._max_groups, _absorb_group, self._groups.get(attribute, frozenset()))

    def merge(self, into: BiasState, other: BiasState) -> None:
        if other:
            for attribute, groups in other.items():
                self._absorb(into, attribute, groups)
            trim(into, self._max_attributes, _absorb_attribute, self._pinned_attributes)

    def finish(self, state: BiasState, context: FinishContext) -> BiasMeasurement:
        by_attribute = {
            attribute: [_group_counts(group, numbers) for group, numbers in sorted(groups.items()) if group != REST]
            for attribute, groups in sorted(state.items())
            if attribute != REST
        }
        rest = sum(sum(groups[REST][::2]) for groups in state.values() if REST in groups)
        return measure(by_attribute, rest, self._min_group)


def _group_counts(group: str, numbers: list[float]) -> GroupCounts:
    return GroupCounts(
        group=group,
        favourable=numbers[2] + numbers[6] + numbers[10],
        weight=sum(numbers[0::2]),
        squares=sum(numbers[1::2]),
        hits=numbers[10],
        positives=numbers[8] + numbers[10],
        positive_squares=numbers[9] + numbers[11],
    )
