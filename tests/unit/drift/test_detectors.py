"""What every detector promises: run time without drift, a delay with it, flat memory, a state that carries on."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from agent.drift import DETECTORS, detector_class
from agent.drift.base import expected_observations
from agent.drift.counted import ChiSquareDetector
from agent.drift.reference import OTHER, CategoryReference, NumberReference, VectorReference, category_code
from agent.errors import ConfigError

OURS = sorted(name for name in DETECTORS if not name.startswith("alibi_"))
ALIBI = sorted(set(DETECTORS) - set(OURS))
WINDOWS = {"ks": {"window": 64}, "psi": {"window": 64}, "chi_square": {"window": 50}, "fisher": {"window": 50}}
ERT = 1_500.0


def values(feeds: str, generator: np.random.Generator, n: int, *, drifted: bool = False) -> list[Any]:
    """Scores with ties and many zeros, categories of which some are rare, or vectors."""
    if feeds == "number":
        scores = np.round(generator.beta(0.5, 5.0, n), 2) * (generator.random(n) < 0.6)
        return (scores + 0.2 * drifted).tolist()
    if feeds == "category":
        shares = [0.2, 0.5, 0.28, 0.02] if drifted else [0.6, 0.3, 0.09, 0.01]
        return [f"c{index}" for index in generator.choice(4, n, p=shares)]
    return list(generator.normal(1.5 * drifted, 1.0, (n, 3)).astype(np.float32))


def reference(feeds: str, generator: np.random.Generator, n: int) -> Any:
    sample = values(feeds, generator, n)
    made = {"number": NumberReference.of, "category": CategoryReference.of, "vector": VectorReference}
    return made[feeds](sample)


def detector(name: str, n: int = 300, ert: float = ERT, seed: int = 0) -> tuple[Any, np.random.Generator]:
    made = detector_class(name)
    generator = np.random.default_rng((seed, 17))
    return made(reference(made.feeds, generator, n), ert, seed=seed, **WINDOWS.get(name, {})), generator


def run(one: Any, generator: np.random.Generator, **options: Any) -> int:
    """Observations until the first report."""
    fed = 0
    while True:
        for value in values(one.feeds, generator, 500, **options):
            fed += 1
            if one.observe(value):
                return fed


def test_every_row_is_a_detector_of_that_name() -> None:
    assert {name: detector_class(name).name for name in DETECTORS} == {name: name for name in DETECTORS}
    with pytest.raises(ConfigError, match="no drift detector named 'voodoo'"):
        detector_class("voodoo")


@pytest.mark.parametrize("name", OURS)
def test_runs_without_drift_are_as_long_as_configured(name: str) -> None:
    runs = [run(*detector(name, seed=seed)) for seed in range(150)]
    # The mean of 150 exponential runs has a standard error of 8 %; this is three of them. The bench is finer.
    assert np.mean(runs) == pytest.approx(ERT, rel=0.25)


@pytest.mark.parametrize("name", OURS)
def test_drift_is_reported_soon_and_again(name: str) -> None:
    one, generator = detector(name, n=1_000, ert=20_000.0)
    for _ in range(3):
        assert run(one, generator, drifted=True) < 400
    assert one.reading().detections == 3
    assert one.reading().threshold > 0.0


@pytest.mark.parametrize("name", [name for name in OURS if name != "cusum"])  # its chart starts again with the report
def test_the_reading_reaches_its_threshold_when_drift_is_reported_and_only_then(name: str) -> None:
    one, generator = detector(name, ert=3_000.0)
    for value in values(one.feeds, generator, 20_000):
        reported = one.observe(value)
        reading = one.reading()
        if reported:
            assert reading.statistic >= reading.threshold
    assert one.reading().observations == 20_000


@pytest.mark.parametrize("name", OURS)
def test_memory_does_not_grow(name: str) -> None:
    one, generator = detector(name)
    batch = values(one.feeds, generator, 10_000)
    for value in batch:
        one.observe(value)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for value in batch:
            one.observe(value)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 20_000


@pytest.mark.parametrize("name", [name for name in OURS if detector_class(name).feeds == "number"])
def test_what_is_no_number_is_left_out(name: str) -> None:
    one, _ = detector(name)
    assert not one.observe(float("nan"))
    assert one.reading().observations == 0
    one.observe(float("inf"))
    assert one.reading().observations == 1


@pytest.mark.parametrize("name", ["ks", "psi", "chi_square", "fisher"])
def test_windows_and_run_times_are_checked(name: str) -> None:
    made = detector_class(name)
    known = reference(made.feeds, np.random.default_rng(0), 100)
    with pytest.raises(ConfigError, match="window"):
        made(known, 1e5, window=10)
    with pytest.raises(ConfigError, match="run time"):
        made(known, 300.0, window=64)


def test_categories_that_are_new_count_together_in_a_few_bins() -> None:
    one, generator = detector("chi_square", n=2_000, ert=20_000.0)
    for _ in range(100):
        one.observe(f"never seen {generator.integers(1_000_000)}")
    assert one.reading().detections == 2
    assert len(one._past) == 4 + 16


@pytest.mark.parametrize("known", [20, 300, 1_000])
def test_many_categories_that_a_reference_met_or_did_not_meet_are_no_drift(known: int) -> None:
    """Two hundred cities, each as frequent as the others: every run was reported with its first window, since those
    that the reference had met were too frequent in it. An ert of ten windows stands for one run in ten."""
    first = 0
    for seed in range(60):
        generator = np.random.default_rng((seed, known))
        cities = [f"city {number}" for number in generator.integers(200, size=known + 256).tolist()]
        one = ChiSquareDetector(CategoryReference.of(cities[:known]), 2_560.0, seed=seed)
        first += any(map(one.observe, cities[known:]))
    assert first <= 13  # 6 are expected


def test_a_change_among_many_rare_categories_is_found() -> None:
    generator = np.random.default_rng(3)
    known = [f"city {number}" for number in generator.integers(200, size=2_000).tolist()]
    one = ChiSquareDetector(CategoryReference.of(known), 100_000.0)
    assert any(one.observe(f"city {number}") for number in generator.integers(20, size=512).tolist())


def test_a_reference_without_bins_takes_what_is_rare_together() -> None:
    generator = np.random.default_rng(4)
    cities = [f"city {number}" for number in generator.integers(200, size=1_000).tolist()]
    old = CategoryReference(CategoryReference.of(cities).counts)
    one = ChiSquareDetector(old, 25_600.0)
    assert not any(one.observe(f"city {number}") for number in generator.integers(200, size=2_560).tolist())


class _Counting(ChiSquareDetector):
    """Counts the windows that it draws at random."""

    drawn = 0

    def _splits(self, pool: Any, draws: int) -> Any:
        self.drawn += draws
        return super()._splits(pool, draws)


def test_a_drift_that_lasts_costs_little() -> None:
    """The p-value of a window that nobody could take for chance is not asked of hundreds of thousands of draws."""
    calm, changed = ["a", "b", "c"] * 400, ["a"] * 5_120
    one = _Counting(CategoryReference.of(calm), 2e8)
    for value in changed:
        one.observe(value)
    assert one.reading().detections == len(changed) // one.default_window
    assert one.drawn <= 2_200 * one.reading().detections


def test_categories_that_are_all_one_never_report_more_often_than_configured() -> None:
    one = detector_class("chi_square")(CategoryReference.of(["a"] * 100), 1_000.0, window=50)
    reports = sum(one.observe("a") for _ in range(100_000))
    assert 60 < reports < 145


def test_fisher_counts_the_category_that_it_is_told_to() -> None:
    known = CategoryReference.of(["a"] * 700 + ["b"] * 200 + ["c"] * 100)
    watching_c, watching_a = (detector_class("fisher")(known, 1e4, window=50, category=name) for name in "ca")
    stream = (["a"] * 35 + ["c"] * 15) * 4
    assert sum(map(watching_c.observe, stream)) == 4
    assert sum(map(watching_a.observe, stream)) == 0


def test_fisher_counts_a_category_where_most_are_too_rare_to_be_told_apart() -> None:
    """Of 400 equally frequent ones fifty are told apart, so most are the rest: compared with itself it never drifts."""
    draw = np.random.default_rng(5)
    reference = CategoryReference.of([f"c{number}" for number in draw.integers(400, size=5_000)])
    favourite = detector_class("fisher")(reference, 100_000.0)
    often = max((name for name in (f"c{number}" for number in range(400))), key=lambda name: _count(reference, name))
    assert any(favourite.observe(often) for _ in range(512))
    alone = detector_class("fisher")(CategoryReference({OTHER: 100}), 100_000.0)
    assert not any(alone.observe("a") for _ in range(512))


def _count(reference: CategoryReference, name: str) -> int:
    return reference.counts.get(category_code(name), 0)


def test_run_times_in_hours() -> None:
    assert expected_observations(24.0, 1_000.0, features=10) == 240_000.0
    with pytest.raises(ConfigError, match="greater than 0"):
        expected_observations(24.0, 0.0)


@pytest.mark.layer("drift")
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ALIBI)
def test_alibi_detects_histories_are_cut_and_its_reports_pass_on(name: str) -> None:
    generator = np.random.default_rng(1)
    dimensions = 1 if name == "alibi_cvm" else 3
    one = detector_class(name)(
        VectorReference(generator.normal(size=(150, dimensions))), 100.0, window=10, bootstraps=200, seed=1
    )
    for vector in generator.normal(size=(320, dimensions)):
        one.observe(vector)
    assert len(one._inner().test_stats) <= 257
    assert len(getattr(one._inner(), "xs", ())) <= 267
    before = one.reading().detections
    fed = 0
    while one.reading().detections < before + 2:
        one.observe(generator.normal(3.0, size=dimensions))
        fed += 1
        assert fed < 100
    assert not one.observe(np.full(dimensions + 1, 0.0))
    assert not one.observe(np.full(dimensions, np.nan))
    with pytest.raises(ConfigError, match="at least ten windows"):
        detector_class(name)(VectorReference(np.zeros((20, dimensions))), 100.0)
