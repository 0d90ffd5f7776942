"""A scorer that is not given the processor is no stuck one: it keeps its rows and holds the source back instead."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from agent.clock import ManualClock, SystemClock, thread_cpu
from agent.scores import ScoreRow
from agent.scoring.base import Batch
from agent.scoring.cache import ScoreCache
from agent.scoring.executor import CAPACITY, Executor
from tests.unit.scoring.fake_scorers import (
    WAIT_SECONDS,
    FakeScorer,
    GatedScorer,
    RecordingObserver,
    length_row,
    make_batch,
    reasons,
)

DEADLINE = 5.0


class Starved:
    """A scorer in its call, on clocks that the test moves: the one on the wall, and that of its thread's work."""

    def __init__(self, tells: bool = True) -> None:
        self.clock = ManualClock()
        self.cpu: float | None = 0.0 if tells else None
        self.scorer = GatedScorer("slow")
        self.observer = RecordingObserver()
        self.executor = Executor(
            [self.scorer], DEADLINE, ScoreCache(0), self.clock, observer=self.observer, cpu_clock=lambda: self.seconds
        )
        self.executor.offer(make_batch("a", "bb"), "count")
        self.scorer.wait_entered()

    def seconds(self) -> float | None:
        return self.cpu

    def pass_time(self, wall: float, cpu: float) -> None:
        self.clock.advance(wall)
        if self.cpu is not None:
            self.cpu += cpu

    def missing(self) -> list[str]:
        """Reasons of the one batch; empty while it is under way."""
        return [reason for result in self.executor.poll() for reason in reasons(result, "slow")]

    def close(self) -> None:
        self.scorer.gate.release(8)
        self.executor.terminate()


@pytest.fixture
def starved() -> Iterator[Callable[..., Starved]]:
    made: list[Starved] = []

    def make(**over: bool) -> Starved:
        made.append(Starved(**over))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_call_that_is_hardly_given_the_processor_keeps_its_rows(starved: Callable[..., Starved]) -> None:
    rig = starved()
    for _ in range(5):
        rig.pass_time(wall=DEADLINE, cpu=0.1)
        assert rig.missing() == []
    rig.scorer.gate.release()
    assert rig.executor.join(WAIT_SECONDS)
    assert [row["slow"] for result in rig.executor.poll() for row in result.rows] == [length_row("a"), length_row("bb")]
    assert rig.observer.failed == []


def test_meanwhile_the_source_is_held_back(starved: Callable[..., Starved]) -> None:
    rig = starved()
    for _ in range(CAPACITY - 1):
        assert rig.executor.offer(make_batch("c"), "count")
    rig.pass_time(wall=3 * DEADLINE, cpu=1.0)
    assert rig.missing() == []
    assert not rig.executor.offer(make_batch("d"), "count")
    due = rig.executor.due_in_seconds()
    assert due is not None and 0.0 < due < DEADLINE, "it is looked at again soon, and not without a pause"


def test_a_call_that_sleeps_is_given_up_at_its_deadline(starved: Callable[..., Starved]) -> None:
    rig = starved()
    rig.pass_time(wall=DEADLINE, cpu=0.001)
    assert rig.missing() == ["deadline", "deadline"]


def test_a_call_that_worked_and_then_hangs_is_given_up_before_long(starved: Callable[..., Starved]) -> None:
    rig = starved()
    rig.pass_time(wall=DEADLINE, cpu=0.1)
    assert rig.missing() == []
    rig.pass_time(wall=DEADLINE + 0.1, cpu=0.0)
    assert rig.missing() == ["deadline", "deadline"]


def test_a_call_that_is_slow_by_itself_is_given_up_at_its_deadline(starved: Callable[..., Starved]) -> None:
    rig = starved()
    rig.pass_time(wall=DEADLINE, cpu=DEADLINE)
    assert rig.missing() == ["deadline", "deadline"]


def test_no_call_goes_on_for_ever(starved: Callable[..., Starved]) -> None:
    rig = starved()
    rig.pass_time(wall=10 * DEADLINE - 0.1, cpu=1.0)
    assert rig.missing() == []
    rig.pass_time(wall=0.1, cpu=0.0)
    assert rig.missing() == ["deadline", "deadline"]


def test_where_the_system_does_not_tell_the_wall_clock_decides(starved: Callable[..., Starved]) -> None:
    rig = starved(tells=False)
    rig.pass_time(wall=DEADLINE - 0.1, cpu=0.0)
    assert rig.missing() == []
    rig.pass_time(wall=0.1, cpu=0.0)
    assert rig.missing() == ["deadline", "deadline"]


@contextmanager
def hogs(processor: int, number: int) -> Iterator[None]:
    """Processes that keep one processor busy."""
    code = f"import os\nos.sched_setaffinity(0, [{processor}])\nprint(flush=True)\nwhile True: pass"
    command = [sys.executable, "-c", code]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(number)]
    try:
        for each in running:
            assert each.stdout is not None
            each.stdout.readline()
        yield
    finally:
        for each in running:
            each.kill()
            each.communicate()


def test_other_processes_take_the_processor() -> None:
    """Work of 0.5 s among three that want one processor takes 1.5 s and more; the deadline is at 1.3 s."""
    if not hasattr(os, "sched_setaffinity"):
        # macOS and Windows let nobody choose a processor and tell no thread its time: there the clock alone decides.
        assert thread_cpu()() is None
        return
    processor = min(os.sched_getaffinity(0))
    work_seconds, deadline_seconds = 0.5, 1.3

    def burn(batch: Batch) -> list[ScoreRow]:
        os.sched_setaffinity(0, [processor])  # of this thread alone
        had = thread_cpu()
        first = had() or 0.0
        while (had() or 0.0) - first < work_seconds:
            pass
        return [length_row(text) for text in batch.texts("raw")]

    observer, clock = RecordingObserver(), SystemClock()
    executor = Executor([FakeScorer("burning", answer=burn)], deadline_seconds, ScoreCache(0), clock, observer=observer)
    with hogs(processor, 2):
        began = clock.monotonic()
        executor.offer(make_batch("a", "bb"), "count")
        assert executor.join(WAIT_SECONDS)
        passed = clock.monotonic() - began
    executor.close()
    (result,) = executor.poll()
    assert passed > deadline_seconds, "nobody took the processor away: this test has shown nothing"
    assert reasons(result, "burning") == ["", ""]
    assert observer.failed == []
