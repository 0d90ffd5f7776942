"""Counts scores, decisions and features by value, so that windows can be compared with what was before or elsewhere.

The counts of workers and partitions add up exactly and in any order. What they say about drift is found out once a
minute and not with every reading: see `agent.pipeline.drift_windows`.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Final, TypeAlias, TypedDict
from zlib import crc32

import msgspec

from agent.errors import StateError
from agent.histograms import (
    SQUARES,
    Bin,
    Histogram,
    add_histogram,
    category_bin,
    category_code,
    number_bin,
    trim_histogram,
)
from agent.windows.base import FinishContext, Observation
from agent.windows.bounded import short_name, trim
from agent.windows.fixed_point import PER_UNIT, fixed

__all__ = ["DriftAggregator", "DriftCounts", "DriftState", "FeatureTable"]

GroupTable: TypeAlias = dict[str, Histogram]


class FeatureTable(TypedDict):
    """One feature: of everybody, and by attribute and group."""

    all: Histogram
    by: dict[str, GroupTable]


DriftState: TypeAlias = dict[str, FeatureTable]

MAX_GROUPS: Final = 12
MAX_NAME: Final = 256
_LONGEST_REMEMBERED: Final = 64


class DriftCounts(msgspec.Struct, frozen=True, gc=False):
    """How many features were counted. What the counts say takes a reference, which no window holds."""

    features: int


class DriftAggregator:
    """Histograms by feature, and by feature and group.

    Parameters
    ----------
    attributes
        Attributes whose groups are counted by themselves; the configuration has six at most.
    max_features
        Bound on the features of one state. Those that events name (``input.features.income``) get at most half of the
        places, whatever else there is: they have as many names as a stranger likes to send. Those of lowest rank stay,
        and the rank depends on the name alone. A state holds at most ``max_features`` times 1 + 13 for each attribute
        histograms, each of at most 162 numbers.
    """

    name = "drift"
    version = 1
    on_demand = True

    def __init__(self, attributes: Collection[str] = (), max_features: int = 64) -> None:
        self._attributes = frozenset(short_name(name) for name in attributes)
        self._max_features = max_features

    def empty(self) -> DriftState:
        return {}

    def add(self, state: DriftState, observation: Observation) -> None:
        features = observation.features
        if not features:
            return
        # A whole number where it is one: it takes a byte or two in a snapshot, not nine.
        is_plain = observation.weight == 1.0
        weight = 1 if is_plain else _least(observation.weight)
        groups = self._groups(observation) if self._attributes and observation.attributes else ()
        is_new = False
        for feature, value in features:
            try:
                # Most scores are 0.
                place = _category(value) if isinstance(value, str) else number_bin(value) if value else 0
            except (ValueError, OverflowError):  # no finite number
                continue
            table = state.get(feature)
            if table is None:
                is_new = True
                table = state[feature] = {"all": {}, "by": {}}
            # Written out: nearly every value of nearly every event goes this way.
            histogram = table["all"]
            if is_plain and place in histogram:
                histogram[place] += 1
            else:
                _count(histogram, place, weight)
            for attribute, group in groups:
                by_group = table["by"].get(attribute)
                if by_group is None:
                    by_group = table["by"][attribute] = {}
                known = by_group.get(group)
                if known is None:
                    by_group[group] = _counted(place, weight)
                    trim(by_group, MAX_GROUPS, _absorb_group)
                elif is_plain and place in known:
                    known[place] += 1
                else:
                    _count(known, place, weight)
        if is_new:
            self._trim(state)

    def _groups(self, observation: Observation) -> list[tuple[str, str]]:
        named = {short_name(attribute): short_name(group) for attribute, group in observation.attributes.items()}
        return [(attribute, group) for attribute, group in named.items() if group and attribute in self._attributes]

    def _trim(self, state: DriftState) -> None:
        """Beyond the bounds a feature is not counted at all: a rest of unlike features would say nothing."""
        named_by_events = [feature for feature in state if ".features." in feature]
        half = self._max_features - self._max_features // 2
        victims = sorted(named_by_events, key=_rank)[half:] if len(named_by_events) > half else []
        others = len(state) - len(named_by_events)
        if others > self._max_features:
            victims += sorted(state.keys() - set(named_by_events), key=_rank)[self._max_features :]
        for victim in victims:
            del state[victim]

    def merge(self, into: DriftState, other: DriftState) -> None:
        is_new = False
        for feature, theirs in other.items():
            table = into.get(feature)
            if table is None:
                if len(feature) > MAX_NAME:
                    raise StateError("a drift state has a name that is too long")
                is_new = True
                table = into[feature] = {"all": {}, "by": {}}
            add_histogram(table["all"], theirs["all"])
            for attribute, groups in theirs["by"].items():
                if attribute not in self._attributes:
                    continue  # not asked for any more
                mine = table["by"].setdefault(attribute, {})
                for group, histogram in groups.items():
                    add_histogram(mine.setdefault(group, {}), histogram)
                trim(mine, MAX_GROUPS, _absorb_group)
        if is_new:
            self._trim(into)

    def without(self, state: DriftState, parts: Collection[str]) -> DriftState:
        """Without ``drift_groups``: everybody alone."""
        if "drift_groups" not in parts:
            return state
        return {feature: {"all": table["all"], "by": {}} for feature, table in state.items()}

    def finish(self, state: DriftState, context: FinishContext) -> DriftCounts:
        return DriftCounts(len(state))


def _count(histogram: Histogram, place: Bin, weight: float) -> None:
    for key, number in _counted(place, weight).items():
        histogram[key] = histogram.get(key, 0) + number
    trim_histogram(histogram)


def _counted(place: Bin, weight: float) -> Histogram:
    return {place: weight} if weight == 1 else {place: weight, SQUARES: _least(weight * weight) - weight}


def _least(weight: float) -> float:
    """A multiple of 2^-30: sums are exact and do not depend on their order, as those of `agent.windows.bias`."""
    return max(1.0 / PER_UNIT, fixed(weight))


def _absorb_group(rest: Histogram | None, histogram: Histogram) -> Histogram:
    total: Histogram = {}
    for one in (rest or {}, histogram):
        add_histogram(total, one)
    return total


@lru_cache(maxsize=8192)
def _rank(name: str) -> tuple[int, str]:
    return crc32(name.encode("utf-8", "surrogatepass")), name


def _bin_of(value: str) -> int:
    return category_bin(category_code(value))


_remembered_bin = lru_cache(maxsize=4096)(_bin_of)


def _category(value: str) -> int:
    """Decisions and channels come again and again; a long text does not, and is not kept for a cache."""
    return _remembered_bin(value) if len(value) <= _LONGEST_REMEMBERED else _bin_of(value)
