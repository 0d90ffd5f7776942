"""Lag in seconds, of stamps that may lie; and a tap that falls behind, samples, and comes back."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from agent.clock import ManualClock
from agent.config_overload import OverloadConfig
from agent.events import InferenceEvent
from agent.metrics import Metrics, new_registry
from agent.overload.controller import LagSeen
from streams.overload import Arrivals, OverloadWatch
from streams.ports import Partition
from tests.builders import make_event
from tests.unit.pipeline.test_sampling import Bench

P0, P1 = Partition("inference.events", 0), Partition("inference.events", 1)


def seen(*ends: int) -> Arrivals:
    """The partition's ends at seconds 0, 1, 2, ..."""
    arrivals = Arrivals()
    for at, end in enumerate(ends):
        arrivals.note(float(at), end)
    return arrivals


def sampling() -> Watch:
    """A worker that takes half of what comes, and samples."""
    watch = Watch()
    while not watch.sampler.is_sampling:
        watch.second(25, 100)
    for _ in range(5):
        watch.second(50, 100)
    return watch


def test_a_stamp_counts_within_what_is_known_without_it() -> None:
    arrivals = seen(0, 10, 20, 30, 40)  # offset 15 came between seconds 1 and 2
    assert arrivals.age(15, 1.4, 4.0) == pytest.approx(2.6)
    assert arrivals.age(15, 0.1, 4.0) == 3.0, "a stamp of long ago does not make a lag"
    assert arrivals.age(15, 99.0, 4.0) == 2.0, "a stamp to come does not hide one"
    assert arrivals.age(15, 0.0, 4.0) == 2.0, "without a stamp the latest that it can be"


def test_of_what_was_there_before_the_first_look_the_stamp_alone_tells() -> None:
    arrivals = seen(1_000)
    assert arrivals.age(500, 0.0, 10.0) == 10.0
    assert arrivals.age(500, -5000.0, 10.0) == 10.0
    assert arrivals.age(500, 2.0, 3602.0) == 3602.0


def test_memory_is_bounded_and_a_topic_made_anew_is_no_confusion() -> None:
    arrivals = Arrivals()
    for at in range(100_000):
        arrivals.note(float(at), at)
    assert len(arrivals._at) <= 512
    assert arrivals.age(99_990, 99_990.5, 99_999.0) == pytest.approx(8.5)
    arrivals.note(100_000.0, 5)
    assert arrivals.age(4, 99_999.0, 100_001.0) == 2.0


class Watch:
    """A watch over a real sampler, with partitions as the test says."""

    def __init__(self, **overload: Any) -> None:
        self.bench = Bench(overload=overload or {"lag_budget_seconds": 10.0})
        self.clock: ManualClock = self.bench.clock
        self.taken: dict[Partition, tuple[int, float]] = {P0: (0, 0.0)}
        self.ends: dict[Partition, int] = {P0: 0}
        self.lags: dict[Partition, int] = {}
        self.works = True
        sampler = self.bench.pipeline.sampler
        assert sampler is not None
        self.sampler = sampler
        self.metrics = Metrics(new_registry(), clock=self.clock)
        self.watch = OverloadWatch(
            sampler,
            taken=lambda: self.taken,
            told=self,
            works=lambda: self.works,
            metrics=self.metrics,
            clock=self.clock,
        )

    def second(self, takes: int, comes: int, scored: int = 20) -> None:
        """So many records are taken and come."""
        for n in range(scored):
            self.bench.submit(self.event(n))
        self.clock.advance(1.0)
        following = self.taken[P0][0] + takes
        # A hundred come each second: the stamp of a record follows from its offset.
        self.taken[P0] = (
            following,
            self.clock.now() if following >= self.ends[P0] else 1_700_000_000.0 + following / 100.0,
        )
        self.ends[P0] += comes
        self.watch.look()

    def event(self, n: int) -> InferenceEvent:
        return make_event(inference_id=f"{self.clock.now()}-{n}")


def test_a_worker_that_falls_behind_samples_and_says_so() -> None:
    watch = Watch()
    for _ in range(20):
        watch.second(25, 100)
        if watch.sampler.is_sampling:
            break
    assert watch.watch.lag_seconds is not None and 4.0 < watch.watch.lag_seconds < 10.0
    for _ in range(5):
        watch.second(50, 100)
    assert watch.metrics.total("harmwatch_sampling_ratio") < 1.0
    assert watch.metrics.total("harmwatch_shedding") == 1.0


def test_a_steady_share_is_no_shedding_and_nothing_is_told_of_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "streams.overload"):
        watch = Watch(share=0.25)
        for _ in range(30):
            watch.second(100, 100)
    assert watch.metrics.total("harmwatch_sampling_ratio") == pytest.approx(0.25, abs=0.15)
    assert watch.metrics.total("harmwatch_shedding") == 0.0
    assert not caplog.records


def test_a_budget_that_is_taken_back_while_it_samples_ends_it_at_once() -> None:
    watch = sampling()
    assert watch.metrics.total("harmwatch_sampling_ratio") < 1.0
    watch.sampler.revise(OverloadConfig())
    watch.second(50, 100)
    assert watch.metrics.total("harmwatch_sampling_ratio") == 1.0
    assert watch.sampler.ratio == 1.0


def test_that_sampling_has_ended_is_told_in_the_end_however_soon_it_was(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "streams.overload"):
        watch = sampling()
        watch.sampler.revise(OverloadConfig())
        watch.second(50, 100)
        told = [record.getMessage().partition(" ")[0] for record in caplog.records]
        assert told == ["sampling_started"]  # within the same minute
        for _ in range(90):
            watch.second(100, 100)
        told = [record.getMessage().partition(" ")[0] for record in caplog.records]
        assert told == ["sampling_started", "sampling_ended"]


def test_a_worker_that_waits_for_the_broker_does_not_sample() -> None:
    watch = Watch()
    watch.works = False
    for _ in range(60):
        watch.second(25, 100, scored=1)
    assert watch.watch.lag_seconds is not None and watch.watch.lag_seconds > 30.0
    assert not watch.sampler.is_sampling


def test_a_source_that_gives_nothing_though_records_wait_is_not_the_workers_speed() -> None:
    watch = Watch()
    for _ in range(60):
        for turn in range(10):
            watch.watch.polled(turn % 2 == 0)
        watch.second(25, 100, scored=1)
    assert not watch.sampler.is_sampling
    for _ in range(5):
        watch.watch.polled(True)
        watch.second(25, 100)
    assert watch.sampler.is_sampling


def test_lag_that_nobody_tells_is_unknown_and_the_farthest_partition_counts() -> None:
    watch = Watch()
    watch.ends = {}
    watch.watch.look()
    assert watch.watch.lag_seconds is None
    now = watch.clock.now()
    watch.taken = {P0: (10, now), P1: (10, now - 500.0)}
    watch.ends = {P0: 10, P1: 11}
    watch.watch.look()
    watch.clock.advance(7.0)
    watch.watch.look()
    # It was there at the first look, seven seconds ago, and its stamp says more.
    assert watch.watch.lag_seconds == pytest.approx(507.0)


def test_a_change_of_partitions_is_an_epoch_of_its_own() -> None:
    watch = Watch()
    watch.watch.look()
    before = watch.watch._epoch
    watch.taken = {P0: (0, 0.0), P1: (0, 0.0)}
    watch.watch.look()
    assert watch.watch._epoch == before + 1
    assert watch.sampler.look(LagSeen(watch.clock.monotonic(), None)) == 1.0


def test_the_marker_of_a_transaction_in_a_quiet_partition_is_no_lag() -> None:
    """It takes an offset that nobody is ever handed: a worker that kept up was taken to be as late as the partition
    was quiet, and scored one event in fifty."""
    watch = Watch()
    watch.taken[P1], watch.ends[P1], watch.lags[P1] = (10, watch.clock.now()), 11, 0
    for _ in range(60):
        watch.watch.polled(True)
        watch.second(100, 100)
        assert not watch.sampler.is_sampling
    # A record behind it waits since it came, and not since the marker did.
    watch.ends[P1], watch.lags[P1] = 12, 2
    for waited in range(4):
        watch.second(100, 100)
        assert watch.watch.lag_seconds == pytest.approx(waited + 1.0)
    assert not watch.sampler.is_sampling


def test_a_worker_that_has_lost_all_its_partitions_does_not_sample_for_ever() -> None:
    watch = sampling()
    watch.taken, watch.ends = {}, {}
    for _ in range(240):
        watch.clock.advance(1.0)
        watch.watch.look()
    assert watch.metrics.total("harmwatch_sampling_ratio") == 1.0
    assert not watch.sampler.is_sampling
