"""The contiguous prefix: never past an offset that is not done."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.acks import AckTracker
from streams.ports import Partition

P0 = Partition("events", 0)


def test_the_frontier_waits_for_the_smallest_offset() -> None:
    acks = AckTracker()
    acks.open(P0, 5)
    for offset in (5, 6, 7):
        acks.track(P0, offset)
    acks.ack(P0, 7)
    acks.ack(P0, 6)
    assert acks.frontier(P0) == 5
    acks.ack(P0, 5)
    assert acks.frontier(P0) == 8
    assert acks.pending(P0) == 0


def test_gaps_in_the_log_are_stepped_over() -> None:
    acks = AckTracker()
    acks.open(P0, 0)
    acks.track(P0, 3)
    acks.track(P0, 9)
    acks.ack(P0, 3)
    assert acks.frontier(P0) == 4
    acks.ack(P0, 9)
    assert acks.frontier(P0) == 10


def test_late_acks_of_a_closed_partition_are_ignored() -> None:
    acks = AckTracker()
    acks.open(P0, 0)
    acks.track(P0, 0)
    acks.close(P0)
    acks.ack(P0, 0)
    assert acks.frontiers() == {}
    acks.open(P0, 0)
    assert acks.frontier(P0) == 0


def test_a_seek_back_hands_out_again_without_effect() -> None:
    acks = AckTracker()
    acks.open(P0, 0)
    for offset in (0, 1, 0, 1, 2):
        acks.track(P0, offset)
    for offset in (0, 1, 2):
        acks.ack(P0, offset)
    assert acks.frontier(P0) == 3


def test_what_is_done_twice_is_not_remembered() -> None:
    acks = AckTracker()
    acks.open(P0, 0)
    for offset in range(100):
        acks.track(P0, offset)
    for offset in (*range(100), *range(100)):
        acks.ack(P0, offset)
    assert acks.frontier(P0) == 100
    assert acks._partitions[P0].done == set()


@given(st.lists(st.integers(0, 200), unique=True, min_size=1), st.randoms(use_true_random=False), st.data())
def test_never_past_the_smallest_unacked(offsets: list[int], rng: object, data: st.DataObject) -> None:
    acks = AckTracker()
    acks.open(P0, 0)
    tracked: list[int] = []
    done: set[int] = set()
    waiting = sorted(offsets)
    while waiting or set(tracked) - done:
        unacked = sorted(set(tracked) - done)
        if waiting and (not unacked or data.draw(st.booleans())):
            offset = waiting.pop(0)
            acks.track(P0, offset)
            tracked.append(offset)
        else:
            offset = data.draw(st.sampled_from(unacked))
            acks.ack(P0, offset)
            done.add(offset)
        open_offsets = set(tracked) - done
        if open_offsets:
            assert acks.frontier(P0) <= min(open_offsets)
    assert acks.frontier(P0) == max(offsets) + 1
