from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.windows.base import FinishContext, Observation
from agent.windows.bias import BiasAggregator
from agent.windows.bounded import REST
from agent.windows.disparity import BiasMeasurement, Disparity, measure
from tests.unit.windows.builders import group_counts, make_observation, merged, observations, state_of

CONTEXT = FinishContext("m", 3600.0)


def decisions(group: str, yes: int, no: int, attribute: str = "gender", **over: object) -> list[Observation]:
    made = [make_observation(attributes={attribute: group}, decision="approved", **over)] * yes
    return made + [make_observation(attributes={attribute: group}, decision="denied", **over)] * no


def measured(stream: list[Observation], **options: object) -> BiasMeasurement:
    made = BiasAggregator(**options)  # type: ignore[arg-type]
    return made.finish(state_of(made, stream), CONTEXT)


def disparity(found: BiasMeasurement, name: str, attribute: str = "gender") -> Disparity:
    (entry,) = [a for a in found.attributes if a.attribute == attribute]
    (one,) = [d for d in entry.disparities if d.measure == name]
    return one


def test_spd_and_dir_of_two_groups() -> None:
    found = measured(decisions("male", 56, 14) + decisions("female", 48, 32))
    spd = disparity(found, "spd")
    # The first row of Newcombe 1998, table II, one pair, so no correction; method 10 gives 0.0524 and 0.3339, of
    # intervals that are not cautious towards the ends (`cautious_share`).
    assert (spd.value, spd.lower, spd.upper) == pytest.approx((0.2, 0.0507, 0.3368), abs=5e-5)
    assert (spd.favoured, spd.disfavoured, spd.pairs) == ("male", "female", 1)
    ratio = disparity(found, "dir")
    assert ratio.value == pytest.approx(0.75)
    assert ratio.lower < 0.75 < ratio.upper < 1.0
    assert (found.component.value, found.component.lower) == (spd.value, spd.lower)
    assert found.component.sufficient


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.99, 0.999])
def test_one_decision_of_a_small_group_that_is_rare_among_all_is_no_disparity(rate: float) -> None:
    """Eleven groups of thirty beside one of ten thousand: of windows without bias 30 % had one at rates of 0.999."""
    draw = random.Random(3)
    found = 0
    for _ in range(150):
        groups = []
        for place, size in enumerate([30] * 11 + [10_000]):
            hits = sum(draw.random() < rate for _ in range(size))
            groups.append(group_counts(f"g{place}", float(hits), float(size - hits)))
        (attribute,) = measure({"group": groups}, 30).attributes
        disparities = {one.measure: one for one in attribute.disparities}
        found += disparities["spd"].lower > 0.0 or ("dir" in disparities and disparities["dir"].upper < 1.0)
    assert found <= 7  # 5 % are promised at the most


def test_correction_counts_all_pairs_of_all_attributes() -> None:
    one = decisions("male", 56, 14) + decisions("female", 48, 32)
    more = one + [o for region in "abc" for o in decisions(region, 25, 15, "region")]
    narrow, wide = disparity(measured(one), "spd"), disparity(measured(more), "spd")
    assert wide.pairs == 4
    assert wide.lower < narrow.lower
    assert wide.upper > narrow.upper


def test_chinese_decisions_and_groups() -> None:
    stream = [make_observation(attributes={"性别": "男"}, decision="通过")] * 40
    stream += [make_observation(attributes={"性别": "女"}, decision="拒绝")] * 40
    assert measured(stream).component.value == 1.0


def test_eod_looks_at_those_who_deserved_it() -> None:
    stream = decisions("male", 40, 0, label="approved") + decisions("female", 20, 20, label="approved")
    stream += decisions("male", 0, 40, label="denied") + decisions("female", 20, 20, label="denied")
    found = measured(stream)
    assert disparity(found, "spd").value == 0.0
    eod = disparity(found, "eod")
    assert (eod.value, eod.favoured) == (0.5, "male")
    assert eod.lower > 0.2


def test_no_labels_no_eod() -> None:
    found = measured(decisions("male", 40, 10) + decisions("female", 10, 40))
    assert {d.measure for d in found.attributes[0].disparities} == {"spd", "dir"}


def test_nothing_to_measure_is_not_parity() -> None:
    assert measured([make_observation()]).component.value is None
    few = measured(decisions("male", 5, 0) + decisions("female", 0, 5))
    assert (few.component.value, few.component.lower, few.component.upper) == (0.0, 0.0, 1.0)
    assert not few.component.sufficient
    assert few.attributes[0].disparities == ()


def test_unknown_favourable_values_are_no_all_clear() -> None:
    stream = [make_observation(attributes={"gender": g}, decision="class_7") for g in ["male", "female"] * 50]
    assert not measured(stream).component.sufficient
    assert measured(stream, favourable={"m": ["CLASS_7 "]}).component.sufficient


def test_score_thresholds() -> None:
    stream = [make_observation(attributes={"gender": "male"}, decision_score=0.8)] * 40
    stream += [make_observation(attributes={"gender": "female"}, decision_score=0.6)] * 40
    assert measured(stream).component.value is None
    assert measured(stream, score_thresholds={"m": 0.7}).component.value == 1.0


def test_sampling_weights_shrink_the_effective_groups() -> None:
    stream = decisions("male", 20, 5, weight=4.0) + decisions("female", 5, 20, weight=4.0)
    found = measured(stream)
    assert not found.component.sufficient  # 25 decisions each, however heavy
    assert found.attributes[0].groups[0].count == 25


def test_flood_of_groups_does_not_displace_the_expected_ones() -> None:
    flood = [make_observation(attributes={"gender": f"g{i}"}, decision="yes") for i in range(500)]
    stream = flood + decisions("male", 40, 10) + decisions("female", 20, 30)
    found = measured(stream, groups={"gender": ["female", "male"]}, max_groups=4)
    assert len(found.attributes[0].groups) == 4
    assert disparity(found, "spd").value == pytest.approx(0.4)
    assert found.uncompared == {"gender": 498 / 600}


def test_what_is_beyond_the_bounds_is_told_as_a_share_of_each_attribute() -> None:
    stream = [make_observation(attributes={"age": f"{20 + i % 40}"}, decision="yes") for i in range(80)]
    stream += [make_observation(attributes={"gender": "male"}, decision="yes")] * 40
    stream += [make_observation(attributes={"region": "north"}, decision="yes")] * 29
    found = measured(stream, max_groups=10)
    assert found.uncompared == {"age": 60 / 80, "gender": 0.0}  # below 30 decisions nothing is said
    named = {"age": ["20"], "gender": [], "region": []}
    beyond = measured([*stream, *stream], groups=named, max_attributes=2, max_groups=10)
    hidden = {"age", "gender", "region"} - set(beyond.uncompared)
    assert len(hidden) == 1
    assert beyond.uncompared["other"] == 1.0


def test_attributes_can_be_limited() -> None:
    stream = [make_observation(attributes={"Gender": "male", "shoe size": "44"}, decision="yes")]
    assert [a.attribute for a in measured(stream, attributes=["gender"]).attributes] == ["gender"]


def test_two_rates_of_zero_leave_the_ratio_open() -> None:
    found = measured(decisions("a", 40, 0) + decisions("b", 0, 40) + decisions("c", 0, 40))
    assert disparity(found, "dir").lower == 0.0


@given(*[st.lists(observations(), max_size=10)] * 3)
def test_bounded_groups_merge_in_any_order(a: list, b: list, c: list) -> None:
    made = BiasAggregator(max_groups=2, max_attributes=2, groups={"gender": ["女"]})
    x, y, z = (state_of(made, stream) for stream in (a, b, c))
    total = merged(made, merged(made, x, y), z)
    assert total == merged(made, z, merged(made, y, x)) == state_of(made, b + c + a)
    assert len(total) <= 3
    assert all(len(groups) <= 3 for groups in total.values())
    assert set(total.get(REST, {REST})) == {REST}


counts = st.tuples(st.integers(0, 200), st.integers(0, 200)).filter(lambda c: sum(c) > 0)


@given(st.lists(counts, min_size=1, max_size=6))
def test_values_lie_in_their_intervals(groups: list[tuple[int, int]]) -> None:
    made = [group_counts(str(i), yes, no) for i, (yes, no) in enumerate(groups)]
    found = measure({"g": made}, 30)
    for one in found.attributes[0].disparities:
        assert 0.0 <= one.lower <= one.value + 1e-12
        assert one.value <= one.upper + 1e-12
        assert one.upper <= 1.0
    assert 0.0 <= found.component.lower <= found.component.upper <= 1.0


def test_lower_bound_keeps_its_promise_at_parity() -> None:
    # Eight groups treated alike: the point value is inflated as its noise floor says, the lower bound is not fooled.
    draw = random.Random(7)
    floors, values, alarms = [], [], 0
    for _ in range(400):
        favourable = [float(sum(draw.random() < 0.3 for _ in range(60))) for _ in range(8)]
        groups = [group_counts(str(g), number, 60.0 - number) for g, number in enumerate(favourable)]
        spd = measure({"g": groups}, 30).attributes[0].disparities[0]
        assert spd.noise_floor is not None
        floors.append(spd.noise_floor)
        values.append(spd.value)
        alarms += spd.lower > 0.0
    assert alarms / 400 <= 0.05
    assert sum(values) / 400 == pytest.approx(sum(floors) / 400, rel=0.1)
    assert sum(values) / 400 > 0.15
