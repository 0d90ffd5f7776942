"""The executor when scorers fail: the failure stays where it is, and nothing waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agent.clock import ManualClock
from agent.errors import OutOfDeviceMemory, ScorerError
from agent.scores import MissingScore, ScoreRow, TextSpan
from agent.scoring.base import Batch
from agent.scoring.cache import ScoreCache
from agent.scoring.executor import Executor
from agent.scoring.lanes import LaneWorker, ScorerCall
from tests.unit.scoring.fake_scorers import (
    WAIT_SECONDS,
    Bell,
    FakeScorer,
    GatedScorer,
    RecordingObserver,
    length_row,
    make_batch,
    reasons,
    run,
)

SECRET = "payload of a user"


class Rig:
    """An executor with its clock, observer and bell."""

    def __init__(self, *scorers: FakeScorer, deadline_seconds: float = 5.0) -> None:
        self.clock = ManualClock()
        self.observer = RecordingObserver()
        self.bell = Bell()
        self.executor = Executor(
            scorers, deadline_seconds, ScoreCache(1000), self.clock, on_done=self.bell, observer=self.observer
        )


@pytest.fixture
def rig() -> Iterator[Callable[..., Rig]]:
    made: list[Rig] = []

    def make_rig(*scorers: FakeScorer, **over: Any) -> Rig:
        made.append(Rig(*scorers, **over))
        return made[-1]

    yield make_rig
    for each in made:
        each.executor.terminate()


def raising(error: BaseException) -> Callable[[Batch], Any]:
    def answer(batch: Batch) -> Any:
        raise error

    return answer


class CudaLike:
    """torch.OutOfMemoryError is known by its name."""

    class OutOfMemoryError(RuntimeError):
        pass


class PanicError(BaseException):
    """What a Rust extension raises."""


@pytest.mark.parametrize("error", [ScorerError(SECRET), ValueError(SECRET), SystemExit(1), PanicError(SECRET)])
def test_an_exception_costs_the_rows_of_that_scorer_only(
    rig: Callable[..., Rig], error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = FakeScorer("bad", answer=raising(error)), FakeScorer("good")
    setup = rig(bad, good)
    first, second = run(setup.executor, make_batch("a", "bb", "a"), make_batch("ccc"))
    assert reasons(first, "bad") == ["error"] * 3
    assert [row["good"] for row in first.rows] == [length_row(text) for text in ("a", "bb", "a")]
    assert reasons(second, "bad") == ["error"]
    assert setup.observer.failed == [
        ("bad", "error", 3, type(error).__name__),
        ("bad", "error", 1, type(error).__name__),
    ]
    assert setup.observer.flaws == []
    assert SECRET not in caplog.text


def test_missing_rows_are_not_remembered(rig: Callable[..., Rig]) -> None:
    answers = iter([raising(ValueError()), lambda batch: [length_row("a")]])
    scorer = FakeScorer(answer=lambda batch: next(answers)(batch))
    first, second = run(rig(scorer).executor, make_batch("a"), make_batch("a"))
    assert reasons(first, "fake") == ["error"]
    assert second.rows == [{"fake": length_row("a")}]


good = length_row("x")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda batch: [], "0 rows for 2 texts"),
        (lambda batch: [good] * 3, "3 rows for 2 texts"),
        (lambda batch: None, "did not return a sequence"),
        (lambda batch: (good for _ in range(2)), "did not return a sequence"),
        (lambda batch: "ab", "did not return a sequence"),
    ],
)
def test_a_wrong_number_of_rows_costs_the_batch(rig: Callable[..., Rig], answer: Any, says: str) -> None:
    setup = rig(FakeScorer(answer=answer))
    (result,) = run(setup.executor, make_batch("a", "bb"))
    assert reasons(result, "fake") == ["error", "error"]
    assert setup.observer.failed == [("fake", "error", 2, "")]
    ((scorer, message),) = setup.observer.flaws
    assert scorer == "fake"
    assert message.startswith("this is a bug in scorer fake: it ")
    assert says in message


@pytest.mark.parametrize(
    "row",
    [
        {"fake": 0.5},
        None,
        ScoreRow({"fake": float("nan")}),
        ScoreRow({"fake": 1.0001}),
        ScoreRow({"fake": -0.1}),
        ScoreRow({"fake": "0.5"}),  # type: ignore[dict-item]
        ScoreRow({"fake": True}),
        ScoreRow({"unheard of": 0.5}),
        ScoreRow({"fake": 0.5}, (TextSpan(0, 3, "fake", "FAKE"),)),
        ScoreRow({"fake": 0.5}, (TextSpan(-1, 1, "fake", "FAKE"),)),
        ScoreRow({"fake": 0.5}, (TextSpan(1, 1, "fake", "FAKE"),)),
        ScoreRow({"fake": 0.5}, (TextSpan(0, 1, "unheard of", "FAKE"),)),
    ],
)
def test_a_wrong_row_is_missing_and_its_neighbours_are_not(rig: Callable[..., Rig], row: Any) -> None:
    setup = rig(FakeScorer(answer=lambda batch: [good, row]))
    (result,) = run(setup.executor, make_batch("x", "bb"))
    assert reasons(result, "fake") == ["", "error"]
    assert setup.observer.failed == [("fake", "error", 1, "")]
    assert len(setup.observer.flaws) == 1


def test_a_row_that_cannot_even_be_checked_costs_the_batch(rig: Callable[..., Rig]) -> None:
    setup = rig(FakeScorer(answer=lambda batch: [ScoreRow(None)]))  # type: ignore[arg-type]
    (result,) = run(setup.executor, make_batch("x"))
    assert reasons(result, "fake") == ["error"]


def test_flaws_are_told_once_a_minute_per_scorer(rig: Callable[..., Rig]) -> None:
    scorers = [FakeScorer(name, answer=lambda batch: []) for name in ("one", "two")]
    setup = rig(*scorers)
    run(setup.executor, make_batch("a"), make_batch("b"))
    assert [name for name, _ in setup.observer.flaws] == ["one", "two"]
    setup.clock.advance(60.0)
    run(setup.executor, make_batch("c"))
    assert [name for name, _ in setup.observer.flaws] == ["one", "two", "one", "two"]
    assert len(setup.observer.failed) == 6


@pytest.mark.parametrize("error", [OutOfDeviceMemory, MemoryError, CudaLike.OutOfMemoryError])
def test_out_of_memory_halves_the_batch(rig: Callable[..., Rig], error: type[Exception]) -> None:
    def two_at_most(batch: Batch) -> list[ScoreRow]:
        if len(batch) > 2:
            raise error(SECRET)
        return [length_row(text) for text in batch.texts("raw")]

    texts = ["a", "bb", "ccc", "dddd", "eeeee", "ffffff", "ggggggg"]
    scorer = FakeScorer(lane="device", answer=two_at_most)
    setup = rig(scorer)
    (result,) = run(setup.executor, make_batch(*texts))
    assert [row["fake"] for row in result.rows] == [length_row(text) for text in texts]
    assert [len(batch) for batch in scorer.batches] == [7, 3, 1, 2, 4, 2, 2]
    assert setup.observer.failed == []


def test_a_text_that_fits_in_no_way_is_missing_alone(rig: Callable[..., Rig]) -> None:
    def no_giants(batch: Batch) -> list[ScoreRow]:
        if any(len(text) > 5 for text in batch.texts("raw")):
            raise MemoryError
        return [length_row(text) for text in batch.texts("raw")]

    setup = rig(FakeScorer(answer=no_giants))
    (result,) = run(setup.executor, make_batch("a", "bb", "a giant", "ccc", "a giant"))
    assert reasons(result, "fake") == ["", "", "memory", "", "memory"]
    assert setup.observer.failed == [("fake", "memory", 2, "MemoryError")]


def test_an_overdue_scorer_loses_its_rows_and_the_others_of_its_lane_go_on(rig: Callable[..., Rig]) -> None:
    stuck, after, beside = GatedScorer("stuck"), FakeScorer("after"), FakeScorer("beside", lane="device")
    setup = rig(stuck, after, beside, deadline_seconds=5.0)
    executor = setup.executor
    executor.offer(make_batch("a", "bb"), "count")
    stuck.wait_entered()
    setup.clock.advance(4.9)
    assert executor.poll() == []
    setup.clock.advance(0.1)
    results = executor.poll()
    if not results:
        setup.bell.wait()  # the new thread's turn for `after`
        results = executor.poll()
    (result,) = results
    assert reasons(result, "stuck") == ["deadline", "deadline"]
    assert reasons(result, "after") == reasons(result, "beside") == ["", ""]
    assert ("stuck", "deadline", 2, "") in setup.observer.failed
    assert "stuck" not in result.seconds
    stuck.gate.release()


def test_a_stuck_scorer_is_left_alone_until_it_comes_back(rig: Callable[..., Rig]) -> None:
    stuck, other = GatedScorer("stuck"), FakeScorer("other")
    setup = rig(stuck, other)
    executor = setup.executor
    executor.offer(make_batch("a"), "count")
    executor.offer(make_batch("b"), "count")  # prefetched before anyone knew
    stuck.wait_entered()
    setup.clock.advance(5.0)
    assert executor.join(WAIT_SECONDS)
    first, second = executor.poll()
    assert (reasons(first, "stuck"), reasons(first, "other")) == (["deadline"], [""])
    assert (reasons(second, "stuck"), reasons(second, "other")) == (["busy"], [""])
    (third,) = run(executor, make_batch("c"))
    assert (reasons(third, "stuck"), reasons(third, "other")) == (["busy"], [""])
    assert len(set(other.threads)) == 1

    abandoned = [thread for thread in threading.enumerate() if thread.name == "harmwatch-host"]
    stuck.gate.release(2)
    assert stuck.left.acquire(timeout=WAIT_SECONDS)
    for thread in abandoned:
        if thread.ident in stuck.threads:
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive(), "an abandoned thread ends when its scorer comes back"
    (fourth,) = run(executor, make_batch("d"))
    assert reasons(fourth, "stuck") == [""]
    assert stuck.seen == [["a"], ["d"]]


def test_rows_that_come_too_late_change_nothing(rig: Callable[..., Rig]) -> None:
    stuck = GatedScorer("stuck")
    setup = rig(stuck)
    setup.executor.offer(make_batch("a"), "count")
    stuck.wait_entered()
    setup.clock.advance(6.0)
    (result,) = setup.executor.poll()
    stuck.gate.release()
    assert stuck.left.acquire(timeout=WAIT_SECONDS)
    assert setup.executor.poll() == []
    assert result.rows == [{"stuck": MissingScore("stuck", "deadline")}]


def test_the_deadline_counts_from_a_calls_own_start(rig: Callable[..., Rig]) -> None:
    slow, next_in_lane = GatedScorer("slow"), GatedScorer("next")
    setup = rig(slow, next_in_lane)
    setup.executor.offer(make_batch("a"), "count")
    slow.wait_entered()
    setup.clock.advance(4.0)
    slow.gate.release()
    next_in_lane.wait_entered()
    setup.clock.advance(4.0)
    assert setup.executor.poll() == []
    next_in_lane.gate.release()
    assert setup.executor.join(WAIT_SECONDS)
    (result,) = setup.executor.poll()
    assert result.rows == [{"slow": length_row("a"), "next": length_row("a")}]
    assert result.seconds == {"slow": 4.0, "next": 4.0}


def test_every_scorer_of_a_lane_may_get_stuck(rig: Callable[..., Rig]) -> None:
    scorers = [GatedScorer(name) for name in ("one", "two", "three")]
    setup = rig(*scorers)
    setup.executor.offer(make_batch("a"), "count")
    for scorer in scorers:
        assert setup.executor.poll() == []
        scorer.wait_entered()
        setup.clock.advance(5.0)
    (result,) = setup.executor.poll()
    assert [reasons(result, scorer.name) for scorer in scorers] == [["deadline"]] * 3
    (again,) = run(setup.executor, make_batch("b"))
    assert [reasons(again, scorer.name) for scorer in scorers] == [["busy"]] * 3
    for scorer in scorers:
        scorer.gate.release()


def test_a_stuck_scorer_does_not_keep_join_beyond_its_time(rig: Callable[..., Rig]) -> None:
    stuck = GatedScorer("stuck")
    setup = rig(stuck)
    setup.executor.offer(make_batch("a"), "count")
    stuck.wait_entered()
    setup.executor.close()
    assert not setup.executor.join(0.02)
    setup.clock.advance(5.0)
    assert setup.executor.join(0.02)
    assert reasons(setup.executor.poll()[0], "stuck") == ["deadline"]
    stuck.gate.release()


def test_batches_are_not_taken_up_while_a_lane_looks_at_them(rig: Callable[..., Rig]) -> None:
    """A lane that met the list of batches while it grew died of a RuntimeError, and everything stood still."""
    executor = rig(FakeScorer()).executor
    offering = threading.Thread(target=executor.offer, args=(make_batch("a"), "count"), daemon=True)
    with executor._lock:  # as a lane does
        offering.start()
        offering.join(0.05)
        assert offering.is_alive()
        assert executor.due_in_seconds() is None
    offering.join(WAIT_SECONDS)
    assert executor.join(WAIT_SECONDS)
    assert len(executor.poll()) == 1


def test_a_lane_outlives_its_callback(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []
    second = threading.Event()

    def callback(call: ScorerCall) -> None:
        done.append(call.scorer.name)
        if len(done) == 2:
            second.set()
        raise RuntimeError(SECRET)

    lane = LaneWorker("host", ManualClock(), threading.Lock(), callback)
    for name in ("first", "second"):
        lane.put(ScorerCall(FakeScorer(name), [make_batch("a")], [(b"digest", (0,))]))
    assert second.wait(WAIT_SECONDS)
    lane.stop()
    assert lane.join(WAIT_SECONDS)
    assert done == ["first", "second"]
    assert "scoring.callback_failed lane=host error_type=RuntimeError" in caplog.text
    assert SECRET not in caplog.text
