"""The executor when all goes well: order, lanes, prefetch, cache, directions, closing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.errors import ConfigError, ModelError
from agent.events import Direction
from agent.scoring.base import Batch
from agent.scoring.cache import ScoreCache
from agent.scoring.executor import Executor
from tests.unit.scoring.fake_scorers import (
    BOTH,
    INPUT,
    OUTPUT,
    WAIT_SECONDS,
    Bell,
    FakeScorer,
    GatedScorer,
    RecordingObserver,
    length_row,
    make_batch,
    make_item,
    run,
)

Make = Callable[..., Executor]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Executor] = []

    def make_executor(*scorers: FakeScorer, **over: Any) -> Executor:
        options: dict[str, Any] = {"deadline_seconds": 5.0, "cache": ScoreCache(1000), "clock": ManualClock()} | over
        made.append(Executor(scorers, **options))
        return made[-1]

    yield make_executor
    for executor in made:
        executor.terminate()


def test_rows_come_in_the_order_of_the_items(make: Make) -> None:
    batch = make_batch("aaa", "b", "cc")
    (result,) = run(make(FakeScorer("one"), FakeScorer("two", lane="device")), batch, trigger="wait")
    assert result.batch is batch
    assert result.trigger == "wait"
    assert result.rows == [{"one": length_row(text), "two": length_row(text)} for text in ("aaa", "b", "cc")]
    assert set(result.seconds) == {"one", "two"}


def test_scorers_with_equal_directions_are_given_the_whole_batch_itself(make: Make) -> None:
    batch = Batch([make_item("a", "output"), make_item("b", "input")])
    one, two = FakeScorer("one"), FakeScorer("two", lane="device")
    run(make(one, two), batch)
    assert one.batches == two.batches == [batch]


def test_a_scorer_sees_its_directions_only(make: Make) -> None:
    batch = Batch([make_item("in 1", "input"), make_item("out", "output"), make_item("in 2", "input")])
    inputs, outputs = FakeScorer("in", directions=INPUT), FakeScorer("out", directions=OUTPUT)
    (result,) = run(make(inputs, outputs), batch)
    assert inputs.seen == [["in 1", "in 2"]]
    assert outputs.seen == [["out"]]
    assert [sorted(row) for row in result.rows] == [["in"], ["out"], ["in"]]


def test_scorers_of_one_direction_alone_are_not_called_for_the_other(make: Make) -> None:
    scorer = FakeScorer(directions=INPUT)
    (result,) = run(make(scorer), make_batch("a", direction="output"))
    assert scorer.seen == []
    assert result.rows == [{}]


def test_scorers_of_different_directions_share_the_batch_of_inputs(make: Make) -> None:
    both, inputs = FakeScorer("both"), FakeScorer("in", directions=INPUT)
    items = [make_item("q", "input"), make_item("a", "output"), make_item("q", "input"), make_item("echo", "output")]
    items.append(make_item("echo", "input"))
    (result,) = run(make(both, inputs), Batch(items))
    assert both.seen == [["q", "echo"], ["a"]]
    assert inputs.seen == [["q", "echo"]]
    assert both.batches[0] is inputs.batches[0]
    assert [sorted(row) for row in result.rows] == [["both", "in"], ["both"], ["both", "in"], ["both"], ["both", "in"]]


def test_duplicates_are_scored_once(make: Make) -> None:
    scorer = FakeScorer()
    (result,) = run(make(scorer), make_batch("same", "other!", "same"))
    assert scorer.seen == [["same", "other!"]]
    assert [row["fake"] for row in result.rows] == [length_row("same"), length_row("other!"), length_row("same")]


def test_known_texts_are_not_scored_again(make: Make) -> None:
    scorer, observer = FakeScorer(), RecordingObserver()
    _, second, third = run(
        make(scorer, observer=observer), make_batch("a", "bb"), make_batch("bb", "ccc", "a"), make_batch("ccc")
    )
    assert scorer.seen == [["a", "bb"], ["ccc"]]
    assert second.rows == [{"fake": length_row(text)} for text in ("bb", "ccc", "a")]
    assert third.rows == [{"fake": length_row("ccc")}]
    assert third.seconds == {}
    assert observer.lookups == [(0, 2), (2, 3), (1, 1)]


def test_an_input_known_as_output_is_known(make: Make) -> None:
    scorer = FakeScorer()
    run(make(scorer), make_batch("a", direction="output"), make_batch("a", direction="input"))
    assert scorer.seen == [["a"]]


def test_the_cache_may_be_off(make: Make) -> None:
    scorer = FakeScorer()
    run(make(scorer, cache=ScoreCache(0)), make_batch("a"), make_batch("a"))
    assert scorer.seen == [["a"], ["a"]]


def test_one_batch_runs_one_is_prefetched_a_third_is_refused(make: Make) -> None:
    scorer = GatedScorer()
    executor = make(scorer)
    assert executor.offer(make_batch("a"), "count")
    assert executor.offer(make_batch("bb"), "count")
    assert not executor.offer(make_batch("ccc"), "count")
    scorer.gate.release(2)
    assert executor.join(WAIT_SECONDS)
    assert not executor.offer(make_batch("ccc"), "count"), "finished, but not taken yet"
    assert len(executor.poll()) == 2
    assert executor.offer(make_batch("ccc"), "count")
    scorer.gate.release()


def test_a_free_lane_starts_on_the_next_batch_and_results_keep_their_order(make: Make) -> None:
    slow, fast = GatedScorer("slow", lane="device"), GatedScorer("fast", lane="host")
    slow_only, fast_only = make_batch("a", direction="input"), make_batch("b", direction="output")
    slow.directions, fast.directions = INPUT, OUTPUT
    bell = Bell()
    executor = make(slow, fast, on_done=bell)
    assert executor.offer(slow_only, "count")
    assert executor.offer(fast_only, "count")
    fast.wait_entered()
    fast.gate.release()
    bell.wait()
    assert executor.poll() == [], "the second batch is complete, the first is not"
    slow.gate.release()
    bell.wait()
    assert [result.batch for result in executor.poll()] == [slow_only, fast_only]


def test_both_lanes_work_on_one_batch_at_the_same_time(make: Make) -> None:
    device, host = GatedScorer("device", lane="device"), GatedScorer("host", lane="host")
    executor = make(device, host)
    executor.offer(make_batch("a"), "count")
    device.wait_entered()
    host.wait_entered()
    device.gate.release()
    host.gate.release()
    assert executor.join(WAIT_SECONDS)


def test_scorers_of_a_lane_share_one_thread_which_is_not_the_callers(make: Make) -> None:
    scorers = [FakeScorer("d1", lane="device"), FakeScorer("d2", lane="device"), FakeScorer("h1", lane="host")]
    run(make(*scorers), make_batch("a"), make_batch("b"))
    device = set(scorers[0].threads + scorers[1].threads)
    host = set(scorers[2].threads)
    assert len(device) == len(host) == 1
    assert len(device | host | {threading.get_ident()}) == 3


def test_on_done_rings_once_per_batch(make: Make) -> None:
    bell = Bell()
    executor = make(FakeScorer("one"), FakeScorer("two", lane="device"), on_done=bell)
    executor.offer(make_batch("a"), "count")
    bell.wait()
    assert len(executor.poll()) == 1
    executor.offer(make_batch("a"), "count")  # known: rings too, so that a sleeping caller polls
    bell.wait()
    assert len(executor.poll()) == 1
    assert not bell.rings.acquire(blocking=False)


def test_a_failing_on_done_does_not_stop_the_lane(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    def closed_loop() -> None:
        raise RuntimeError("payload")

    executor = make(FakeScorer(), on_done=closed_loop)
    assert len(run(executor, make_batch("a"), make_batch("b"))) == 2
    executor.close()
    assert "RuntimeError" in caplog.text
    assert "payload" not in caplog.text


def test_the_observer_is_told_on_the_polling_thread(make: Make) -> None:
    observer = RecordingObserver()
    executor = make(FakeScorer("one"), FakeScorer("two", lane="device"), observer=observer)
    run(executor, make_batch("four letters", "你好", "你好"), trigger="tokens")
    assert observer.scored == [("one", "tokens", 2, 5), ("two", "tokens", 2, 5)]
    assert observer.failed == []
    assert observer.threads == {threading.get_ident()}


def test_no_scorers_give_batches_back(make: Make) -> None:
    (result,) = run(make(), make_batch("a", "b"))
    assert result.rows == [{}, {}]


def test_due_in_seconds_follows_the_running_call(make: Make) -> None:
    clock, scorer = ManualClock(), GatedScorer()
    executor = make(scorer, clock=clock, deadline_seconds=5.0)
    assert executor.due_in_seconds() is None
    executor.offer(make_batch("a"), "count")
    scorer.wait_entered()
    clock.advance(2.0)
    assert executor.due_in_seconds() == pytest.approx(3.0)
    scorer.gate.release()
    assert executor.join(WAIT_SECONDS)
    assert executor.due_in_seconds() == 0.0


def test_warm_up_warms_every_scorer(make: Make) -> None:
    scorers = [FakeScorer("one"), FakeScorer("two")]
    make(*scorers).warm_up()
    assert [scorer.warm for scorer in scorers] == [1, 1]


@pytest.mark.parametrize("error", [ModelError("weights.bin is missing"), OSError("disk")])
def test_warm_up_raises_model_errors(make: Make, error: Exception) -> None:
    class Broken(FakeScorer):
        def warm_up(self) -> None:
            raise error

    with pytest.raises(ModelError, match=r"weights\.bin|scorer broken.*OSError"):
        make(Broken("broken")).warm_up()


def test_two_scorers_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError):
        Executor([FakeScorer(), FakeScorer()], 1.0, ScoreCache(1), ManualClock())


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_a_deadline_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(ConfigError):
        Executor([], seconds, ScoreCache(1), ManualClock())


def test_close_lets_finish_what_is_under_way(make: Make) -> None:
    scorer = GatedScorer()
    executor = make(scorer)
    executor.offer(make_batch("a"), "count")
    executor.offer(make_batch("b"), "count")
    executor.close()
    assert not executor.offer(make_batch("c"), "count")
    assert not executor.join(0.01)
    scorer.gate.release(2)
    assert executor.join(WAIT_SECONDS)
    assert len(executor.poll()) == 2


def test_threads_end_after_close(make: Make) -> None:
    before = set(threading.enumerate())
    executor = make(FakeScorer("one"), FakeScorer("two", lane="device"))
    run(executor, make_batch("a"))
    lanes = set(threading.enumerate()) - before
    assert sorted(thread.name for thread in lanes) == ["harmwatch-device", "harmwatch-host"]
    assert all(thread.daemon for thread in lanes)
    executor.close()
    for thread in lanes:
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()


def test_terminate_drops_what_is_under_way(make: Make) -> None:
    scorer = GatedScorer()
    executor = make(scorer)
    executor.offer(make_batch("a"), "count")
    executor.offer(make_batch("b"), "count")
    scorer.wait_entered()
    executor.terminate()
    assert executor.poll() == []
    assert executor.due_in_seconds() is None
    assert executor.join(0.0)
    scorer.gate.release(2)
    assert scorer.left.acquire(timeout=WAIT_SECONDS)
    assert scorer.seen == [["a"]]


texts = st.sampled_from(["", "a", "bb", "ccc", "你好", "\ud800"])
directions: st.SearchStrategy[Direction] = st.sampled_from(["input", "output"])
batches = st.lists(st.lists(st.tuples(texts, directions), min_size=1, max_size=8), min_size=1, max_size=6)
scorer_directions = st.lists(st.sampled_from([BOTH, INPUT, OUTPUT]), max_size=3)


@settings(max_examples=60)
@given(content=batches, judged=scorer_directions, entries=st.sampled_from([0, 2, 100]))
def test_every_item_gets_its_own_row_of_every_scorer_of_its_direction(
    content: list[list[tuple[str, Direction]]], judged: list[frozenset[Direction]], entries: int
) -> None:
    scorers = [
        FakeScorer(f"s{index}", directions=own, lane="host" if index % 2 else "device")
        for index, own in enumerate(judged)
    ]
    executor = Executor(scorers, 5.0, ScoreCache(entries), ManualClock())
    offered = [Batch([make_item(text, direction) for text, direction in items]) for items in content]
    try:
        results = run(executor, *offered)
    finally:
        executor.close()
    assert [result.batch for result in results] == offered
    for result in results:
        for item, row in zip(result.batch.items, result.rows, strict=True):
            expected = {scorer.name for scorer in scorers if item.direction in scorer.directions}
            assert row == {name: length_row(item.raw) for name in expected}
    for scorer in scorers:
        assert all(item.direction in scorer.directions for batch in scorer.batches for item in batch.items)


class SamplingScorer(FakeScorer):
    only_sampled = True


def test_a_scorer_of_a_sample_is_given_the_sample_alone_and_its_rows_go_nowhere_else(make: Make) -> None:
    every, sample = FakeScorer("every", directions=INPUT), SamplingScorer("sample")
    executor = make(every, sample)
    batch = make_batch("aaa", "b", "aaa", "cc", direction="output")
    batch.items[0].sampled = batch.items[3].sampled = True
    (first,) = run(executor, batch)
    assert sample.seen == [["aaa", "cc"]]
    assert every.seen == []
    assert [sorted(row) for row in first.rows] == [["sample"], [], [], ["sample"]]
    # Known by now, and still not of the sample.
    again = make_batch("aaa", "cc")
    again.items[1].sampled = True
    (second,) = run(executor, again)
    assert sample.seen == [["aaa", "cc"]]
    assert [sorted(row) for row in second.rows] == [["every"], ["every", "sample"]]
