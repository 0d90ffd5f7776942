"""Many series side by side."""

from __future__ import annotations

import numpy as np
import pytest

from agent.drift.reference import CategoryReference, NumberReference
from agent.drift.reference_file import References
from agent.drift.watch import DriftWatch, Series, WatchPlan
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


def test_a_series_takes_what_its_first_value_was() -> None:
    watch = DriftWatch(WatchPlan(first=20))
    feed(watch, EVERYBODY, [1.0] * 19)
    feed(watch, EVERYBODY, ["x", "y"])
    assert list(watch.readings()) == []
    feed(watch, EVERYBODY, [float("nan"), 2.0])
    assert len(list(watch.readings())) == 1
    given = DriftWatch(WatchPlan(events_per_hour=9.0), References({"output.score": CategoryReference.of(["a"])}))
    assert feed(given, EVERYBODY, [1.0] * 100) == []
    assert next(given.readings())[2].observations == 0


def test_strangers_cannot_make_it_grow(caplog: pytest.LogCaptureFixture) -> None:
    watch = DriftWatch(WatchPlan(first=20, max_series_per_model=3, max_models=2))
    for model in ("a", "b", "a", "c"):
        for number in range(5):
            feed(watch, Series(model, f"f{number}"), [1.0] * 20)
    assert len(list(watch.readings())) == 6
    # b, which was fed before a, has made place for c.
    assert {series.model for series, _, _ in watch.readings()} == {"a", "c"}
    assert len(caplog.records) == 1
    assert "drift.features" in caplog.text


def test_features_and_groups_of_events_leave_places_for_scores() -> None:
    watch = DriftWatch(WatchPlan(first=20, max_series_per_model=8))
    for number in range(50):
        feed(watch, Series("a", f"input.features.f{number}"), [1.0] * 20)
        feed(watch, Series("a", "output.score", "sex", f"g{number}"), [1.0] * 20)
    for number in range(6):
        feed(watch, Series("a", f"output.category{number}"), [1.0] * 20)
    names = [series.feature for series, _, _ in watch.readings()]
    assert len(names) == 8
    assert sum(name.startswith("output.category") for name in names) == 4


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
