"""Many series side by side."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.drift.places import SILENT_SECONDS
from agent.drift.reference import CategoryReference, NumberReference
from agent.drift.reference_file import References
from agent.drift.series import Series
from agent.drift.watch import DriftWatch, WatchPlan
from agent.errors import ConfigError

EVERYBODY = Series("loans", "output.score")
WOMEN = Series("loans", "output.score", "gender", "female")


def feed(watch: DriftWatch, series: Series, values: list[float] | list[str], start: float = 0.0) -> list[str]:
    return [name for at, value in enumerate(values) for name in watch.observe(series, value, start + at)]


def test_the_first_observations_make_the_reference_and_measure_the_rate() -> None:
    generator = np.random.default_rng(0)
    watch = DriftWatch(WatchPlan(first=200, ert_hours=24.0))
    assert feed(watch, EVERYBODY, generator.random(199).tolist()) == []
    assert list(watch.readings()) == []
    feed(watch, EVERYBODY, generator.random(1).tolist(), 199.0)
    ((series, detector, reading),) = watch.readings()
    assert (series, detector, reading.observations) == (EVERYBODY, "cusum", 0)
    # An event a second: 24 hours of one of at most 64 series.
    faster = DriftWatch(WatchPlan(first=200, ert_hours=24.0, events_per_hour=3_600.0 * 200.0 / 199.0))
    feed(faster, EVERYBODY, generator.random(200).tolist())
    assert next(faster.readings())[2].threshold == pytest.approx(reading.threshold, rel=1e-3)


@pytest.mark.parametrize("wrong", [0.0, 250_000_000_000.0])
def test_a_few_events_with_a_wrong_clock_do_not_make_traffic_look_thin(wrong: float) -> None:
    """Events are stamped by strangers: one of 1970 among the first made the run time twenty observations, for good."""
    thresholds = []
    for broken in (0, 9):
        generator = np.random.default_rng(0)
        watch = DriftWatch(WatchPlan(first=200))
        for at, value in enumerate(generator.random(1_200).tolist()):
            time = wrong if at % 20 < (broken > 0) and at < 20 * broken else 1.7e9 + at
            assert watch.observe(EVERYBODY, value, time) == []
        ((_, _, reading),) = watch.readings()
        thresholds.append(reading.threshold)
    assert thresholds[1] == pytest.approx(thresholds[0], rel=0.01)


def test_drift_of_one_group_is_reported_for_that_group_alone() -> None:
    generator = np.random.default_rng(1)
    men = Series("loans", "output.score", "gender", "male")
    watch = DriftWatch(WatchPlan(first=300, numbers=("cusum", "ks")))
    for series in (WOMEN, men):
        feed(watch, series, generator.normal(size=300).tolist())
    assert set(feed(watch, WOMEN, generator.normal(1.0, 1.0, 600).tolist())) == {"cusum", "ks"}
    assert feed(watch, men, generator.normal(size=600).tolist()) == []
    assert {(one.label, name) for one, name, reading in watch.readings() if reading.detections} == {
        ("output.score[gender=female]", "cusum"),
        ("output.score[gender=female]", "ks"),
    }


def test_a_given_reference_serves_everybody_at_once_and_groups_learn_their_own() -> None:
    given = References({"output.score": NumberReference.of(np.linspace(0.0, 1.0, 500))})
    watch = DriftWatch(WatchPlan(first=50, events_per_hour=100.0), given)
    assert feed(watch, EVERYBODY, [5.0] * 60) != []
    assert feed(watch, WOMEN, [5.0] * 60) == []
    with pytest.raises(ConfigError, match="events_per_hour"):
        DriftWatch(WatchPlan(), given)


def test_categories_are_watched_by_their_own_detectors() -> None:
    generator = np.random.default_rng(2)
    watch = DriftWatch(WatchPlan(first=400, categories=("chi_square", "fisher"), events_per_hour=1_000.0))
    channel = Series("loans", "input.channel")
    assert feed(watch, channel, generator.choice(["web", "app"], 400, p=[0.8, 0.2]).tolist()) == []
    assert set(feed(watch, channel, generator.choice(["web", "app"], 600, p=[0.3, 0.7]).tolist())) == {
        "chi_square",
        "fisher",
    }


def test_a_word_that_comes_first_does_not_blind_the_detectors_of_numbers() -> None:
    """As of a sender that writes "n/a" for what it does not know: all 3,000 numbers were left out, and the drift."""
    draw = Random(1)
    watch = DriftWatch(WatchPlan(first=1_000))
    assert feed(watch, EVERYBODY, ["n/a"]) == []
    for at in range(2_000):
        watch.observe(EVERYBODY, "n/a" if at % 50 == 0 else draw.random(), float(at))
    assert "cusum" in feed(watch, EVERYBODY, [0.5 + draw.random() for _ in range(1_000)], 2_000.0)
    ((_, detector, reading),) = watch.readings()
    assert (detector, reading.observations) == ("cusum", 2_000 - 40 - 1_000 + 1_000)


def test_a_series_takes_what_its_first_values_were() -> None:
    watch = DriftWatch(WatchPlan(first=20))
    feed(watch, EVERYBODY, [1.0] * 19)
    feed(watch, EVERYBODY, ["x", "y"])
    assert list(watch.readings()) == []
    feed(watch, EVERYBODY, [float("nan"), 2.0])
    assert len(list(watch.readings())) == 1
    given = DriftWatch(WatchPlan(events_per_hour=9.0), References({"output.score": CategoryReference.of(["a"])}))
    assert feed(given, EVERYBODY, [1.0] * 100) == []
    assert next(given.readings())[2].observations == 0


def test_strangers_cannot_make_it_grow() -> None:
    watch = DriftWatch(WatchPlan(first=20, max_series_per_model=3, max_models=2))
    for model in ("a", "b", "a", "c"):
        for number in range(5):
            feed(watch, Series(model, f"f{number}"), [1.0] * 20)
    assert len(list(watch.readings())) == 6
    assert {series.model for series, _, _ in watch.readings()} == {"a", "b"}


def test_more_models_than_places_take_no_detector_from_those_that_came_first() -> None:
    watch = DriftWatch(WatchPlan(first=50, max_models=8))
    for turn in range(60):
        for number in range(9):
            watch.observe(Series(f"m{number}", "output.score"), turn % 7 / 7.0, float(turn))
    assert {series.model for series, _, _ in watch.readings()} == {f"m{number}" for number in range(8)}


def test_a_model_that_was_silent_for_a_day_makes_place_and_is_learnt_anew() -> None:
    clock = ManualClock(0.0)
    watch = DriftWatch(WatchPlan(first=20, max_models=2), clock=clock)
    for model in ("a", "b"):
        feed(watch, Series(model, "output.score"), [1.0] * 20)
    clock.advance(SILENT_SECONDS - 1.0)
    feed(watch, Series("b", "output.score"), [1.0])
    feed(watch, Series("c", "output.score"), [1.0] * 20)
    assert {series.model for series, _, _ in watch.readings()} == {"a", "b"}
    clock.advance(1.0)
    # A time that an event gives, however far off, makes nobody look silent.
    feed(watch, Series("c", "output.score"), [1.0] * 20, start=1e12)
    feed(watch, Series("a", "output.score"), [1.0] * 20, start=1e12)
    assert {series.model for series, _, _ in watch.readings()} == {"b", "c"}


def test_features_and_groups_of_events_leave_places_for_scores() -> None:
    watch = DriftWatch(WatchPlan(first=20, max_series_per_model=8))
    for number in range(50):
        feed(watch, Series("a", f"input.features.f{number}"), [1.0] * 20)
        feed(watch, Series("a", "output.score", "sex", f"g{number}"), [1.0] * 20)
    for number in range(7):
        feed(watch, Series("a", f"output.category{number}"), [1.0] * 20)
    # Everybody's output.score, which has the eighth place, was not fed.
    watched = [series.label for series, _, _ in watch.readings()]
    assert sorted(watched) == [f"output.category{number}" for number in range(7)]


def test_everybodys_features_have_places_whatever_comes_first() -> None:
    """Of scores, components and groups in any order; and no group is watched in part."""
    scores = [f"output.category{number}" for number in range(4)]
    components = ["output.embedding.0", "output.embedding.1"]
    groups = [(None, None), *(("gender", name) for name in ("female", "male", "other"))]
    everything = [Series("a", feature, *group) for feature in scores + components for group in groups]
    for seed in range(30):
        watch = DriftWatch(WatchPlan(first=20, max_series_per_model=16, components=2))
        Random(seed).shuffle(everything)
        for _ in range(40):
            for series in everything:
                watch.observe(series, 1.0, 0.0)
        watched = {series for series, _, _ in watch.readings()}
        assert {series.feature for series in watched if series.attribute is None} == {*scores, *components}
        by_group = Counter((series.attribute, series.group) for series in watched if series.attribute is not None)
        # Each takes six of the twelve places that everybody's four scores leave.
        assert sorted(by_group.values()) == [6, 6]


FED = st.tuples(
    st.sampled_from(["output.a", "output.b", "output.embedding.0", "input.features.x", "input.features.y"]),
    st.sampled_from([None, "f", "m", "o"]),
)


@given(fed=st.lists(FED, max_size=40), most=st.integers(1, 12), components=st.integers(0, 2))
def test_no_more_are_watched_than_the_run_time_is_shared_out_among(
    fed: list[tuple[str, str | None]], most: int, components: int
) -> None:
    plan = WatchPlan(first=20, max_series_per_model=most, components=components)
    watch = DriftWatch(plan, clock=ManualClock(0.0))
    for feature, group in fed:
        watch.observe(Series("a", feature) if group is None else Series("a", feature, "sex", group), 1.0, 0.0)
        watched = watch._made.get("a", {})
        assert len(watched) <= plan.places
        assert all(map(watch.places.holds, watched))


def test_the_run_time_is_shared_out_among_components_too() -> None:
    def threshold(plan: WatchPlan) -> float:
        watch = DriftWatch(plan)
        feed(watch, Series("chat", "output.toxicity"), [float(number) for number in range(20)])
        return next(watch.readings())[2].threshold

    plan = WatchPlan(first=20, events_per_hour=1_000.0, max_series_per_model=8, components=8)
    assert threshold(plan) == threshold(plan._replace(max_series_per_model=16, components=0))


def test_what_has_no_place_is_counted_and_named() -> None:
    watch = DriftWatch(WatchPlan(first=20, max_series_per_model=1, max_models=1))
    for series in (EVERYBODY, WOMEN, WOMEN, Series("chat", "output.toxicity")):
        feed(watch, series, [1.0])
    assert watch.places.take_observations() == {"series": 2, "models": 1}
    assert watch.places.take_names() == (["chat"], ["loans: output.score[gender=female]"])
    assert watch.places.take_observations() == {}
    assert watch.places.take_names() == ([], [])


@pytest.mark.parametrize("feature", ["input.features.user.embedding", "output.features.my.embedding.3", "x.embedding"])
def test_features_of_events_with_such_a_name_are_no_embeddings(feature: str) -> None:
    assert not Series("a", feature).is_of_embeddings
    assert not Series("a", feature).is_component
    assert Series("a", "input.embedding").is_of_embeddings
    assert Series("a", "output.embedding.12").is_component


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_values_that_are_not_finite_make_no_reference(value: float) -> None:
    watch = DriftWatch(WatchPlan(first=20))
    assert feed(watch, EVERYBODY, [value] * 50) == []
    assert list(watch.readings()) == []
    feed(watch, EVERYBODY, [1.0] * 20)
    assert len(list(watch.readings())) == 1


def test_thin_traffic_and_bursts_have_a_detector_all_the_same() -> None:
    watch = DriftWatch(WatchPlan(first=20, ert_hours=0.001, events_per_hour=0.001, numbers=("ks",)))
    feed(watch, EVERYBODY, [1.0] * 21)
    burst = DriftWatch(WatchPlan(first=20, ert_hours=1e6))
    for _ in range(21):
        burst.observe(EVERYBODY, 1.0, 5.0)
    assert [reading.observations for one in (watch, burst) for _, _, reading in one.readings()] == [1, 1]


def test_detectors_are_checked_at_the_start() -> None:
    with pytest.raises(ConfigError, match="chi_square is not fed with a number"):
        DriftWatch(WatchPlan(numbers=("chi_square",)))
    with pytest.raises(ConfigError, match="no drift detector"):
        DriftWatch(WatchPlan(categories=("voodoo",)))
    with pytest.raises(ConfigError, match="first"):
        DriftWatch(WatchPlan(first=3))


def test_series_of_embeddings_have_their_share_of_the_events() -> None:
    def threshold(feature: str, share: float, rate: float) -> float:
        watch = DriftWatch(WatchPlan(first=20, events_per_hour=rate, embedded_share=share))
        feed(watch, Series("chat", feature), [float(number) for number in range(20)])
        ((_, _, reading),) = watch.readings()
        return reading.threshold

    assert threshold("output.embedding.0", 0.1, 1_000.0) == threshold("output.toxicity", 1.0, 100.0)
    assert threshold("output.toxicity", 0.1, 1_000.0) > threshold("output.embedding.0", 0.1, 1_000.0)
