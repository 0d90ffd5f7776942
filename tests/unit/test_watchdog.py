from __future__ import annotations

import pytest

from agent.clock import ManualClock
from streams.ports import Partition
from streams.watchdog import Watchdog

P0 = Partition("inference.events", 0)
P1 = Partition("inference.events", 1)
PATIENCE = 60.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def dog(clock: ManualClock) -> Watchdog:
    return Watchdog(clock, PATIENCE)


def test_alive_with_nothing_assigned(dog: Watchdog, clock: ManualClock) -> None:
    clock.advance(10 * PATIENCE)
    assert dog.alive()
    assert dog.reason() == "no partitions assigned"


def test_alive_while_offsets_move(dog: Watchdog, clock: ManualClock) -> None:
    for position in range(20):
        dog.lag(P0, 1000)
        dog.progress(P0, position)
        clock.advance(PATIENCE / 2)
    assert dog.alive()
    assert dog.reason() == "offsets are moving"


def test_alive_on_a_quiet_topic(dog: Watchdog, clock: ManualClock) -> None:
    dog.progress(P0, 5)
    for _ in range(100):
        clock.advance(PATIENCE)
        dog.lag(P0, 0)
    assert dog.alive()
    assert dog.reason() == "no lag"


def test_a_lag_that_is_not_known_is_not_zero(dog: Watchdog, clock: ManualClock) -> None:
    dog.progress(P0, 5)
    dog.lag(P0, 0)
    dog.lag_unknown(P0)
    assert dog.reason() == "lag is not known"
    clock.advance(PATIENCE)
    assert dog.alive()
    clock.advance(1)
    assert not dog.alive()
    assert dog.reason() == (
        "stalled: inference.events[0] has not moved for 61 s with records to go that nobody can tell"
    )
    dog.lag(P0, 0)
    assert dog.reason() == "no lag"


def test_a_partition_that_moves_is_alive_though_its_lag_is_not_known(dog: Watchdog, clock: ManualClock) -> None:
    dog.lag(P0, 10)
    dog.lag_unknown(P0)
    for position in range(10):
        dog.progress(P0, position)
        clock.advance(PATIENCE / 2)
    assert dog.alive()


def test_nobody_is_told_off_for_what_was_before(dog: Watchdog, clock: ManualClock) -> None:
    dog.lag(P0, 10)
    clock.advance(10 * PATIENCE)
    back = clock.monotonic()
    assert dog.stalled() == [P0] == dog.hung()
    assert dog.hung(back) == []
    clock.advance(PATIENCE + 1)
    assert dog.hung(back) == [P0]


def test_a_partition_of_which_nobody_tells_the_end_does_not_hang(dog: Watchdog, clock: ManualClock) -> None:
    dog.lag(P0, 10)
    dog.lag(P1, 10)
    dog.lag_unknown(P0)
    clock.advance(PATIENCE + 1)
    assert dog.stalled() == [P0, P1]
    assert dog.hung() == [P1]
    assert dog.reason(dog.hung()) == "stalled: inference.events[1] has not moved for 61 s with 10 records to go"
    # It has a leader again: it has the whole patience to move.
    dog.lag(P0, 10)
    clock.advance(PATIENCE)
    assert dog.hung() == [P1]
    clock.advance(1)
    assert dog.hung() == [P0, P1]


def test_a_lag_that_is_not_known_for_a_moment_buys_no_time(dog: Watchdog, clock: ManualClock) -> None:
    for _ in range(int(PATIENCE)):
        dog.lag(P0, 10)
        clock.advance(1)
        dog.lag_unknown(P0)
        clock.advance(0.1)
    dog.lag(P0, 10)
    assert dog.hung() == [P0]


def test_the_first_record_after_a_quiet_hour_has_the_full_patience(dog: Watchdog, clock: ManualClock) -> None:
    dog.progress(P0, 5)
    dog.lag(P0, 0)
    clock.advance(3600)
    dog.lag(P0, 1)
    clock.advance(PATIENCE)
    assert dog.alive()
    clock.advance(0.001)
    assert not dog.alive()


def test_a_source_paused_by_a_scorer_that_never_returns_is_not_alive(dog: Watchdog, clock: ManualClock) -> None:
    dog.progress(P0, 100)
    dog.lag(P0, 400)
    for _ in range(8):
        # The loop goes on polling a paused source and reporting: same position, growing lag.
        clock.advance(10)
        dog.progress(P0, 100)
        dog.lag(P0, 400)
    assert not dog.alive()
    assert dog.reason() == "stalled: inference.events[0] has not moved for 80 s with 400 records to go"


def test_a_partition_that_never_moved_is_found(dog: Watchdog, clock: ManualClock) -> None:
    dog.lag(P0, 10)
    clock.advance(PATIENCE + 1)
    assert dog.stalled() == [P0]


def test_one_stuck_partition_does_not_hide_behind_another(dog: Watchdog, clock: ManualClock) -> None:
    for position in range(10):
        for partition in (P0, P1):
            dog.lag(partition, 50)
        dog.progress(P1, position)
        dog.progress(P0, 7)
        clock.advance(PATIENCE / 4)
    assert dog.stalled() == [P0]
    dog.progress(P0, 8)
    assert dog.alive()


def test_several_stalled_partitions_are_counted(dog: Watchdog, clock: ManualClock) -> None:
    for partition in (P1, P0):
        dog.lag(partition, 3)
    clock.advance(PATIENCE + 1)
    assert dog.reason().endswith("with 3 records to go, and 1 more")


def test_a_revoked_partition_is_no_longer_judged(dog: Watchdog, clock: ManualClock) -> None:
    dog.lag(P0, 50)
    dog.lag(P1, 50)
    clock.advance(PATIENCE + 1)
    dog.forget(P0)
    assert dog.stalled() == [P1]
    dog.forget(P1)
    assert dog.alive()
    dog.lag(P0, 50)  # assigned anew, it has the full patience
    assert dog.alive()


def test_moving_backwards_is_not_progress(dog: Watchdog, clock: ManualClock) -> None:
    dog.progress(P0, 100)
    dog.lag(P0, 50)
    clock.advance(PATIENCE)
    dog.progress(P0, 90)
    clock.advance(1)
    assert not dog.alive()
    dog.progress(P0, 91)
    assert dog.alive()


def test_patience_must_be_positive(clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="positive"):
        Watchdog(clock, 0)
