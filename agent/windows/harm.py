"""Counts harmful events, and gives the shares P_output, P_privacy and P_adversarial of the harm index."""

from __future__ import annotations

from itertools import repeat
from operator import add
from typing import Final, TypedDict

import msgspec

from agent.errors import StateError
from agent.scores import DIMENSIONS, Dimension
from agent.windows.base import CONFIDENCE, Component, Drawn, FinishContext, Observation
from agent.windows.bounded import REST, trim
from agent.windows.intervals import design_count, wilson, z_value

__all__ = ["HarmAggregator", "HarmMeasurement"]


class HarmState(TypedDict):
    """Counts by slot (see below), the largest weight, and weights of findings by ``"direction category"``.

    ``drawn``: by dimension that a cascade looks for, and for ``any``, the excess that `design_count` wants, and the
    most that harm could weigh.
    """

    counts: list[float]
    heaviest: float
    categories: dict[str, float]
    drawn: dict[str, list[float]]


# Slots of the counts. A list of numbers rather than a dict: it merges at C speed and packs small.
_EVENTS: Final = 0
_WEIGHT: Final = 1
_SQUARES: Final = 2
_MISSING: Final = 3
_LEAKED: Final = 4
_ANY: Final = 5
_INPUT: Final = 6
_OUTPUT: Final = 7
_DIMENSIONS: Final = 8
# Per dimension three slots: weight scored, its squares, weight harmful.
_SCORED_AT: Final[dict[str, int]] = {name: _DIMENSIONS + 3 * i for i, name in enumerate(DIMENSIONS)}
_HARMFUL_AT: Final[dict[str, int]] = {name: slot + 2 for name, slot in _SCORED_AT.items()}
_DIRECTION_AT: Final[dict[str, int]] = {"input": _INPUT, "output": _OUTPUT}
# Behind these the squared weights of harmful events: in any dimension, and by dimension.
_ANY_SQUARES: Final = _DIMENSIONS + 3 * len(DIMENSIONS)
_SQUARES_AT: Final[dict[str, int]] = {name: _ANY_SQUARES + 1 + i for i, name in enumerate(DIMENSIONS)}
_SLOTS: Final = _ANY_SQUARES + 1 + len(DIMENSIONS)
_BY_SHARE: Final[tuple[Dimension, ...]] = ("output", "privacy", "adversarial")
_OUT, _PRI, _ADV = (_SCORED_AT[name] for name in _BY_SHARE)
_UNION: Final = "any"
_NOTHING_DRAWN: Final = (0.0, 0.0)


class HarmMeasurement(msgspec.Struct, frozen=True):
    """Harm of one model over one window. All but `events` and `missing` are weighted sums.

    Attributes
    ----------
    events
        Events seen (as sampled).
    weight
        Estimated number of events in the traffic; the same without sampling.
    scored
        By direction.
    scored_dimensions, harmful
        By dimension: events scored, events harmful.
    harmful_any
        Events harmful in any dimension.
    any_share
        `harmful_any` as a share of the events scored, with interval. The denominator is the largest of
        `scored_dimensions`: an event scored in any dimension is, failures aside, scored in that one.
    categories
        Findings by direction and category; the rest beyond the limit is ``{"other": {"other": ...}}``.
    leaks
        Events whose output held personal data that the input did not.
    missing
        Scores that are missing, and halves of which nobody knows what they held.
    components
        P_output, P_privacy, P_adversarial with Wilson intervals.
    without_texts
        There were events, and it is known that no text was in them: a model that decides on features.
    """

    events: float
    weight: float
    scored: dict[str, float]
    scored_dimensions: dict[str, float]
    harmful: dict[str, float]
    harmful_any: float
    any_share: Component
    categories: dict[str, dict[str, float]]
    leaks: float
    missing: float
    components: tuple[Component, ...]
    without_texts: bool = False


def _absorb(rest: float | None, weight: float) -> float:
    return weight if rest is None else rest + weight


class HarmAggregator:
    """Weighted counts of events, of what was scored, and of what was harmful.

    Parameters
    ----------
    min_count
        Effective number of events from which a component counts as sufficient.
    max_categories
        Bound on the ``(direction, category)`` pairs of one state.
    """

    name = "harm"
    version = 3
    earlier_versions = (1, 2)

    def __init__(self, min_count: int = 30, max_categories: int = 128) -> None:
        self._min_count = min_count
        self._max_categories = max_categories

    def empty(self) -> HarmState:
        return {"counts": [0.0] * _SLOTS, "heaviest": 0.0, "categories": {}, "drawn": {}}

    def add(self, state: HarmState, observation: Observation) -> None:
        # The hot path: straight-line code on purpose, no helper calls for an event without harm.
        numbers = state["counts"]
        weight = observation.weight
        directions = observation.directions
        scored = observation.scored_dimensions
        if weight > state["heaviest"]:
            state["heaviest"] = weight
        if observation.new_event:
            numbers[_EVENTS] += 1.0
            numbers[_WEIGHT] += weight
            numbers[_SQUARES] += weight * weight
            if scored is None and directions:
                square = weight * weight
                numbers[_OUT] += weight
                numbers[_OUT + 1] += square
                numbers[_PRI] += weight
                numbers[_PRI + 1] += square
                numbers[_ADV] += weight
                numbers[_ADV + 1] += square
        if scored is not None:
            square = weight * weight
            for dimension in scored:
                slot = _SCORED_AT[dimension]
                numbers[slot] += weight
                numbers[slot + 1] += square
        for direction in directions:
            numbers[_DIRECTION_AT[direction]] += weight
        if observation.drawn is not None:
            self._add_drawn(state, observation, observation.drawn)
        elif observation.dimensions:
            for dimension in observation.dimensions:
                numbers[_HARMFUL_AT[dimension]] += weight
                numbers[_SQUARES_AT[dimension]] += weight * weight
            if not observation.harmful_before:
                numbers[_ANY] += weight
                numbers[_ANY_SQUARES] += weight * weight
        if observation.categories:
            self._add_categories(state["categories"], observation)
        if observation.leaked:
            numbers[_LEAKED] += weight
        if observation.missing or observation.unread:
            numbers[_MISSING] += observation.missing + observation.unread

    def _add_drawn(self, state: HarmState, observation: Observation, drawn: Drawn) -> None:
        """Harm that was seen with a probability, or could have been: it weighs the inverse."""
        numbers, weight = state["counts"], observation.weight
        for name, most in (*drawn.heaviest.items(), (_UNION, max(drawn.heaviest.values(), default=1.0))):
            known = state["drawn"].setdefault(name, [0.0, 0.0])
            known[1] = max(known[1], weight * most)
        for dimension in observation.dimensions:
            factor = drawn.harmful.get(dimension, 1.0)
            numbers[_HARMFUL_AT[dimension]] += weight * factor
            numbers[_SQUARES_AT[dimension]] += (weight * factor) ** 2
            if factor != 1.0:
                state["drawn"].setdefault(dimension, [0.0, 0.0])[0] += weight * weight * factor * (factor - 1.0)
        if observation.dimensions and not observation.harmful_before:
            numbers[_ANY] += weight * drawn.union
            numbers[_ANY_SQUARES] += (weight * drawn.union) ** 2
            state["drawn"][_UNION][0] += weight * weight * drawn.union * (drawn.union - 1.0)

    def _add_categories(self, categories: dict[str, float], observation: Observation) -> None:
        factors = repeat(1.0) if observation.drawn is None else observation.drawn.findings
        for (direction, category), factor in zip(observation.categories, factors, strict=False):
            key = f"{direction} {category}"
            categories[key] = categories.get(key, 0.0) + observation.weight * factor
        trim(categories, self._max_categories, _absorb)

    def events_of(self, state: HarmState) -> float:
        """Events seen; see `agent.windows.base.Counting`."""
        return state["counts"][_EVENTS]

    def merge(self, into: HarmState, other: HarmState) -> None:
        numbers = other["counts"]
        if len(numbers) == _ANY_SQUARES:
            # Of version 1, which knew no weights but 1.
            numbers = [*numbers, numbers[_ANY], *(numbers[_HARMFUL_AT[name]] for name in _SQUARES_AT)]
        if len(numbers) != _SLOTS:
            raise StateError("a harm state has the wrong number of counts")
        into["counts"] = list(map(add, into["counts"], numbers))
        into["heaviest"] = max(into["heaviest"], other.get("heaviest", 1.0 if numbers[_EVENTS] else 0.0))
        for name, (excess, most) in other.get("drawn", {}).items():
            known = into["drawn"].setdefault(name, [0.0, 0.0])
            known[0] += excess
            known[1] = max(known[1], most)
        categories = other["categories"]
        if categories:
            own = into["categories"]
            for key, weight in categories.items():
                own[key] = own.get(key, 0.0) + weight
            trim(own, self._max_categories, _absorb)

    def finish(self, state: HarmState, context: FinishContext) -> HarmMeasurement:
        numbers = state["counts"]
        categories = state["categories"]
        widest = max(_SCORED_AT.values(), key=numbers.__getitem__)
        nested: dict[str, dict[str, float]] = {}
        for key, weight in sorted(categories.items()):
            direction, _, category = key.partition(" ") if key != REST else ("other", "", "other")
            nested.setdefault(direction, {})[category] = weight
        return HarmMeasurement(
            events=numbers[_EVENTS],
            weight=numbers[_WEIGHT],
            scored={name: numbers[slot] for name, slot in _DIRECTION_AT.items()},
            scored_dimensions={name: numbers[slot] for name, slot in _SCORED_AT.items()},
            harmful={name: numbers[slot] for name, slot in _HARMFUL_AT.items()},
            harmful_any=numbers[_ANY],
            any_share=self._share(_UNION, state, _ANY, _ANY_SQUARES, widest),
            categories=nested,
            leaks=numbers[_LEAKED],
            missing=numbers[_MISSING],
            components=tuple(
                self._share(name, state, _HARMFUL_AT[name], _SQUARES_AT[name], _SCORED_AT[name]) for name in _BY_SHARE
            ),
            without_texts=numbers[_EVENTS] > 0.0
            and not any(numbers[slot] for slot in (_MISSING, _INPUT, _OUTPUT, *_SCORED_AT.values())),
        )

    def _share(self, name: str, state: HarmState, harmful_at: int, squares_at: int, scored_at: int) -> Component:
        """A share with its Wilson interval; clipped at 1 because halves of an event may straddle the window's edge."""
        numbers = state["counts"]
        harmful, scored = numbers[harmful_at], numbers[scored_at]
        excess, most = state["drawn"].get(name, _NOTHING_DRAWN)
        heaviest = max(state["heaviest"], most)
        count = design_count(harmful, numbers[squares_at], scored, numbers[scored_at + 1], heaviest, excess)
        if count <= 0.0:
            return Component(name, None, 0.0, 1.0, 0.0, False)
        share = min(1.0, harmful / scored)
        lower, upper = wilson(share, count, z_value(CONFIDENCE))
        return Component(name, share, lower, upper, count, count >= self._min_count)
