"""The micro-batch policy: nothing lost, nothing reordered, budgets kept, nobody waits too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.batching import Emitted, MicroBatcher, estimate_tokens
from agent.clock import ManualClock
from agent.errors import ConfigError


def make_batcher(
    max_items: int = 4, max_tokens: int = 100, max_wait_seconds: float = 0.05
) -> tuple[MicroBatcher[str], ManualClock]:
    clock = ManualClock()
    return MicroBatcher(max_items, max_tokens, max_wait_seconds, clock), clock


def test_nothing_pending_emits_nothing() -> None:
    batcher, _ = make_batcher()
    assert batcher.poll() is None
    assert batcher.flush() is None
    assert batcher.due_in_seconds() is None
    assert batcher.oldest_age() == 0.0


def test_count_closes() -> None:
    batcher, _ = make_batcher(max_items=2)
    batcher.add("a", 1)
    assert batcher.poll() is None
    batcher.add("b", 1)
    assert batcher.due_in_seconds() == 0.0
    assert batcher.poll() == Emitted(("a", "b"), 2, "count")
    assert batcher.pending == 0


def test_a_full_budget_closes_at_once() -> None:
    batcher, _ = make_batcher(max_tokens=10)
    batcher.add("a", 4)
    batcher.add("b", 6)
    assert batcher.poll() == Emitted(("a", "b"), 10, "tokens")


def test_an_item_that_does_not_fit_closes_the_batch_before_it() -> None:
    batcher, _ = make_batcher(max_tokens=10)
    batcher.add("a", 6)
    batcher.add("b", 6)
    assert batcher.poll() == Emitted(("a",), 6, "tokens")
    assert batcher.poll() is None
    assert batcher.pending == 1


def test_an_item_above_the_budget_goes_alone() -> None:
    batcher, _ = make_batcher(max_tokens=10)
    batcher.add("a", 1)
    batcher.add("huge", 500)
    batcher.add("b", 1)
    assert batcher.poll() == Emitted(("a",), 1, "tokens")
    assert batcher.poll() == Emitted(("huge",), 500, "tokens")
    assert batcher.poll() is None


def test_waiting_closes_at_the_bound_of_the_oldest() -> None:
    batcher, clock = make_batcher(max_wait_seconds=0.05)
    batcher.add("a", 1)
    clock.advance(0.03)
    batcher.add("b", 1)
    assert batcher.oldest_age() == pytest.approx(0.03)
    due = batcher.due_in_seconds()
    assert due is not None
    assert due == pytest.approx(0.02)
    assert batcher.poll() is None
    clock.advance(due)
    assert batcher.poll() == Emitted(("a", "b"), 2, "wait")


def test_the_wait_of_the_next_batch_starts_with_its_own_first_item() -> None:
    batcher, clock = make_batcher(max_items=2, max_wait_seconds=1.0)
    batcher.add("a", 1)
    batcher.add("b", 1)
    clock.advance(0.9)
    batcher.add("c", 1)
    assert batcher.poll() == Emitted(("a", "b"), 2, "count")
    assert batcher.due_in_seconds() == pytest.approx(1.0)


def test_no_wait_emits_whatever_is_there() -> None:
    batcher, _ = make_batcher(max_wait_seconds=0.0)
    batcher.add("a", 1)
    assert batcher.poll() == Emitted(("a",), 1, "wait")


def test_flush_drains_everything_and_keeps_the_triggers_of_what_was_due() -> None:
    batcher, _ = make_batcher(max_items=2)
    for item in "abc":
        batcher.add(item, 1)
    assert batcher.flush() == Emitted(("a", "b"), 2, "count")
    assert batcher.flush() == Emitted(("c",), 1, "drain")
    assert batcher.flush() is None


@pytest.mark.parametrize("bounds", [(0, 1, 0.0), (1, 0, 0.0), (1, 1, -1.0), (1, 1, float("nan")), (1, 1, float("inf"))])
def test_impossible_bounds_are_refused(bounds: tuple[int, int, float]) -> None:
    with pytest.raises(ConfigError):
        MicroBatcher(*bounds, ManualClock())


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 40)),
        st.tuples(st.just("advance"), st.integers(0, 50)),
        st.tuples(st.just("poll"), st.just(0)),
    ),
    max_size=80,
)


@given(steps=steps, max_items=st.integers(1, 6), max_tokens=st.integers(1, 50))
def test_batches_concatenate_to_the_input_and_respect_the_budget(
    steps: list[tuple[str, int]], max_items: int, max_tokens: int
) -> None:
    clock = ManualClock()
    batcher: MicroBatcher[tuple[int, int]] = MicroBatcher(max_items, max_tokens, 0.02, clock)
    added: list[tuple[int, int]] = []
    batches: list[Emitted[tuple[int, int]]] = []
    for verb, number in steps:
        if verb == "add":
            added.append((len(added), number))
            batcher.add(added[-1], number)
        elif verb == "advance":
            clock.advance(number / 1000)
        else:
            while (emitted := batcher.poll()) is not None:
                batches.append(emitted)
            assert batcher.oldest_age() < 0.02
        assert batcher.pending == len(added) - sum(len(batch.items) for batch in batches)
    while (emitted := batcher.flush()) is not None:
        batches.append(emitted)
    assert [item for batch in batches for item in batch.items] == added
    for batch in batches:
        assert 1 <= len(batch.items) <= max_items
        assert batch.tokens == sum(tokens for _, tokens in batch.items)
        assert batch.tokens <= max_tokens or len(batch.items) == 1


@given(gaps=st.lists(st.floats(0.0, 0.2), min_size=1, max_size=30), max_wait=st.floats(0.0, 0.5))
def test_a_loop_that_sleeps_until_due_never_lets_an_item_wait_longer(gaps: list[float], max_wait: float) -> None:
    clock = ManualClock()
    batcher: MicroBatcher[float] = MicroBatcher(1000, 1000, max_wait, clock)
    for gap in gaps:
        arrival = clock.monotonic() + gap
        while (due := batcher.due_in_seconds()) is not None and clock.monotonic() + due <= arrival:
            clock.advance(due)
            emitted = batcher.poll()
            assert emitted is not None
            assert clock.monotonic() - emitted.items[0] <= max_wait + 1e-6
        clock.advance(max(arrival - clock.monotonic(), 0.0))
        batcher.add(clock.monotonic(), 1)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 1), ("a", 1), ("hello world!", 3), ("你好,世界", 5), ("你好世界" * 100, 400), ("\ud800", 1)],
)
def test_estimate(text: str, tokens: int) -> None:
    assert abs(estimate_tokens(text) - tokens) <= 1


@given(st.text(st.characters(), max_size=200))
def test_estimate_takes_any_text_and_is_at_least_one(text: str) -> None:
    assert 1 <= estimate_tokens(text) <= 2 * len(text) + 1
