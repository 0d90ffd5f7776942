"""Producers whose clocks are ahead: windows hold what they send, and panes do not pile up."""

from __future__ import annotations

import pytest

from agent.clock import ManualClock
from agent.windows.engine import WindowEngine
from tests.unit.windows.builders import START, make_engine, make_observation

KEY = ("events", 0)
AHEAD = 8 * 3600.0  # local time of Beijing, taken for UTC


def feed(engine: WindowEngine, clock: ManualClock, first: int, records: int, ahead: float) -> None:
    """A record every ten seconds."""
    for offset in range(first, first + records):
        clock.advance(10.0)
        engine.apply(KEY, offset, [make_observation(time=clock.now() + ahead)])


def events(engine: WindowEngine, seconds: float) -> float:
    count: float = engine.window("m", seconds)["harm"]["counts"][0]
    return count


def panes(engine: WindowEngine) -> int:
    part = engine.held(KEY)
    return 0 if part is None else sum(len(tier) for tier in part.models["m"].tiers)


@pytest.mark.parametrize("ahead", [120.0, AHEAD])
def test_windows_hold_events_of_a_clock_that_has_got_ahead(ahead: float) -> None:
    clock = ManualClock(START)
    engine = make_engine(clock)
    feed(engine, clock, 0, 60, 0.0)
    feed(engine, clock, 60, 720, ahead)
    assert events(engine, 60.0) >= 5
    assert events(engine, 3600.0) >= 353


def test_panes_of_a_clock_that_was_always_ahead_are_folded() -> None:
    clock, right = ManualClock(START), ManualClock(START)
    engine, expected = make_engine(clock), make_engine(right)
    feed(engine, clock, 0, 8640, AHEAD)
    feed(expected, right, 0, 8640, 0.0)
    assert panes(engine) <= panes(expected) + 1
    assert events(engine, 3600.0) == pytest.approx(events(expected, 3600.0), abs=6)


def test_they_go_on_after_a_restart_where_they_were() -> None:
    clock = ManualClock(START)
    engine = make_engine(clock)
    feed(engine, clock, 0, 720, AHEAD)
    heir = make_engine(clock)
    heir.restore(KEY, engine.snapshot(KEY).values.values())
    clock.advance(1800.0)
    feed(heir, clock, 720, 60, AHEAD)
    assert events(heir, 60.0) >= 5
    assert events(heir, 300.0) >= 29


def test_a_few_in_front_of_a_backlog_do_not_make_it_late() -> None:
    clock = ManualClock(START)
    engine = make_engine(clock)
    for offset in range(50):
        engine.apply(KEY, offset, [make_observation(time=START + AHEAD)])
        clock.advance(0.001)
    for offset in range(50, 100):
        engine.apply(KEY, offset, [make_observation(time=START - 18_000.0 + offset)])
    assert engine.watermark(KEY) == START - 18_000.0 + 99
    assert engine.take_counts().late == 0
