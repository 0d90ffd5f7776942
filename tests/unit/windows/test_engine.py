from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.errors import ConfigError
from agent.windows.base import Observation
from agent.windows.bias import BiasAggregator
from agent.windows.codec import peek
from agent.windows.engine import OTHER, WindowEngine
from agent.windows.harm import HarmAggregator
from agent.windows.panes import PaneLayout
from tests.unit.windows.builders import START, make_engine, make_observation, merged, observations, state_of

KEY = ("events", 0)
WINDOWS = (60.0, 300.0, 3600.0)


def events(engine: WindowEngine, seconds: float, model: str = "m", now: float | None = None) -> float:
    count: float = engine.window(model, seconds, now)["harm"]["counts"][0]
    return count


def total(engine: WindowEngine, model: str = "m") -> float:
    count: float = engine.totals(model)["harm"]["counts"][0]
    return count


def test_layout_keeps_few_panes() -> None:
    layout = PaneLayout.plan(10.0, (60.0, 300.0, 3600.0), 60.0)
    assert layout.factors == (1, 6)
    assert layout.keeps == (36, 366)
    assert PaneLayout.plan(10.0, (3600.0, 86400.0), 0.0).factors == (1, 6, 144)


@pytest.mark.parametrize(
    "options",
    [
        {"pane_seconds": 0.0},
        {"pane_seconds": math.nan},
        {"windows_seconds": ()},
        {"windows_seconds": (5.0,)},
        {"allowed_lateness_seconds": -1.0},
        {"max_models": 0},
        {"skew_tolerance_seconds": -1.0},
    ],
)
def test_wrong_settings(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        make_engine(**options)


def test_two_aggregators_of_one_name() -> None:
    with pytest.raises(ConfigError):
        WindowEngine([BiasAggregator(), BiasAggregator()], ManualClock())


def test_windows_roll() -> None:
    clock = ManualClock(START)
    engine = make_engine(clock)
    for second in range(4000):
        assert engine.apply(KEY, second, [make_observation(time=START + second)])
        clock.advance(1.0)
    assert events(engine, 60, now=START + 3999) == 60
    assert events(engine, 300, now=START + 3999) == 300
    assert events(engine, 3600, now=START + 3999) == 3600
    # A window ends with a pane (a minute, for the hour) that counts as far as it has been filled: here 40 s of 60.
    assert (START + 3980) % 60 == 40
    assert events(engine, 3600, now=START + 3979) == 3580
    assert total(engine) == 4000
    assert engine.take_counts().applied == 4000


def test_idle_windows_run_empty() -> None:
    clock = ManualClock(START)
    engine = make_engine(clock)
    engine.apply(KEY, 0, [make_observation(time=START - 7 * 86400)])  # an old file: event time leads
    assert events(engine, 60) == 1
    clock.advance(61.0)
    assert (events(engine, 60), events(engine, 300)) == (0, 1)
    clock.advance(4000.0)
    assert events(engine, 3600) == 0
    assert total(engine) == 1


def test_several_observations_of_one_record_all_count_and_a_replay_none() -> None:
    engine = make_engine()
    pair = [make_observation(), make_observation(model="n"), make_observation(new_event=False)]
    assert engine.apply(KEY, 7, pair)
    assert not engine.apply(KEY, 7, pair)
    assert not engine.apply(KEY, 3, pair)
    assert engine.window("m", 60)["harm"]["counts"][6] == 2  # both directions were scored twice
    assert (total(engine), total(engine, "n")) == (1, 1)
    assert engine.covered(KEY) == 8
    assert engine.take_counts().replayed == 6
    assert engine.take_counts().replayed == 0
    engine.advance(KEY, 20)
    engine.advance(KEY, 11)
    assert engine.covered(KEY) == 20


def test_late_events_count_in_the_totals_only() -> None:
    engine = make_engine()
    engine.apply(KEY, 0, [make_observation(time=START)])
    engine.apply(KEY, 1, [make_observation(time=START - 3600 - 200)])
    engine.apply(KEY, 2, [make_observation(time=math.nan)])
    engine.apply(KEY, 3, [make_observation(time=-math.inf)])
    engine.apply(KEY, 4, [make_observation(time=START - 1800)])
    assert engine.take_counts().late == 3
    assert events(engine, 3600) == 2
    assert total(engine) == 5


@pytest.mark.parametrize("time", [START + 3600, math.inf, 1.7e12])
def test_events_from_the_future_do_not_move_the_watermark(time: float) -> None:
    engine = make_engine()
    engine.apply(KEY, 0, [make_observation(time=time)])
    engine.apply(KEY, 1, [make_observation(time=START - 5)])
    engine.apply(KEY, 2, [make_observation(time=time)])
    assert engine.watermark(KEY) == START - 5
    assert engine.take_counts().future == 2
    assert events(engine, 60, now=START) == 3
    assert engine.snapshot(KEY).values  # and such a state can be written


def test_unknown_window_and_model() -> None:
    engine = make_engine()
    with pytest.raises(ConfigError):
        engine.window("m", 61)
    assert events(engine, 60, "nobody") == 0
    assert total(engine, "nobody") == 0


def test_partitions_are_merged_and_dropped() -> None:
    engine = make_engine()
    for partition in range(3):
        engine.apply(("events", partition), 5, [make_observation(time=START - 200 * partition)])
    assert (events(engine, 60), events(engine, 300), events(engine, 3600)) == (1, 2, 3)
    assert len(engine.partitions) == 3
    engine.drop(("events", 2))
    engine.drop(("events", 9))
    assert total(engine) == 2
    assert engine.covered(("events", 2)) == 0
    assert engine.watermark(("events", 2)) == 0.0


def test_models_beyond_the_limit_share_a_bucket() -> None:
    engine = make_engine(max_models=2)
    for offset, name in enumerate(["a", "b", "c", "d", "a", "x" * 1000]):
        engine.apply(KEY, offset, [make_observation(model=name)])
    assert engine.models() == ("a", "b", OTHER)
    assert (total(engine, "a"), total(engine, "b"), total(engine, OTHER)) == (2, 1, 3)
    # Another partition saw other models first: each keeps its own, what is exported stays bounded.
    for offset, name in enumerate(["y", "z"]):
        engine.apply(("events", 1), offset, [make_observation(model=name)])
    assert engine.models() == ("a", "b", OTHER)
    assert total(engine, OTHER) == 5


def test_memory_is_bounded_under_hostile_times_models_and_groups() -> None:
    clock = ManualClock(START)
    engine = make_engine(clock, max_models=3)
    sizes = []
    for offset in range(6000):
        clock.advance(7.0)
        hostile = [clock.now() - offset % 4000, clock.now() + 10.0**9, -1e300, 1e308][offset % 4]
        engine.apply(
            KEY,
            offset,
            [
                make_observation(
                    model=f"model {offset % 50}",
                    time=hostile,
                    decision="yes",
                    attributes={f"a{offset % 20}": f"g{offset}"},
                    categories=(("output", f"c{offset}"),),
                )
            ],
        )
        if offset in (2999, 5999):
            sizes.append(sum(map(len, engine.snapshot(KEY).values.values())))
    assert len(engine.models()) == 4
    assert sizes[1] < 1.3 * sizes[0] < 3_000_000
    counted = engine.take_counts()
    assert counted.applied == 6000
    assert counted.late >= 1500
    assert counted.future >= 1500


def test_readings_cover_every_model_and_window() -> None:
    engine = make_engine()
    for offset in range(40):
        engine.apply(KEY, offset, [make_observation(model="ab"[offset % 2], dimensions=("output",))])
    readings = engine.measurements()
    assert [(r.model, r.window_seconds) for r in readings] == [(m, w) for m in "ab" for w in WINDOWS]
    assert {r.results["harm"].components[0].value for r in readings} == {1.0}
    assert readings == engine.measurements()  # reading changes nothing, cached or not
    assert [r.results["harm"].events for r in engine.total_measurements()] == [20, 20]


streams = st.lists(observations(), max_size=40)


@given(streams, st.lists(st.integers(0, 3), min_size=40, max_size=40))
def test_partitions_merge_to_what_one_partition_holds(stream: list[Observation], places: list[int]) -> None:
    one, many = make_engine(), make_engine()
    first = make_observation(time=START)  # all watermarks alike, so that nothing is late in one of them only
    for partition in range(4):
        one.apply(KEY, partition, [first])
        many.apply(("events", partition), 0, [first])
    for offset, (observation, partition) in enumerate(zip(stream, places, strict=False)):
        one.apply(KEY, offset + 10, [observation])
        many.apply(("events", partition), offset + 10, [observation])
    assert set(one.models()) == set(many.models())
    for model in one.models():
        assert one.totals(model) == many.totals(model)
        for seconds in WINDOWS:
            assert one.window(model, seconds) == many.window(model, seconds)


@given(st.lists(observations(times=st.floats(allow_nan=True) | st.floats(START - 5000, START + 100)), max_size=30))
def test_totals_are_the_truth_and_the_watermark_never_goes_back(stream: list[Observation]) -> None:
    engine = make_engine()
    highest = 0.0
    truth: dict[str, list[Observation]] = defaultdict(list)
    for offset, observation in enumerate(stream):
        engine.apply(KEY, offset, [observation])
        truth[observation.model].append(observation)
        assert engine.watermark(KEY) >= highest
        highest = engine.watermark(KEY)
        assert highest <= START + 60.0
    for aggregator in (HarmAggregator(), BiasAggregator()):
        for model, seen in truth.items():
            assert engine.totals(model)[aggregator.name] == state_of(aggregator, seen)


@settings(max_examples=50)
@given(st.lists(st.tuples(observations(), st.integers(0, 300), st.booleans()), max_size=60))
def test_windows_are_the_truth_however_often_they_are_read(steps: list[tuple[Observation, int, bool]]) -> None:
    """Against a plain list of events; readings in between fill and outdate the caches."""
    clock = ManualClock(START)
    engine = make_engine(clock)
    seen: list[Observation] = []
    for offset, (drawn, pause, read) in enumerate(steps):
        clock.advance(float(pause))
        observation = make_observation(
            model="m", time=clock.now() - (START - drawn.time) / 20, dimensions=drawn.dimensions, weight=drawn.weight
        )
        engine.apply(KEY, offset, [observation])
        seen.append(observation)
        if not read:
            continue
        now = engine.event_now()
        for seconds, cut in ((60, 10), (300, 10), (3600, 60)):
            start = now // cut * cut - seconds + cut
            inside = [o for o in seen if o.time // cut * cut >= start]
            assert engine.window("m", seconds)["harm"] == state_of(HarmAggregator(), inside)
    assert engine.totals("m")["harm"] == merged(HarmAggregator(), state_of(HarmAggregator(), seen))


def test_a_late_event_for_a_pane_that_was_folded_while_hot_is_counted() -> None:
    engine = make_engine()
    minute = START // 60 * 60 - 1200
    for offset, time in enumerate([minute + 1, minute + 11]):
        engine.apply(KEY, offset, [make_observation(time=time)])
    engine.apply(KEY, 2, [make_observation(model="n", time=START)])
    assert events(engine, 3600) == 2  # reading folds both panes into one of a minute
    engine.apply(KEY, 3, [make_observation(time=minute + 12)])
    assert events(engine, 3600) == total(engine) == 3


def test_a_partition_that_catches_up_is_read_right_all_along() -> None:
    engine = make_engine()
    engine.apply(KEY, 0, [make_observation(time=START)])
    behind = ("events", 1)
    for step in range(300):  # the windows end with the other partition; only the panes behind them are folded
        engine.apply(behind, step, [make_observation(time=START - 3000 + step * 10)])
        assert events(engine, 3600) == total(engine) == step + 2


def test_a_coarse_pane_that_folding_has_just_made_is_not_overwritten() -> None:
    engine = make_engine()
    times = [0.0, START - 3130.0, START + 61.0, START - 2720.0, START - 3140.0]
    for offset, (model, time) in enumerate(zip("aabba", times, strict=True)):
        engine.apply(KEY, offset, [make_observation(model=model, time=time)])
    assert engine.totals("a")["harm"] == state_of(
        HarmAggregator(), [make_observation(model="a", time=times[index]) for index in (0, 1, 4)]
    )


def test_a_new_life_of_the_topic_outranks_the_old_one() -> None:
    clock = ManualClock(START)
    first = make_engine(clock)
    first.restore(KEY, [], generation=3)
    for offset in range(1000):
        first.apply(KEY, offset, [make_observation(model="ab"[offset % 2])])
    old = list(first.snapshot(KEY).values.values())

    second = make_engine(clock)
    assert second.restore(KEY, old) == 1000
    assert second.restart(KEY, old) == 4
    assert (second.covered(KEY), second.models(), second.watermark(KEY)) == (0, (), 0.0)
    for offset in range(50):
        second.apply(KEY, offset, [make_observation(model="a")])
    new = list(second.snapshot(KEY).values.values())

    third = make_engine(clock)
    assert third.restore(KEY, [*old, *new, *old]) == 50
    assert third.models() == ("a",)  # nor does b come back, of which the new life has not heard
    assert third.totals("a") == second.totals("a")
    # Whoever owns the partition later says so too: compaction may leave the old value of b for ever.
    assert {peek(value).floor for value in third.snapshot(KEY).values.values()} == {4}

    # Nor do they where nobody can read the new value, which may be of a newer version of ours.
    (value,) = new
    unreadable = msgspec.msgpack.encode({**msgspec.msgpack.decode(value), "aggregators": [["?", 1]]})
    fourth = make_engine(clock)
    fourth.restore(KEY, [*old, unreadable])
    assert (fourth.models(), fourth.damaged(KEY)) == ((), 1)

    for values in ([*old, *new], [*new, *old]):
        reader = make_engine(clock)
        for value in values:
            reader.absorb(value)
        assert reader.models() == ("a",)
        assert reader.totals("a") == second.totals("a")
