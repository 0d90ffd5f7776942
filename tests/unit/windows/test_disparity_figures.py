"""Every disparity beside fairlearn's on the same decisions; intervals of means beside scipy's."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.windows.base import FinishContext, Observation
from agent.windows.bias import BiasAggregator
from agent.windows.disparity import MEASURES, Disparity
from tests.bench.fairness import Person, fairlearn_figures, streamed
from tests.unit.windows.builders import cautious_welch, make_observation, merged, state_of

CONTEXT = FinishContext("m", 3600.0)
ATTRIBUTE = "group"


def made_people(seed: int, groups: int, number: int) -> list[Person]:
    """Some groups fare worse."""
    draw = random.Random(seed)
    people = []
    for _ in range(number):
        group = draw.randrange(groups)
        deserved = draw.random() < 0.5 + 0.04 * group
        score = min(1.0, max(0.0, draw.gauss(0.35 + 0.3 * deserved, 0.2)))
        people.append(Person({ATTRIBUTE: f"g{group}"}, score, score >= 0.5, deserved))
    return people


def observed(people: Sequence[Person]) -> list[Observation]:
    words = {True: "approved", False: "denied"}
    return [
        make_observation(
            attributes=person.attributes,
            decision=words[person.approved],
            decision_score=person.score,
            label=words[person.deserved],
        )
        for person in people
    ]


def figures(observations: Sequence[Observation], **options: Any) -> dict[str, Disparity]:
    made = BiasAggregator(**options)
    found = made.finish(state_of(made, list(observations)), CONTEXT)
    (attribute,) = [entry for entry in found.attributes if entry.attribute == ATTRIBUTE]
    return {one.measure: one for one in attribute.disparities}


@pytest.mark.parametrize(("seed", "groups", "number"), [(1, 2, 400), (2, 3, 900), (3, 7, 3000), (4, 12, 5000)])
def test_every_figure_is_fairlearns(seed: int, groups: int, number: int) -> None:
    people = made_people(seed, groups, number)
    found, wanted = figures(observed(people), min_group=1), fairlearn_figures(people, ATTRIBUTE)
    assert list(found) == list(MEASURES)
    assert set(wanted) == set(MEASURES)
    for measure, value in wanted.items():
        assert found[measure].value == pytest.approx(value, abs=1e-9), measure


@pytest.mark.parametrize("seed", [1, 2])
def test_a_disorderly_stream_through_the_pipeline_changes_nothing(seed: int) -> None:
    """Random order, halves, duplicates, replays, six partitions: see `tests.bench.fairness`."""
    people = made_people(seed, 4, 600)
    (entry,) = streamed(people, seed).attributes
    wanted = fairlearn_figures(people, ATTRIBUTE)
    assert {one.measure: one.value for one in entry.disparities} == pytest.approx(wanted, abs=1e-9)


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(2, 6), st.lists(st.integers(0, 600), max_size=5))
def test_figures_do_not_depend_on_how_observations_are_spread(seed: int, groups: int, cuts: list[int]) -> None:
    """Exactly: not a bit differs, whatever partitions and workers added up."""
    observations = observed(made_people(seed, groups, 600))
    made = BiasAggregator(min_group=2)
    whole = state_of(made, observations)
    random.Random(seed).shuffle(observations)
    edges = [0, *sorted(cuts), 600]
    parts = [state_of(made, observations[low:high]) for low, high in pairwise(edges)]
    assert merged(made, *parts) == whole


def test_a_gap_of_means_has_welchs_interval() -> None:
    people = made_people(5, 2, 300)
    found = figures(observed(people))["mean_gap"]
    samples = [[one.score for one in people if one.attributes[ATTRIBUTE] == group] for group in ("g0", "g1")]
    low, high = cautious_welch(samples[1], samples[0], 0.95)
    bounds = sorted((abs(low), abs(high))) if low * high > 0 else None
    if bounds is None:  # 0 lies inside: the largest true gap may be 0
        assert found.lower == 0.0
        assert found.upper == pytest.approx(max(abs(low), abs(high)), rel=1e-3)
    else:
        assert (found.lower, found.upper) == pytest.approx(tuple(bounds), rel=1e-3)


def test_a_regression_has_gaps_of_means_and_of_errors_and_no_decisions() -> None:
    stream = [
        make_observation(attributes={ATTRIBUTE: group}, decision_score=value, label=str(truth))
        for group, value, truth in [("a", 50_000.0, 52_000), ("a", 48_000.0, 50_000), ("b", 40_000.0, 44_000)] * 30
    ]
    found = figures(stream)
    assert list(found) == ["mean_gap", "calibration"]
    assert found["mean_gap"].value == pytest.approx(9_000.0)
    assert (found["mean_gap"].favoured, found["mean_gap"].disfavoured) == ("a", "b")
    assert found["calibration"].value == pytest.approx(2_000.0)
    made = BiasAggregator()
    assert made.finish(state_of(made, stream), CONTEXT).component.value is None


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -1e300])
@pytest.mark.parametrize("label", ["nan", "inf", "1e999", "", "approved"])
def test_scores_and_labels_that_are_no_numbers_count_nowhere(score: float, label: str) -> None:
    good = [make_observation(attributes={ATTRIBUTE: g}, decision_score=0.5, label="1") for g in "ab"] * 30
    bad = [make_observation(attributes={ATTRIBUTE: "a"}, decision_score=score, label=label)] * 50
    assert figures(good + bad) == figures(good)


def test_scores_that_are_no_probabilities_are_not_calibrated() -> None:
    stream = [
        make_observation(attributes={ATTRIBUTE: group}, decision="yes", decision_score=712.0, label="yes")
        for group in "ab"
    ] * 30
    assert "calibration" not in figures(stream)
    assert figures(stream)["mean_gap"].value == 0.0


def test_groups_that_fare_well_by_each_attribute_may_not_by_both() -> None:
    fates = {("f", "old"): "denied", ("f", "young"): "approved", ("m", "old"): "approved", ("m", "young"): "denied"}
    stream = [
        make_observation(attributes={"Sex": sex, "age": age}, decision=fate) for (sex, age), fate in fates.items()
    ] * 40
    made = BiasAggregator(intersections=[["sex", "Age"]])
    found = made.finish(state_of(made, stream), CONTEXT)
    values = {entry.attribute: entry.disparities[0].value for entry in found.attributes}
    assert values == {"age": 0.0, "sex": 0.0, "sex+age": 1.0}
    assert found.component.value == 1.0
    assert {rate.group for rate in found.attributes[2].groups} == {"f+old", "f+young", "m+old", "m+young"}


def test_a_flood_of_attributes_leaves_the_intersections() -> None:
    flood = [make_observation(attributes={f"a{i}": "x", "b": "y"}, decision="yes") for i in range(50)]
    wanted = [make_observation(attributes={"sex": "f", "age": "old"}, decision="yes")] * 40
    made = BiasAggregator(intersections=[["sex", "age"]], max_attributes=2)
    found = made.finish(state_of(made, flood + wanted + flood), CONTEXT)
    assert "sex+age" in {entry.attribute for entry in found.attributes}
    assert len(found.attributes) <= 3


def test_equalised_odds_sees_what_equal_opportunity_does_not() -> None:
    def people(group: str, decision: str, label: str, number: int) -> list[Observation]:
        return [make_observation(attributes={ATTRIBUTE: group}, decision=decision, label=label)] * number

    stream = people("a", "yes", "yes", 40) + people("b", "yes", "yes", 40)
    stream += people("a", "yes", "no", 30) + people("a", "no", "no", 10) + people("b", "no", "no", 40)
    found = figures(stream)
    assert found["eod"].value == 0.0
    assert found["equalised_odds"].value == 0.75
    assert (found["equalised_odds"].favoured, found["equalised_odds"].pairs) == ("a", 2)
    assert found["predictive_parity"].value == pytest.approx(1.0 - 40 / 70)
    assert found["predictive_parity"].favoured == "b"


def test_a_model_without_false_positives_has_equalised_odds_all_the_same() -> None:
    def people(group: str, decision: str, label: str, number: int) -> list[Observation]:
        return [make_observation(attributes={ATTRIBUTE: group}, decision=decision, label=label)] * number

    stream = people("a", "yes", "yes", 40) + people("b", "yes", "yes", 40) + people("b", "no", "yes", 40)
    stream += people("a", "no", "no", 40) + people("b", "no", "no", 40)
    found = figures(stream)
    assert found["eod"].value == found["equalised_odds"].value == 0.5
    assert found["predictive_parity"].value == 0.0


def test_labels_that_are_never_favourable_are_no_all_clear() -> None:
    stream = [make_observation(attributes={ATTRIBUTE: g}, decision="yes", label="default") for g in "ab"] * 40
    assert "predictive_parity" not in figures(stream)


def test_large_scores_show_no_gap_by_rounding() -> None:
    draw = random.Random(1)
    alarms = 0
    for _ in range(40):
        stream = [
            make_observation(attributes={ATTRIBUTE: g}, decision_score=1.7e9 + draw.gauss(0.0, 10.0))
            for g in "ab"
            for _ in range(50)
        ]
        alarms += figures(stream)["mean_gap"].lower > 0.0
    assert alarms <= 4


def test_an_attribute_with_the_name_of_an_intersection_counts_in_none() -> None:
    made = BiasAggregator(intersections=[["g", "h"]])
    stream = [make_observation(attributes={"g": "a", "h": "b", "g+h": "a+b"}, decision="yes")]
    assert sum(state_of(made, stream)["g+h"]["a+b"][:12:2]) == 1.0
