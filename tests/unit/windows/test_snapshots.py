from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.errors import StateError
from agent.windows.base import Observation
from agent.windows.bias import BiasAggregator
from agent.windows.codec import FORMAT_VERSION, decode, peek
from agent.windows.engine import WindowEngine
from agent.windows.harm import HarmAggregator
from tests.unit.windows.builders import START, make_engine, make_observation, observations

KEY = ("events", 3)
WINDOWS = (60.0, 300.0, 3600.0)


def everything(engine: WindowEngine, now: float) -> dict[str, object]:
    return {
        model: (engine.totals(model), [engine.window(model, seconds, now) for seconds in WINDOWS])
        for model in engine.models()
    }


class Worker:
    """A worker, its log of snapshots and its committed offset."""

    def __init__(self, records: list[list[Observation]], max_models: int) -> None:
        self.records = records
        self.max_models = max_models
        self.log: list[bytes] = []
        self.committed = 0
        self.start()

    def start(self) -> None:
        self.engine = make_engine(max_models=self.max_models)
        self.engine.restore(KEY, self.log)
        self.position = self.committed

    def consume(self, count: int) -> None:
        for offset in range(self.position, min(len(self.records), self.position + count)):
            self.engine.apply(KEY, offset, self.records[offset])
            self.position = offset + 1

    def save(self) -> None:
        snapshot = self.engine.snapshot(KEY)
        self.log.extend(snapshot.values.values())
        self.engine.confirm(snapshot)
        self.committed = max(self.committed, self.position)

    def save_partly(self, draw: random.Random) -> None:
        """Only some of the values arrive: nothing is confirmed, nothing committed."""
        self.log.extend(value for value in self.engine.snapshot(KEY).values.values() if draw.random() < 0.5)

    def save_all_and_compact(self) -> None:
        snapshot = self.engine.snapshot(KEY, full=True)
        self.log = list(snapshot.values.values())
        self.engine.confirm(snapshot)
        self.committed = max(self.committed, self.position)

    def hand_over(self, count: int) -> None:
        """A new owner starts; the old one does not know it yet, counts on, and writes once more."""
        zombie, position = self.engine, self.position
        self.start()
        for offset in range(position, min(len(self.records), position + count)):
            zombie.apply(KEY, offset, self.records[offset])
        self.log.extend(zombie.snapshot(KEY).values.values())


actions = st.lists(
    st.tuples(st.sampled_from(["consume", "save", "partly", "compact", "crash", "handover"]), st.integers(1, 12)),
    max_size=25,
)


@settings(max_examples=150)
@given(
    st.lists(st.lists(observations(), max_size=3), max_size=40),
    actions,
    st.integers(1, 3),
    st.randoms(use_true_random=False),
)
def test_crashes_anywhere_lose_and_double_nothing(
    records: list[list[Observation]], steps: list[tuple[str, int]], max_models: int, draw: random.Random
) -> None:
    worker = Worker([[make_observation(model="a", time=START)], *records], max_models)
    for action, amount in steps:
        if action == "consume":
            worker.consume(amount)
        elif action == "save":
            worker.save()
        elif action == "partly":
            worker.save_partly(draw)
        elif action == "compact":
            worker.save_all_and_compact()
        elif action == "crash":
            worker.start()
        else:
            worker.hand_over(amount)
    worker.consume(len(worker.records))
    truth = make_engine(max_models=max_models)
    for offset, record in enumerate(worker.records):
        truth.apply(KEY, offset, record)
    assert everything(worker.engine, START) == everything(truth, START)
    worker.save()
    worker.start()
    assert everything(worker.engine, START) == everything(truth, START)


def filled() -> WindowEngine:
    engine = make_engine()
    for offset in range(200):
        engine.apply(
            KEY,
            offset,
            [
                make_observation(
                    model="ab"[offset % 2],
                    time=START - 40 * (200 - offset),
                    dimensions=("privacy",) if offset % 3 else (),
                    categories=(("output", "pii.email"),),
                    decision="approved",
                    attributes={"gender": "女" if offset % 5 else "男"},
                )
            ],
        )
    return engine


def test_only_changed_models_are_written_and_only_confirmation_cleans() -> None:
    engine = filled()
    first = engine.snapshot(KEY)
    assert set(first.values) == {"a", "b"}
    assert first.covered == 200
    assert set(engine.snapshot(KEY).values) == {"a", "b"}  # the write may have failed
    engine.apply(KEY, 200, [make_observation(model="a")])
    engine.confirm(first)
    assert set(engine.snapshot(KEY).values) == {"a"}  # changed since the snapshot was taken
    engine.confirm(engine.snapshot(KEY))
    assert engine.snapshot(KEY).values == {}
    assert engine.snapshot(("events", 9)).values == {}


def test_a_confirmation_that_comes_after_a_handover_does_nothing() -> None:
    engine = filled()
    old = engine.snapshot(KEY)
    engine.drop(KEY)
    engine.confirm(old)
    engine.restore(KEY, [])
    engine.apply(KEY, 300, [make_observation(model="a")])
    engine.confirm(old)
    assert set(engine.snapshot(KEY).values) == {"a"}


def test_the_highest_generation_and_offset_counts() -> None:
    engine = filled()
    early = engine.snapshot(KEY).values["a"]
    engine.apply(KEY, 200, [make_observation(model="a")])
    late = engine.snapshot(KEY).values["a"]
    other = make_engine()
    assert other.restore(KEY, [late, early, late]) == 201
    assert other.totals("a") == engine.totals("a")
    other.apply(KEY, 201, [make_observation(model="a")])
    assert other.restore(KEY, [*other.snapshot(KEY).values.values(), late]) == 202


def test_restore_replaces_what_was_held() -> None:
    engine = filled()
    values = list(engine.snapshot(KEY).values.values())
    engine.restore(KEY, values)
    engine.restore(KEY, values)
    assert engine.totals("a")["harm"]["counts"][0] == 100


def test_windows_go_on_after_a_restart() -> None:
    clock = ManualClock(START)
    engine = make_engine(clock)
    engine.apply(KEY, 0, [make_observation(time=START - 2)])
    values = list(engine.snapshot(KEY).values.values())
    clock.advance(100.0)
    after = make_engine(clock)
    after.restore(KEY, values)
    assert after.watermark(KEY) == START - 2
    assert after.event_now() == START + 98  # the time that the worker was down has passed
    assert after.window("m", 60)["harm"]["counts"][0] == 0
    assert after.window("m", 300)["harm"]["counts"][0] == 1


def test_the_merging_reader_follows_all_workers() -> None:
    engine = filled()
    values = engine.snapshot(KEY).values
    engine.apply(KEY, 200, [make_observation(model="a")])
    newer = engine.snapshot(KEY).values
    reader = make_engine()
    assert all(reader.absorb(value) for value in values.values())
    assert reader.absorb(newer["a"])
    assert not reader.absorb(values["a"])
    assert not reader.absorb(newer["a"])
    assert reader.totals("a") == engine.totals("a")
    assert reader.models() == ("a", "b")


@pytest.mark.parametrize("pane_seconds", [5.0, 20.0, 7.5, 60.0])
def test_another_pane_width_keeps_everything(pane_seconds: float) -> None:
    engine = filled()
    values = list(engine.snapshot(KEY).values.values())
    other = make_engine(pane_seconds=pane_seconds)
    other.restore(KEY, values)
    assert other.totals("a") == engine.totals("a")
    now = engine.watermark(KEY)
    before = engine.window("a", 3600, now)["harm"]["counts"][0]
    after = other.window("a", 3600, now)["harm"]["counts"][0]
    assert abs(after - before) <= 3
    assert other.take_counts().rebucketed > 0


def test_a_new_owner_writes_every_model_once() -> None:
    values = list(filled().snapshot(KEY).values.values())
    engine = make_engine()
    engine.restore(KEY, values)
    first = engine.snapshot(KEY)
    assert set(first.values) == {"a", "b"}
    engine.confirm(first)
    assert engine.snapshot(KEY).values == {}
    assert set(engine.snapshot(KEY, full=True).values) == {"a", "b"}
    # The old owner's value, written later, does not count against the new owner's.
    again = make_engine()
    again.restore(KEY, [*first.values.values(), *values])
    again_first = again.snapshot(KEY).values["a"]
    assert msgspec.msgpack.decode(again_first)["generation"] == 2


def test_other_windows_keep_everything() -> None:
    engine = filled()
    other = make_engine(windows_seconds=(60.0, 7200.0))
    other.restore(KEY, engine.snapshot(KEY).values.values())
    assert other.totals("b") == engine.totals("b")


def test_an_aggregator_may_come_and_go() -> None:
    values = list(filled().snapshot(KEY).values.values())
    only_bias = WindowEngine([BiasAggregator()], ManualClock(START))
    only_bias.restore(KEY, values)
    assert only_bias.totals("a")["bias"]
    harm_again = make_engine()
    only_bias.apply(KEY, 200, [make_observation(model="a")])
    harm_again.restore(KEY, only_bias.snapshot(KEY).values.values())
    assert harm_again.totals("a")["harm"] == HarmAggregator().empty()


def test_newer_versions_are_refused_by_name() -> None:
    value = filled().snapshot(KEY).values["a"]
    record = msgspec.msgpack.decode(value)
    with pytest.raises(StateError, match="upgrade"):
        make_engine().absorb(msgspec.msgpack.encode({**record, "version": FORMAT_VERSION + 1, "covered": "elsewhere"}))
    with pytest.raises(StateError, match="upgrade"):
        peek(msgspec.msgpack.encode({**record, "version": FORMAT_VERSION + 1}))
    aggregators = [["harm", 99], ["bias", 1]]
    with pytest.raises(StateError, match="harm"):
        make_engine().absorb(msgspec.msgpack.encode({**record, "aggregators": aggregators}))
    assert make_engine().absorb(msgspec.msgpack.encode({**record, "added_later": 1}))


def test_state_of_another_partition_is_passed_over() -> None:
    values = list(filled().snapshot(KEY).values.values())
    engine = make_engine()
    assert engine.restore(("events", 4), values) == 0
    assert engine.damaged(("events", 4)) == 0
    assert engine.models() == ()


def test_the_largest_scores_that_are_counted_can_be_read_again() -> None:
    """Their squares passed for damage from a million decisions on: after a restart all that the model had was lost."""
    engine = make_engine()
    for offset in range(1_100):
        seen = make_observation(attributes={"sex": "f"}, decision="yes", decision_score=1e12, weight=1_000.0)
        engine.apply(KEY, offset, [seen])
    heir = make_engine()
    assert heir.restore(KEY, engine.snapshot(KEY).values.values()) == 1_100
    assert heir.damaged(KEY) == 0
    assert heir.totals("m") == engine.totals("m")


def damaged(change: object) -> bytes:
    record = msgspec.msgpack.decode(filled().snapshot(KEY).values["a"])
    return msgspec.msgpack.encode({**record, **change})  # type: ignore[dict-item]


DAMAGE = [
    {"watermark": float("nan")},
    {"watermark": 1e300},
    {"covered": -1},
    {"floor": 5},
    {"pane_seconds": 0.0},
    {"panes": [[-5, 1, [{}, {}]]]},
    {"panes": [[5, 0, [{}, {}]]]},
    {"panes": [[5, 1, []]]},
    {"settled": []},
    {"settled": [{}, {}]},
    {"settled": [{"counts": [float("nan")] * 20, "categories": {}}, {}]},
    {"settled": [{"counts": [1e-200] * 20, "categories": {}}, {}]},
    {"settled": [{"counts": ["x"] * 20, "categories": {}}, {}]},
    {"settled": [{"counts": [0.0] * 20, "categories": {"a": None}}, {}]},
    {"settled": [{"counts": [0.0] * 20, "categories": {}}, {"gender": {"f": 1}}]},
    {"settled": [{"counts": [0.0] * 20, "categories": {}}, 7]},
]


@pytest.mark.parametrize("change", DAMAGE)
def test_damage_is_a_state_error(change: dict[str, object]) -> None:
    with pytest.raises(StateError):
        make_engine().absorb(damaged(change))


@pytest.mark.parametrize("change", DAMAGE)
def test_damage_costs_its_own_value_only(change: dict[str, object]) -> None:
    engine = filled()
    older = engine.snapshot(KEY).values
    engine.apply(KEY, 200, [make_observation(model="b")])
    newest = engine.snapshot(KEY).values["b"]
    after = make_engine()
    bad = damaged({"covered": 900, **change})
    assert after.restore(KEY, [b"\xc1", older["a"], bad, older["b"], newest]) == 201
    assert after.damaged(KEY) == 2
    assert after.totals("a") == filled().totals("a")
    assert after.totals("b") == engine.totals("b")
    assert after.restore(KEY, list(older.values())) == 200
    assert after.damaged(KEY) == 0


def test_a_damaged_value_is_outranked_by_what_its_partition_writes_next() -> None:
    bad = damaged({"generation": 6, "settled": []})
    engine = make_engine()
    engine.restore(KEY, [bad])
    engine.apply(KEY, 0, [make_observation(model="a")])
    assert peek(engine.snapshot(KEY).values["a"]).generation == 7


def test_the_header_is_read_without_the_states() -> None:
    value = filled().snapshot(KEY).values["a"]
    header, record = peek(value), decode(value)
    assert (header.key, header.model, header.covered) == (KEY, "a", 199)
    assert (header.key, header.generation, header.floor) == (record.key, record.generation, record.floor)
    assert peek(damaged({"panes": [["no state"]], "settled": []})) == header
    with pytest.raises(StateError):
        peek(b"\xc1")


def test_of_many_values_only_those_that_count_are_read_in_full() -> None:
    """Values that lose have unreadable states here; had they been read, they would be counted as damaged."""
    engine = filled()
    best = list(engine.snapshot(KEY).values.values())
    losers = [damaged({"covered": covered, "settled": []}) for covered in range(150)]
    after = make_engine()
    assert after.restore(KEY, [*losers[:75], *best, *losers[75:]]) == 200
    assert after.damaged(KEY) == 0
    assert everything(after, START) == everything(engine, START)


@given(st.binary(max_size=60))
def test_arbitrary_bytes_raise_only_state_errors(value: bytes) -> None:
    with pytest.raises(StateError):
        make_engine().absorb(value)


_SAMPLE = filled().snapshot(KEY).values["a"]


@settings(max_examples=200)
@given(st.integers(0, len(_SAMPLE) - 1), st.integers(1, 255), st.booleans())
def test_flipped_bytes_raise_only_state_errors(position: int, mask: int, cut: bool) -> None:
    value = bytearray(_SAMPLE)
    value[position] ^= mask
    engine = make_engine()
    try:
        engine.absorb(bytes(value[:position] if cut else value))
    except StateError:
        return
    engine.measurements()
