"""agent.windows.sentiment: means and gaps of how groups are spoken of, exactly mergeable."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from agent.errors import StateError
from agent.identity import AXES
from agent.windows.base import FinishContext, Mention, Observation
from agent.windows.gaps import IdentityGap
from agent.windows.intervals import z_value
from agent.windows.sentiment import GroupSentiment, SentimentAggregator, SentimentMeasurement
from tests.unit.windows.builders import cautious_welch, make_observation, merged, state_of

CONTEXT = FinishContext("m", 60.0)


def said(
    group: str, sentiment: float | None, axis: str = "gender", *, alone: bool = True, weight: float = 1.0
) -> Observation:
    return make_observation(mentions=(Mention(axis, group, 0.0, False, alone, sentiment),), weight=weight)


def measured(observations: list[Observation], min_group: int = 30) -> SentimentMeasurement:
    aggregator = SentimentAggregator(min_group)
    return aggregator.finish(state_of(aggregator, observations), CONTEXT)


def gaps(observations: list[Observation], min_group: int = 30) -> dict[str, IdentityGap]:
    return {gap.group: gap for gap in measured(observations, min_group).gaps}


def means(observations: list[Observation], min_group: int = 30) -> dict[str, GroupSentiment]:
    return {mean.group: mean for mean in measured(observations, min_group).means}


def test_above_0_the_group_is_spoken_of_less_kindly() -> None:
    texts = [said("women", 0.1 if n % 2 else -0.1) for n in range(100)] + [said("men", 0.5)] * 100
    assert gaps(texts)["women"].value == pytest.approx(0.5)
    assert gaps(texts)["men"].value == pytest.approx(-0.5)
    assert gaps(texts)["women"].lower > 0.4
    assert gaps(texts)["women"].measure == "sentiment_gap"
    assert means(texts)["women"].value == pytest.approx(0.0)
    assert means(texts)["men"].value == pytest.approx(0.5)


def test_intervals_are_those_of_scipy_at_the_level_of_two_comparisons() -> None:
    draw = random.Random(5)
    women = [max(-1.0, min(1.0, draw.gauss(0.1, 0.4))) for _ in range(80)]
    men = [max(-1.0, min(1.0, draw.gauss(0.15, 0.2))) for _ in range(200)]
    texts = [said("women", value) for value in women] + [said("men", value) for value in men]
    level = 1.0 - 0.05 / 2  # two pairs are looked at; this gap is not found, so that both keep the level
    expected = cautious_welch(men, women, level)
    found = gaps(texts)["women"]
    assert (found.lower, found.upper) == pytest.approx(expected, abs=1e-4)
    assert found.lower < 0.0 < found.upper
    low, high = (stats.ttest_1samp([*women, end], 0.0).confidence_interval(level) for end in (-1.0, 1.0))
    mean = means(texts)["women"]
    assert (mean.lower, mean.upper) == pytest.approx((low.low, high.high), abs=1e-4)
    assert mean.count == 80


@pytest.mark.parametrize("unkind", [0.01, 0.05, 0.1])
def test_means_of_mostly_neutral_texts_are_not_known_exactly(unkind: float) -> None:
    """Six groups of thirty: with Student's interval of the texts alone 0, 22 and 73 % of windows held all means."""
    draw, held = random.Random(6), 0
    groups = AXES["religion"]
    for _ in range(100):
        texts = [said(g, -0.8 if draw.random() < unkind else 0.0, "religion") for g in groups for _ in range(30)]
        found = means(texts)
        assert len(found) == 6
        held += all(mean.lower <= -0.8 * unkind <= mean.upper for mean in found.values())
    assert held >= 93


def test_more_groups_make_wider_intervals() -> None:
    texts = [said(group, 0.2 if n % 2 else 0.1) for group in ("women", "men") for n in range(60)]
    more = texts + [said(group, 0.2 if n % 2 else 0.1, "religion") for group in ("muslims", "jews") for n in range(60)]
    one, other = gaps(texts)["women"], gaps(more)["women"]
    assert other.upper > one.upper > 0.0
    assert means(more)["women"].upper > means(texts)["women"].upper
    assert z_value(0.95, 4) > z_value(0.95, 2)


def test_what_does_not_count() -> None:
    texts = [said("women", 0.2)] * 40 + [said("men", 0.4)] * 40
    others = [said("women", -1.0, alone=False), said("women", None), said("nobody", -1.0), said("women", 7.0)]
    assert measured(texts + others * 50) == measured(texts)


def test_a_few_texts_are_told_nothing_of() -> None:
    texts = [said("women", 0.2)] * 29 + [said("men", 0.4)] * 40
    assert gaps(texts) == {}
    assert set(means(texts)) == {"men"}
    assert set(means(texts, min_group=29)) == set(gaps(texts, min_group=29)) == {"women", "men"}
    # A weight of 9 is no nine texts.
    assert "women" not in means([said("women", 0.2, weight=0.5)] * 40 + [said("women", 0.9, weight=8.0)])


def test_bounds_stay_where_sentiment_can_be() -> None:
    texts = [said("women", 1.0 if n % 2 else -1.0) for n in range(2)] + [
        said("men", 1.0 if n % 2 else -1.0) for n in range(2)
    ]
    for mean in measured(texts, min_group=2).means:
        assert (mean.lower, mean.upper) == (-1.0, 1.0)
    for gap in measured(texts, min_group=2).gaps:
        assert (gap.lower, gap.upper) == (-2.0, 2.0)


_texts = st.lists(
    st.tuples(st.sampled_from(["women", "men"]), st.floats(-1.0, 1.0), st.integers(0, 3)), min_size=1, max_size=60
)


@settings(max_examples=60)
@given(_texts, st.randoms(use_true_random=False))
def test_partitions_add_up_exactly_in_any_order(texts: list[tuple[str, float, int]], shuffle: random.Random) -> None:
    made = SentimentAggregator(2)
    whole = state_of(made, [said(group, sentiment) for group, sentiment, _ in texts])
    parts = [
        state_of(made, [said(group, sentiment) for group, sentiment, part in texts if part == number])
        for number in range(4)
    ]
    shuffle.shuffle(parts)
    assert merged(made, *parts) == whole  # to the last bit: floats compare with ==
    assert made.finish(merged(made, *parts), CONTEXT) == made.finish(whole, CONTEXT)


def test_a_state_of_another_shape_is_refused() -> None:
    made = SentimentAggregator()
    with pytest.raises(StateError):
        made.merge(made.empty(), {"gender women": [1.0]})
    state = made.empty()
    made.merge(state, {"gender nobody": [1.0] * 4})
    assert state == {}
