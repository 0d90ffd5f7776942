"""Observations for the window tests: one at a time, and drawn at random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, variance
from typing import Any

import msgspec
from hypothesis import strategies as st
from scipy import stats

from agent.campaigns.book import CampaignShare
from agent.clock import ManualClock
from agent.scores import DIMENSIONS
from agent.windows.base import Aggregator, Mention, Observation, State
from agent.windows.bias import BiasAggregator
from agent.windows.engine import WindowEngine
from agent.windows.groups import SLOTS, GroupCounts
from agent.windows.harm import HarmAggregator

START = 1_700_000_000.0

_DEFAULTS = Observation(model="m", time=START, directions=("input", "output"))


def make_observation(**over: Any) -> Observation:
    return msgspec.structs.replace(_DEFAULTS, **over)


def make_share(hour: int = 1, **over: Any) -> CampaignShare:
    """What a campaign gains."""
    share = CampaignShare(
        model="m",
        key=f"{hour:08x}-{hour:032x}",
        id=f"{hour:032x}",
        kind="near_duplicates",
        subject="",
        sketch=(0, 5, 9),
        sign="near_duplicates",
        events=12,
        suspected=1,
        first=START,
        last=START + 30.0,
        categories=(("adversarial", 12),),
        tenants=(3 << 50, 5 << 50),
        is_new=True,
    )
    return share._replace(**over)


def make_engine(clock: ManualClock | None = None, **over: Any) -> WindowEngine:
    return WindowEngine([HarmAggregator(), BiasAggregator()], clock or ManualClock(START), **over)


def cautious_welch(one: Sequence[float], two: Sequence[float], level: float) -> tuple[float, float]:
    """The interval of a difference of means that `agent.windows.intervals.gap_of_means` promises, by other means."""
    sizes = [len(one), len(two)]
    own = [variance(one), variance(two)]
    floor = (sizes[0] * own[0] + sizes[1] * own[1]) / sum(sizes)
    parts = [max(floor, each) / size for each, size in zip(own, sizes, strict=True)]
    freedom = sum(parts) ** 2 / sum(part**2 / (size - 1) for part, size in zip(parts, sizes, strict=True))
    half = float(stats.t.ppf((1.0 + level) / 2.0, freedom)) * math.sqrt(sum(parts))
    return fmean(one) - fmean(two) - half, fmean(one) - fmean(two) + half


def group_counts(group: str, favourable: float, unfavourable: float) -> GroupCounts:
    """A group of which only decisions are known."""
    numbers = [0.0] * SLOTS
    numbers[:4] = [unfavourable, unfavourable, favourable, favourable]
    return GroupCounts(group, numbers)


def state_of(aggregator: Aggregator, observations: list[Observation]) -> State:
    state = aggregator.empty()
    for observation in observations:
        aggregator.add(state, observation)
    return state


def merged(aggregator: Aggregator, *states: State) -> State:
    total = aggregator.empty()
    for state in states:
        aggregator.merge(total, state)
    return total


# Weights are sums of powers of two, so that float sums are exact and states can be compared with ==.
_weights = st.sampled_from([1.0, 1.0, 1.0, 0.5, 2.0, 4.0])
_dimensions = st.lists(st.sampled_from(DIMENSIONS), unique=True, max_size=4).map(tuple)
_names = st.sampled_from(["female", "male", "Male ", "女", "男", "", "other", "x" * 200]) | st.text(max_size=4)
# Scores whose squares are exact sums of powers of two; groups that no lexicon knows never come from a pipeline.
_mentions = st.builds(
    Mention,
    axis=st.sampled_from(["gender", "gender", "age", "no such axis"]),
    group=st.sampled_from(["women", "men", "old", "no such group"]),
    score=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    harmful=st.booleans(),
    alone=st.booleans(),
    sentiment=st.sampled_from([None, -1.0, -0.25, 0.0, 0.5]),
)

# One campaign has one id, kind, subject and sketch: here they follow from its key.
_shares = st.builds(
    lambda hour, **rest: CampaignShare(
        model="m", key=f"{hour:08x}-c", id=f"{hour:032x}", kind="burst", subject=f"{hour}", sketch=(hour, 1), **rest
    ),
    hour=st.integers(0, 40),
    sign=st.sampled_from(["burst", "drift", "near_duplicates"]),
    events=st.integers(0, 20),
    suspected=st.integers(0, 20),
    first=st.integers(0, 4000).map(lambda s: START - s),
    last=st.integers(0, 4000).map(lambda s: START - s),
    categories=st.lists(st.tuples(st.text(max_size=2), st.integers(1, 9)), max_size=4).map(tuple),
    tenants=st.lists(st.integers(0, 300).map(lambda n: n << 40), max_size=12).map(tuple),
    is_new=st.booleans(),
)

_features = st.tuples(
    st.sampled_from(["output.score", "output.decision", "input.features.income"])
    | st.integers(0, 40).map(lambda number: f"input.features.{number}"),
    st.floats() | st.floats(0.0, 1.0) | st.sampled_from(["approved", "denied"]) | st.text(max_size=3),
)


def observations(
    models: st.SearchStrategy[str] = st.sampled_from(["a", "b", "c"]),  # noqa: B008
    times: st.SearchStrategy[float] = st.integers(0, 4000).map(lambda s: START - s),  # noqa: B008
) -> st.SearchStrategy[Observation]:
    """Any observation that a pipeline might make of any event."""
    return st.builds(
        Observation,
        model=models,
        time=times,
        weight=_weights,
        new_event=st.booleans(),
        dimensions=_dimensions,
        categories=st.lists(
            st.tuples(st.sampled_from(["input", "output"]), st.sampled_from(["toxicity", "pii.email"]) | st.text()),
            max_size=3,
        ).map(tuple),
        directions=st.sampled_from([(), ("input",), ("output",), ("input", "output")]),
        scored_dimensions=st.none() | _dimensions,
        harmful_before=st.booleans(),
        leaked=st.booleans(),
        decision=st.none() | st.sampled_from(["approved", "denied", "通过", "拒绝"]) | st.text(max_size=4),
        decision_score=st.none() | st.floats(0.0, 1.0) | st.sampled_from([math.nan, math.inf, -math.inf, 1e300]),
        attributes=st.dictionaries(st.sampled_from(["gender", "region"]) | st.text(max_size=3), _names, max_size=3),
        label=st.none() | st.sampled_from(["approved", "denied"]),
        missing=st.integers(0, 3),
        mentions=st.lists(_mentions, max_size=3).map(tuple),
        features=st.lists(_features, max_size=3).map(tuple),
        campaigns=st.lists(_shares, max_size=3).map(tuple),
    )
