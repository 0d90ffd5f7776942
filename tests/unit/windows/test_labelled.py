"""The set of labelled decisions, and labels that come after their decision."""

from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.errors import StateError
from agent.windows.base import Observation
from agent.windows.bias import BiasAggregator
from agent.windows.engine import OTHER, WindowEngine
from agent.windows.harm import HarmAggregator
from agent.windows.labelled import PLACES, LabelledDecisions, decision_key

NOW = 1_790_000_000.0
PARTITION = ("inference.events", 0)


def make_engine(**over: int) -> WindowEngine:
    return WindowEngine([HarmAggregator(), BiasAggregator()], ManualClock(NOW), **over)


def decision(
    place: int, *, label: str | None = None, time: float = NOW, model: str = "loans", score: float | None = None
) -> Observation:
    draw = random.Random(place)
    return Observation(
        model=model,
        time=time,
        decision=draw.choice(["approved", "denied"]),
        decision_score=score,
        attributes={"sex": draw.choice(["female", "male"]), "age": draw.choice(["old", "young"])},
        label=label,
    )


@given(st.sets(st.integers(min_value=0, max_value=1 << 61), max_size=300))
def test_keys_survive_being_written(keys: set[int]) -> None:
    labelled = LabelledDecisions(keys)
    read = LabelledDecisions.decode(labelled.encode())
    assert {key for key in keys if key in read} == keys
    assert (len(read), read.begins) == (len(keys), 0)


@given(st.binary(max_size=200))
def test_damaged_keys_are_refused_or_read(value: bytes) -> None:
    try:
        LabelledDecisions.decode(value)
    except StateError:
        pass


@pytest.mark.parametrize("steps", [b"\x00" * 7, b"\xff" * 8, b"\x01" + b"\x00" * 15, b"\xff" * 7 + b"\x7f"])
def test_steps_that_are_none_are_refused(steps: bytes) -> None:
    with pytest.raises(StateError):
        LabelledDecisions.decode(zlib.compress(steps) + b"0")


def test_a_value_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(StateError):
        LabelledDecisions.decode(zlib.compress((1).to_bytes(8, "little") * 10_000_000) + b"0")


def test_the_lowest_keys_are_forgotten_and_take_no_label_any_more() -> None:
    labelled = LabelledDecisions()
    for key in range(0, 400_000, 2):
        labelled.add(key)
    assert len(labelled) <= 110_000
    assert 0 in labelled
    assert labelled.begins - 1 in labelled
    assert 399_998 in labelled
    assert 399_999 not in labelled
    read = LabelledDecisions.decode(labelled.encode())
    assert (read.begins, len(read)) == (labelled.begins, len(labelled))
    assert len(labelled.encode()) < 20_000


def test_as_many_as_there_may_be_are_read_again() -> None:
    labelled = LabelledDecisions()
    for key in range(110_000):
        labelled.add(key)
        labelled.add(key)
    assert (len(labelled), labelled.begins) == (110_000, 0)
    assert len(LabelledDecisions.decode(labelled.encode())) == 110_000
    labelled.add(110_000)
    assert (len(labelled), labelled.begins) == (100_000, 10_001)


def test_they_are_a_set_in_whatever_order_they_come() -> None:
    labelled, known, draw = LabelledDecisions(), set[int](), random.Random(7)
    for key in [draw.randrange(4_000) for _ in range(6_000)]:
        assert (key in labelled) == (key in known)
        labelled.add(key)
        known.add(key)
    assert len(labelled) == len(known)
    assert all(key in labelled for key in known)
    assert 4_001 not in labelled


def test_keys_rise_with_the_offset() -> None:
    assert decision_key(3, 0) == 3 * PLACES
    assert decision_key(3, PLACES - 1) == 4 * PLACES - 1
    assert decision_key(3, PLACES) is None


@given(
    places=st.lists(st.integers(min_value=0, max_value=39), unique=True),
    spread=st.sampled_from([0.0, 1.0, 400.0, 4_000.0]),
    score=st.sampled_from([None, 0.25]),
    seed=st.integers(min_value=0, max_value=1000),
)
def test_a_label_that_comes_later_makes_no_difference(
    places: list[int], spread: float, score: float | None, seed: int
) -> None:
    """Windows and totals are those of decisions whose labels were known; also for late events, and old panes."""
    draw = random.Random(seed)
    times = [NOW - spread * draw.random() for _ in range(40)]
    labels = [draw.choice(["approved", "denied"]) for _ in range(40)]
    known, late = make_engine(), make_engine()
    for place in range(40):
        has_label = labels[place] if place in places else None
        known.apply(PARTITION, place, [decision(place, label=has_label, time=times[place], score=score)])
        late.apply(PARTITION, place, [decision(place, time=times[place], score=score)])
    part = late.held(PARTITION)
    assert part is not None
    late.measurements()  # windows are summed up, and have to be again
    for place in places:
        observation = decision(place, time=times[place], score=score)
        assert part.relabel(place * PLACES, observation, labels[place])
        assert not part.relabel(place * PLACES, observation, "approved")
    assert late.totals("loans") == known.totals("loans")
    assert late.measurements() == known.measurements()


@pytest.mark.parametrize("times", [[NOW + 3_600], [NOW + 3_600, NOW + 9_000], [NOW, NOW + 3_600]])
def test_a_decision_from_the_future_is_labelled_where_it_was_counted(times: list[float]) -> None:
    """Also while its partition has no watermark: short windows held the decision without its label."""
    known, late = make_engine(), make_engine()
    for place, time in enumerate(times):
        known.apply(PARTITION, place, [decision(place, label="approved", time=time)])
        late.apply(PARTITION, place, [decision(place, time=time)])
    part = late.held(PARTITION)
    assert part is not None
    for place, time in enumerate(times):
        assert part.relabel(place * PLACES, decision(place, time=time), "approved")
    assert late.measurements() == known.measurements()
    assert late.window("loans", 60.0, NOW) == known.window("loans", 60.0, NOW)


def test_what_has_not_been_counted_takes_no_label() -> None:
    engine = make_engine()
    engine.apply(PARTITION, 7, [decision(7)])
    part = engine.held(PARTITION)
    assert part is not None
    assert not part.relabel(8 * PLACES, decision(8), "approved")
    assert not part.relabel(7 * PLACES, decision(7, model="grading"), "approved")
    assert part.relabel(7 * PLACES + 1, decision(7), "approved")


def test_models_beyond_the_limit_are_labelled_among_the_others() -> None:
    known, late = make_engine(max_models=1), make_engine(max_models=1)
    for engine, label in ((known, "approved"), (late, None)):
        engine.apply(PARTITION, 0, [decision(0, model="first")])
        engine.apply(PARTITION, 1, [decision(1, model="second", label=label)])
    part = late.held(PARTITION)
    assert part is not None
    assert part.relabel(1 * PLACES, decision(1, model="second"), "approved")
    assert late.totals(OTHER) == known.totals(OTHER)


def test_a_label_survives_with_the_state_and_comes_in_vain_again() -> None:
    first = make_engine()
    first.apply(PARTITION, 0, [decision(0)])
    before = first.snapshot(PARTITION)
    first.confirm(before)
    assert not first.relabelled()
    part = first.held(PARTITION)
    assert part is not None
    part.relabel(0, decision(0), "denied")
    assert first.relabelled() == [PARTITION]
    after = first.snapshot(PARTITION, label_offsets={0: 5})
    first.confirm(after)
    assert not first.relabelled()

    second = make_engine()
    second.restore(PARTITION, [*after.values.values(), *before.values.values()])
    assert second.totals("loans") == first.totals("loans")
    assert second.label_offsets(PARTITION) == {0: 5}
    taken_over = second.held(PARTITION)
    assert taken_over is not None
    assert not taken_over.relabel(0, decision(0), "denied")

    merged = make_engine()
    assert merged.absorb(before.values["loans"])
    assert merged.absorb(after.values["loans"])
    assert not merged.absorb(before.values["loans"])
    assert merged.totals("loans") == first.totals("loans")


def test_labels_are_offered_again_from_the_earliest_that_any_model_lacks() -> None:
    engine = make_engine()
    engine.apply(PARTITION, 0, [decision(0, model="one")])
    engine.confirm(old := engine.snapshot(PARTITION, label_offsets={0: 3, 1: 9}))
    engine.apply(PARTITION, 1, [decision(1, model="two")])
    new = engine.snapshot(PARTITION, label_offsets={0: 8, 1: 9, 2: 1})
    other = make_engine()
    other.restore(PARTITION, [old.values["one"], new.values["two"]])
    assert other.label_offsets(PARTITION) == {0: 3, 1: 9, 2: 0}


def test_a_state_that_was_taken_over_keeps_its_offsets_until_labels_are_read() -> None:
    engine = make_engine()
    engine.apply(PARTITION, 0, [decision(0)])
    value = engine.snapshot(PARTITION, label_offsets={0: 3}).values["loans"]
    second, third = make_engine(), make_engine()
    second.restore(PARTITION, [value])
    third.restore(PARTITION, second.snapshot(PARTITION, full=True, label_offsets={}).values.values())
    assert third.label_offsets(PARTITION) == {0: 3}
