from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ConfigError, StateError
from agent.windows import aggregator_class
from agent.windows.base import Component, FinishContext
from agent.windows.harm import HarmAggregator, HarmMeasurement
from agent.windows.index import harm_index
from tests.unit.windows.builders import make_observation, merged, observations, state_of

CONTEXT = FinishContext("m", 60.0)


def measured(*stream: object, **options: int) -> HarmMeasurement:
    made = HarmAggregator(**options)
    return made.finish(state_of(made, list(stream)), CONTEXT)  # type: ignore[arg-type]


def components(measurement: HarmMeasurement) -> dict[str, Component]:
    return {component.name: component for component in measurement.components}


def test_shares_have_the_scored_events_as_denominator() -> None:
    stream = [make_observation() for _ in range(30)]
    stream += [make_observation(dimensions=("privacy",), categories=(("output", "pii.email"),), leaked=True)] * 10
    stream += [make_observation(directions=(), missing=2)] * 10  # nothing scored
    found = measured(*stream)
    assert found.events == 50
    assert found.missing == 20
    assert found.leaks == 10
    assert found.scored == {"input": 40, "output": 40}
    assert found.categories == {"output": {"pii.email": 10}}
    privacy = components(found)["privacy"]
    assert (privacy.value, privacy.count, privacy.sufficient) == (0.25, 40, True)
    assert components(found)["output"].value == 0.0
    assert 0.0 < components(found)["output"].upper < 0.1  # no finding is not no harm
    assert found.any_share.value == 0.25


def test_missing_is_not_safe() -> None:
    found = measured(make_observation(directions=(), missing=3))
    assert [c.value for c in found.components] == [None, None, None]
    assert not any(c.sufficient for c in found.components)


@pytest.mark.parametrize(
    ("others", "without"),
    [
        ([], True),
        ([{}], False),
        ([{"directions": ("input",), "scored_dimensions": ("privacy",)}], False),
        ([{"directions": (), "scored_dimensions": (), "missing": 1}], False),
        ([{"directions": (), "scored_dimensions": (), "unread": True}], False),
    ],
)
def test_whether_there_were_texts(others: list[dict[str, Any]], without: bool) -> None:
    decisions = [make_observation(directions=(), scored_dimensions=(), decision="approved")] * 50
    assert measured(*decisions, *(make_observation(**over) for over in others)).without_texts is without


def test_no_events_are_not_events_without_texts() -> None:
    assert not measured().without_texts


def test_a_dimension_whose_scorer_failed_has_its_own_denominator() -> None:
    full = make_observation(scored_dimensions=("output", "privacy", "adversarial"), dimensions=("privacy",))
    partial = make_observation(scored_dimensions=("output", "adversarial"), missing=1)
    found = components(measured(full, partial))
    assert found["privacy"].value == 1.0
    assert found["output"].count == 2


def test_two_halves_count_one_event() -> None:
    first = make_observation(directions=("input",), dimensions=("adversarial",), categories=(("input", "injection"),))
    second = make_observation(
        new_event=False, directions=("output",), dimensions=("output",), harmful_before=True, scored_dimensions=()
    )
    found = measured(first, second)
    assert (found.events, found.harmful_any) == (1, 1)
    assert found.harmful == {"bias": 0, "output": 1, "privacy": 0, "adversarial": 1}


def test_sampling_keeps_the_share_and_widens_the_interval() -> None:
    plain = components(measured(*[make_observation(dimensions=("output",))] * 10, *[make_observation()] * 30))
    sampled = components(
        measured(
            *[make_observation(dimensions=("output",), weight=4.0)] * 5,
            *[make_observation(weight=4.0)] * 15,
        )
    )
    assert sampled["output"].value == plain["output"].value == 0.25
    assert (plain["output"].count, sampled["output"].count) == (40, 20)
    assert sampled["output"].upper > plain["output"].upper
    assert not sampled["output"].sufficient


@given(st.lists(observations(), max_size=20))
def test_shares_stay_in_range_whatever_comes(stream: list) -> None:
    found = measured(*stream)
    for component in (*found.components, found.any_share):
        assert 0.0 <= component.lower <= component.upper <= 1.0
        assert component.value is None or component.lower <= component.value <= component.upper


@given(st.lists(observations(), max_size=10), st.lists(observations(), max_size=10), st.lists(observations()))
def test_bounded_categories_merge_in_any_order(a: list, b: list, c: list) -> None:
    made = HarmAggregator(max_categories=2)
    x, y, z = (state_of(made, stream) for stream in (a, b, c))
    assert merged(made, merged(made, x, y), z) == merged(made, x, merged(made, z, y)) == state_of(made, c + a + b)
    assert len(merged(made, x, y, z)["categories"]) <= 3


def test_a_state_of_another_shape_is_refused() -> None:
    made = HarmAggregator()
    with pytest.raises(StateError):
        made.merge(made.empty(), {"counts": [1.0], "categories": {}})


def test_unknown_aggregator() -> None:
    with pytest.raises(ConfigError, match="harm"):
        aggregator_class("nonesuch")


def component(name: str, value: float | None, lower: float = 0.0, upper: float = 1.0, ok: bool = True) -> Component:
    return Component(name, value, lower, upper, 100.0, ok)


def test_index_sums_and_unites() -> None:
    found = harm_index(
        [
            component("output", 0.5, 0.4, 0.6),
            component("privacy", 0.5, 0.3, 0.7),
            component("adversarial", 0.0, 0.0, 0.1),
            component("bias", None, 0.0, 0.0, False),
        ]
    )
    assert found is not None
    assert (found.sum.value, found.sum.lower) == pytest.approx((1.0, 0.7))
    assert found.sum.upper == pytest.approx(1.4)
    assert (found.union.value, found.union.lower) == pytest.approx((0.75, 0.58))
    assert found.measured == ("output", "privacy", "adversarial")
    assert found.sufficient


def test_index_of_nothing_is_no_index() -> None:
    assert harm_index([component("output", None)]) is None
    partial = harm_index([component("output", 0.1)])
    assert partial is not None
    assert not partial.sufficient  # privacy and adversarial were not measured


def test_index_of_a_model_without_texts_is_its_bias() -> None:
    silent = [component(name, None, ok=False) for name in ("output", "privacy", "adversarial")]
    found = harm_index([component("bias", 0.2, 0.1, 0.3), *silent], without_texts=True)
    assert found is not None and found.sufficient
    assert (found.sum.value, found.sum.lower, found.sum.upper, found.union.value) == pytest.approx((0.2, 0.1, 0.3, 0.2))
    few = harm_index([component("bias", 0.0, ok=False), *silent], without_texts=True)
    assert few is not None and not few.sufficient
    assert harm_index([component("bias", None, ok=False), *silent], without_texts=True) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4))
def test_index_stays_in_range(parts: list[tuple[float, float, float]]) -> None:
    made = [component("output", v, lo, hi) for lo, v, hi in map(sorted, parts)]
    found = harm_index(made)
    assert found is not None
    assert 0.0 <= found.sum.lower <= found.sum.value <= found.sum.upper <= 4.0
    slack = 1e-12
    assert -slack <= found.union.lower <= found.union.value + slack <= found.union.upper + 2 * slack <= 1.0 + 3 * slack
    assert found.union.value <= found.sum.value + slack


def test_state_of_version_1_is_read_and_means_what_it_meant() -> None:
    made = HarmAggregator()
    stream = [make_observation(dimensions=("privacy",) if n % 4 == 0 else ()) for n in range(40)]
    now = state_of(made, stream)
    before = {"counts": now["counts"][:20], "categories": now["categories"]}  # without squares of harmful events
    restored = made.empty()
    made.merge(restored, before)  # type: ignore[arg-type]
    assert restored == now
    with pytest.raises(StateError):
        made.merge(made.empty(), {"counts": now["counts"][:19], "categories": {}})  # type: ignore[typeddict-item]


def test_weights_widen_the_interval() -> None:
    one = measured(*[make_observation(dimensions=("privacy",) if n % 4 == 0 else ()) for n in range(400)])
    few = [make_observation(dimensions=("privacy",) if n % 4 == 0 else (), weight=10.0) for n in range(40)]
    found = components(measured(*few))["privacy"]
    all_of_them = components(one)["privacy"]
    assert found.value == all_of_them.value == 0.25
    assert (found.count, all_of_them.count) == (pytest.approx(40.0), 400.0)
    assert found.upper - found.lower > 2.5 * (all_of_them.upper - all_of_them.lower)
