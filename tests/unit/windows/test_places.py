"""Hostile names do not push out the models that are there, whatever they are called."""

from __future__ import annotations

from itertools import count

from agent.clock import ManualClock
from tests.unit.windows.builders import START, make_engine, make_observation

PARTITIONS = [("t", number) for number in range(4)]


def test_names_that_sort_first_take_no_place_from_those_that_are_held() -> None:
    engine = make_engine(max_models=5)
    for number in range(5):
        engine.apply(PARTITIONS[0], number, [make_observation(model=f"model-{number}", time=START)])
    ours = engine.models()
    for number in range(400):
        engine.apply(PARTITIONS[number % 4], 10 + number, [make_observation(model=f"\x00evil-{number}", time=START)])
        assert set(ours) <= set(engine.models())
    assert set(engine.models()) == {*ours, "other"}
    readings = {reading.model: reading for reading in engine.total_measurements()}
    assert sum(reading.results["harm"].events for reading in readings.values()) == 405


def test_a_named_model_has_figures_also_after_a_flood_of_names_and_a_restart() -> None:
    engine = make_engine(max_models=5, named=["ours"])
    offsets = count()
    for number in range(400):
        hostile = [make_observation(model=f"evil-{number}", time=START)] * 3
        engine.apply(PARTITIONS[number % 4], next(offsets), hostile)
    assert "ours" not in engine.models()
    engine.apply(PARTITIONS[1], next(offsets), [make_observation(model="ours", time=START)])
    engine.apply(PARTITIONS[1], next(offsets), [make_observation(model="not named", time=START)])
    after = make_engine(max_models=5, named=["ours"])
    for partition in PARTITIONS:
        after.restore(partition, engine.snapshot(partition, full=True).values.values())
    for each in (engine, after):
        assert "ours" in each.models() and "not named" not in each.models()
        assert len(each.models()) == 6
        readings = {reading.model: reading.results["harm"].events for reading in each.total_measurements()}
        assert readings["ours"] == 1 and sum(readings.values()) == 1202


def test_named_models_give_way_to_nobody() -> None:
    clock = ManualClock(START)
    engine = make_engine(clock, max_models=1, named=["a", "b"])
    for offset, model in enumerate(["a", "loud", "b", *["loud"] * 200]):
        engine.apply(PARTITIONS[0], offset, [make_observation(model=model, time=START)])
        clock.advance(60.0)
        engine.models()
    assert engine.models() == ("a", "b", "other")


def test_after_a_restart_models_in_use_come_before_names_that_came_once() -> None:
    before = make_engine(max_models=5)
    for number in range(200):
        evil = make_observation(model=f"a-{number}", time=START)
        before.apply(PARTITIONS[number % 4], 2 * number, [evil])
        before.apply(
            PARTITIONS[number % 4], 2 * number + 1, [make_observation(model=f"model-{number % 4}", time=START)]
        )
    after = make_engine(max_models=5)
    for partition in PARTITIONS:
        after.restore(partition, before.snapshot(partition, full=True).values.values())
    assert {f"model-{number}" for number in range(4)} <= set(after.models())
    assert len(after.models()) == 6


def test_a_place_is_free_again_when_its_partition_has_gone() -> None:
    engine = make_engine(max_models=2)
    for number, model in enumerate(("b", "c", "a")):
        engine.apply(PARTITIONS[number], 0, [make_observation(model=model, time=START)])
        engine.models()
    assert engine.models() == ("b", "c", "other")
    engine.drop(PARTITIONS[0])
    assert engine.models() == ("a", "c")


def test_after_a_restart_a_model_with_many_events_comes_before_names_that_came_later() -> None:
    before = make_engine(max_models=5)
    for number in range(300):
        before.apply(PARTITIONS[0], number, [make_observation(model="support-zh", time=START)])
    for number in range(20):
        late = make_observation(model=f"model-{number:04}", time=START)
        before.apply(PARTITIONS[number % 4], 1000 + number, [late])
    after = make_engine(max_models=5)
    for partition in PARTITIONS:
        after.restore(partition, before.snapshot(partition, full=True).values.values())
    assert "support-zh" in after.models()


def test_far_more_events_take_a_place_from_whom_came_first_and_keep_it() -> None:
    clock = ManualClock(START)
    engine = make_engine(clock, max_models=5)
    for number in range(5):
        engine.apply(PARTITIONS[0], number, [make_observation(model=f"first-{number}", time=START)])
    assert len(engine.models()) == 5
    offsets = count(100)

    def told(model: str, events: int) -> tuple[str, ...]:
        for _ in range(events):
            engine.apply(PARTITIONS[1], next(offsets), [make_observation(model=model, time=START)])
        clock.advance(60.0)
        return engine.models()

    assert "late" not in told("late", 32)
    assert "late" in told("late", 2)
    assert "late" in told("rival", 60)
    assert set(told("rival", 1000)) >= {"late", "rival"}
