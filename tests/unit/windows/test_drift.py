"""Counts for drift: the same however the stream is split over partitions and workers, also after restarts; bounded."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.histograms import REST, SQUARES, number_bin, weight_of
from agent.windows.base import Observation
from agent.windows.drift import DriftAggregator
from agent.windows.engine import WindowEngine
from tests.unit.windows.builders import START, make_observation, observations, state_of

TOPIC = "inference.events"


def counted(features: list[tuple[str, float | str]], **over: object) -> Observation:
    return make_observation(features=features, **over)


def engine() -> WindowEngine:
    clock = ManualClock(START + 10_000.0)
    return WindowEngine([DriftAggregator(["gender"], max_features=16)], clock, windows_seconds=(60.0, 3600.0))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(observations(times=st.integers(0, 7200).map(lambda s: START + s)), max_size=60),
    st.lists(st.integers(0, 5), min_size=60, max_size=60),
    st.lists(st.integers(0, 2), min_size=6, max_size=6),
    st.integers(0, 60),
)
def test_workers_that_share_partitions_count_what_one_counts(
    stream: list[Observation], partitions: list[int], owners: list[int], killed_at: int
) -> None:
    # In a partition times rise: how late events are settled is another matter.
    stream = sorted(stream, key=lambda observation: observation.time)
    alone, workers, topic = engine(), [engine() for _ in range(3)], {}
    offsets = [0] * 6
    for place, (observation, partition) in enumerate(zip(stream, partitions, strict=False)):
        if place == killed_at:
            # One worker forgets everything and reads its partitions again, from what was written to the topic.
            workers[0] = engine()
            for key in [(TOPIC, number) for number in range(6) if owners[number] == 0]:
                workers[0].restore(key, [value for (of, _), value in topic.items() if of == key])
        alone.apply((TOPIC, 0), place, [observation])
        worker = workers[owners[partition]]
        worker.apply((TOPIC, partition), offsets[partition], [observation])
        offsets[partition] += 1
        for model, value in worker.snapshot((TOPIC, partition)).values.items():
            topic[(TOPIC, partition), model] = value
    merged = engine()
    for value in topic.values():
        merged.absorb(value)
    assert sorted(merged.models()) == sorted(alone.models())
    for model in alone.models():
        assert merged.totals(model) == alone.totals(model)
        for seconds in (60.0, 3600.0):
            now = alone.event_now()
            assert merged.window(model, seconds, now) == alone.window(model, seconds, now)


def test_numbers_and_categories_are_counted_by_feature_and_by_group() -> None:
    made = DriftAggregator(["Gender"])
    state = state_of(
        made,
        [
            counted([("output.score", 0.5), ("channel", "web")], attributes={"gender": " Female", "region": "north"}),
            counted([("output.score", 0.0)], attributes={"gender": "male"}),
            counted([("output.score", 0.5), ("output.score", float("nan"))], weight=3.0),
        ],
    )
    assert state["output.score"] == {
        "all": {number_bin(0.5): 4, 0: 1, SQUARES: 6},
        "by": {"gender": {"female": {number_bin(0.5): 1}, "male": {0: 1}}},
    }
    assert list(state["channel"]["by"]["gender"]) == ["female"]


def test_features_that_events_name_leave_half_of_the_places() -> None:
    made = DriftAggregator(max_features=8)
    state = state_of(made, [counted([(f"input.features.{number}", 1.0)]) for number in range(500)])
    assert len(state) == 4
    # Whoever comes later finds the same ones, and all of their values.
    again = state_of(made, [counted([(f"input.features.{number}", 1.0)]) for number in reversed(range(500))])
    assert again == state
    made.add(state, counted([(f"output.category_{number}", 1.0) for number in range(20)]))
    assert sum(name.startswith("output.") for name in state) == 8
    assert len(state) == 12


def test_groups_beyond_the_bound_are_counted_as_a_rest() -> None:
    made = DriftAggregator(["gender"])
    state = state_of(made, [counted([("s", 1.0)], attributes={"gender": f"group {n}"}) for n in range(100)])
    groups = state["s"]["by"]["gender"]
    assert len(groups) == 13
    assert sum(weight_of(histogram)[0] for histogram in groups.values()) == 100


def test_a_state_is_bounded_whatever_numbers_and_categories_come() -> None:
    made = DriftAggregator(["gender"], max_features=4)
    state = made.empty()
    for number in range(3_000):
        value: float | str = 1.01**number if number % 2 else f"category {number}"
        made.add(state, counted([("a", value), ("a", -(1.01**number))], attributes={"gender": f"{number % 40}"}))
    assert state["a"]["all"][REST] > 0
    # 14 histograms of at most 162 numbers.
    assert len(msgspec.msgpack.encode(state)) < 14 * 162 * 6


def test_what_is_no_longer_asked_for_is_not_taken_up_again() -> None:
    state = state_of(DriftAggregator(["gender"]), [counted([("s", 1.0)], attributes={"gender": "female"})])
    into = DriftAggregator().empty()
    DriftAggregator().merge(into, state)
    assert into == {"s": {"all": {number_bin(1.0): 1}, "by": {}}}
