"""Rates of the last ten seconds, whoever asks and however seldom."""

from __future__ import annotations

import pytest

from agent.clock import ManualClock
from agent.metrics import Metrics, new_registry
from agent.windows.engine import WindowEngine
from streams.console import ConsoleWatch
from streams.console.rates import Rates


class Bench:
    """Counters of events, with a watch that the tap tells of each second."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.metrics = Metrics(new_registry(), clock=self.clock)
        windows = WindowEngine([], self.clock)
        self.watch = ConsoleWatch(lambda: windows, self.metrics, self.clock, 900.0, marks=True)

    @property
    def rates(self) -> Rates:
        return self.watch.rates

    def seconds(self, count: int, events: int, lag_seconds: float = 0.1) -> None:
        for _ in range(count):
            for _ in range(events):
                self.metrics.event_decoded("model", "native")
                self.metrics.event_lag("model", lag_seconds)
            self.clock.advance(1.0)
            self.watch.sample(())


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_backlog_that_is_done_is_over_also_for_whoever_asks_first(bench: Bench) -> None:
    bench.seconds(3, events=500, lag_seconds=7200.0)
    bench.seconds(40, events=5)
    found = bench.rates.recent()
    assert found.events_per_second == pytest.approx(5.0)
    assert found.lag_seconds == pytest.approx(0.1)


def test_nothing_for_ten_seconds_is_no_rate_and_no_lag(bench: Bench) -> None:
    bench.seconds(3, events=500, lag_seconds=7200.0)
    bench.seconds(9, events=0)
    assert bench.rates.recent().lag_seconds == pytest.approx(7200.0)
    bench.seconds(2, events=0)
    assert bench.rates.recent() == (0.0, None)


def test_asking_changes_nothing(bench: Bench) -> None:
    bench.seconds(20, events=10)
    bench.clock.advance(0.5)
    found = [bench.rates.recent() for _ in range(50)]
    assert set(found) == {found[0]}
    assert found[0].events_per_second == pytest.approx(10.0, rel=0.06)


def test_before_the_first_look_it_is_the_mean_since_the_start(bench: Bench) -> None:
    for _ in range(60):
        bench.metrics.event_decoded("model", "native")
    bench.clock.advance(20.0)
    assert bench.rates.recent().events_per_second == pytest.approx(3.0)


def test_a_pause_of_the_looks_leaves_the_last_one(bench: Bench) -> None:
    bench.seconds(30, events=100)
    for _ in range(60):
        bench.metrics.event_decoded("model", "native")
    bench.clock.advance(30.0)
    assert bench.rates.recent().events_per_second == pytest.approx(2.0)


def test_few_looks_are_kept(bench: Bench) -> None:
    bench.seconds(1000, events=1)
    assert len(bench.rates._looks) <= 12


def test_a_model_that_gives_its_place_to_another_takes_no_time_with_it() -> None:
    clock = ManualClock()
    metrics = Metrics(new_registry(), clock=clock, model_budget=1)
    rates = Rates(metrics, clock)
    for _ in range(100):
        metrics.event_lag("before", 3.0)
    clock.advance(5.0)
    rates.look()
    metrics.forget_model("before")
    for number in range(120):
        metrics.event_lag("after", 0.5)
        assert number or "before" not in {labels[0] for labels in metrics.timings("harmwatch_event_lag_seconds")}
    clock.advance(11.0)
    assert rates.recent().lag_seconds == pytest.approx(0.5)
