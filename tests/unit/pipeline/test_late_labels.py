"""Labels that come on their own are joined once, whatever comes first and whatever a crash leaves."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.events import InferenceEvent
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline.late_labels import LabelPlace, LateLabels
from agent.windows.base import Observation
from agent.windows.bias import BiasAggregator
from agent.windows.engine import WindowEngine
from agent.windows.labelled import PLACES
from tests.builders import make_event

NOW = 1_790_000_000.0
TOPIC = "inference.events"
PARTITION = (TOPIC, 0)


class Life:
    """One life of a worker: windows, and the labels that wait."""

    def __init__(self, **over: Any) -> None:
        self.clock = ManualClock(NOW)
        self.registry = new_registry()
        self.metrics = Metrics(self.registry, clock=self.clock)
        self.windows = WindowEngine([BiasAggregator()], self.clock)
        self.late = LateLabels(self.windows, self.metrics, self.clock, **over)

    def decide(self, offset: int, name: str | None = None, partition: int = 0) -> None:
        """What the pipeline does with the decision of one record."""
        origin = Origin(TOPIC, partition, offset)
        event = event_of(name or f"d-{offset}")
        key = (TOPIC, partition)
        observation = observe(offset, self.late.label_of(event))
        covered = self.windows.covers(key, observation.model, offset)
        self.windows.apply(key, offset, [observation])
        self.late.note(origin, event, observation, covered)

    def label(self, offset: int, label: str | None = None, place: LabelPlace | None = None) -> None:
        name = f"d-{offset}"
        self.late.offer("test", name, label or truth(offset), place or LabelPlace(0, offset))

    def save(self, partition: tuple[str, int] = PARTITION) -> tuple[list[bytes], list[bytes]]:
        """What a checkpoint writes: window state, waiting decisions."""
        snapshot = self.windows.snapshot(partition, full=True, label_offsets=self.late.positions())
        return list(snapshot.values.values()), self.late.take_unwritten(partition)

    def take_over(self, states: Iterable[bytes], waiting: Iterable[bytes]) -> int:
        self.windows.restore(PARTITION, states)
        number = self.late.restore(PARTITION, waiting)
        self.late.rewind(self.windows.label_offsets(PARTITION))
        return number

    def counted(self) -> Any:
        return self.windows.totals("loans")["bias"]

    def labels(self, result: str) -> float:
        return self.sample("harmwatch_labels_total", result=result)

    def sample(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


def event_of(name: str) -> InferenceEvent:
    return make_event(inference_id=name, source="test")


def truth(offset: int) -> str:
    return random.Random(-offset - 1).choice(["approved", "denied"])


def observe(offset: int, label: str | None = None) -> Observation:
    draw = random.Random(offset)
    return Observation(
        model="loans",
        time=NOW - offset,
        decision=draw.choice(["approved", "denied"]),
        attributes={"sex": draw.choice(["female", "male"])},
        label=label,
    )


def expected(decisions: int, labelled: Iterable[int]) -> Any:
    windows = WindowEngine([BiasAggregator()], ManualClock(NOW))
    known = set(labelled)
    for offset in range(decisions):
        windows.apply(PARTITION, offset, [observe(offset, truth(offset) if offset in known else None)])
    return windows.totals("loans")["bias"]


@given(st.permutations([(kind, place) for kind in ("decision", "label") for place in range(6)]))
def test_the_order_in_which_labels_and_decisions_come_does_not_matter(order: list[tuple[str, int]]) -> None:
    # The records of a partition come in the order of their offsets; labels come anywhere between them.
    life = Life()
    decided = 0
    for number, (kind, place) in enumerate(order):
        if kind == "label":
            life.label(place, place=LabelPlace(0, number))
        else:
            life.decide(decided)
            decided += 1
    assert life.counted() == expected(6, range(6))
    assert life.labels("joined") == 6


def test_a_label_that_comes_twice_counts_once_and_the_first_one_counts() -> None:
    life = Life()
    life.decide(0)
    life.label(0, "approved")
    life.label(0, "denied", LabelPlace(0, 1))
    assert life.counted() != expected(0, ())
    once = Life()
    once.decide(0)
    once.label(0, "approved")
    assert life.counted() == once.counted()
    early = Life()
    early.label(0, "approved")
    early.label(0, "denied", LabelPlace(0, 1))
    early.decide(0)
    assert early.counted() == once.counted()


@given(
    decisions=st.integers(min_value=1, max_value=30),
    written=st.booleans(),
    state_written=st.booleans(),
    seed=st.integers(min_value=0, max_value=10_000),
)
def test_a_crash_between_any_two_writes_neither_loses_a_label_nor_doubles_one(
    decisions: int, written: bool, state_written: bool, seed: int
) -> None:
    """A worker saves, goes on and dies, with any part of its last checkpoint written and nothing committed of it; the
    next one reads records and labels again from where the first checkpoint says.
    """
    draw = random.Random(seed)
    committed = draw.randint(0, decisions)
    labelled = [offset for offset in range(decisions) if draw.random() < 0.7]
    draw.shuffle(labelled)
    cut = draw.randint(0, len(labelled))
    first = Life()
    log = list(enumerate(labelled))
    for offset in range(committed):
        first.decide(offset)
    for number, offset in log[:cut]:
        first.label(offset, place=LabelPlace(0, number))
    states, waiting = first.save()
    for offset in range(committed, decisions):
        first.decide(offset)
    later = draw.randint(cut, len(log))
    for number, offset in log[cut:later]:
        first.label(offset, place=LabelPlace(0, number))
    last_states, last_waiting = first.save()

    second = Life()
    second.take_over([*states, *(last_states if state_written else [])], [*waiting, *(last_waiting if written else [])])
    begin = second.late.read_from.get(0, 0)
    steps = [("record", offset) for offset in range(committed, decisions)]
    steps_of_labels = [("label", number) for number, _ in log[begin:]]
    while steps or steps_of_labels:
        chosen = steps if steps and (not steps_of_labels or draw.random() < 0.5) else steps_of_labels
        kind, number = chosen.pop(0)
        if kind == "record":
            second.decide(number)
        else:
            second.label(log[number][1], place=LabelPlace(0, number))
    assert second.counted() == expected(decisions, labelled)


def test_a_label_that_waits_keeps_the_offset_from_where_labels_are_read_again() -> None:
    life = Life(early_seconds=60.0)
    life.decide(0)
    life.label(5, place=LabelPlace(0, 7))
    life.label(0, place=LabelPlace(0, 8))
    life.label(6, place=LabelPlace(0, 9))
    assert life.late.positions() == {0: 7}
    life.decide(5)
    assert life.late.positions() == {0: 9}
    life.clock.advance(61.0)
    life.late.expire()
    assert life.late.positions() == {0: 10}
    assert life.labels("unknown") == 1


def test_both_waits_are_bounded() -> None:
    life = Life(max_waiting=10, max_early=10)
    for offset in range(30):
        life.decide(offset)
        life.label(1000 + offset, place=LabelPlace(0, offset))
    life.late.expire()
    assert life.metrics.total("harmwatch_decisions_awaiting_label") == 10
    assert life.metrics.total("harmwatch_decisions_given_up_total") == 20
    assert life.labels("unknown") == 20
    assert life.late.positions() == {0: 20}
    life.label(5, place=LabelPlace(0, 30))
    assert life.labels("joined") == 0
    life.label(29, place=LabelPlace(0, 31))
    assert life.labels("joined") == 1


def test_joined_labels_do_not_pile_up_behind_one_that_waits() -> None:
    life = Life()
    life.label(10_000, place=LabelPlace(0, 0))
    for offset in range(1_000):
        life.label(offset, place=LabelPlace(0, offset + 1))
        life.decide(offset)
    assert len(life.late._early_offsets[0]) <= 70
    assert life.late.positions() == {0: 0}


def test_what_is_lost_with_a_partition_waits_no_more() -> None:
    life = Life()
    life.decide(0)
    life.decide(0, "other", partition=1)
    life.windows.drop(PARTITION)
    life.late.forget([PARTITION])
    assert not life.late.take_unwritten(PARTITION)
    life.label(0)
    assert life.labels("joined") == 0
    life.late.offer("test", "other", "approved", LabelPlace(0, 3))
    assert life.labels("joined") == 1


def test_another_life_of_the_topic_and_damaged_values_are_passed_over() -> None:
    first = Life()
    first.decide(0)
    states, waiting = first.save()
    second = Life()
    second.windows.restore(PARTITION, states)
    second.windows.restart(PARTITION, states)
    assert second.late.restore(PARTITION, waiting) == 0
    third = Life()
    third.windows.restore(PARTITION, states)
    hostile = [b"", b"\xc1", waiting[0][:-3], msgspec.msgpack.encode([1, TOPIC, 0, 0, [(b"x" * 12, b"\xc1")]])]
    assert third.late.restore(PARTITION, hostile) == 0
    assert third.late.restore(("other", 0), waiting) == 0
    assert third.late.restore(PARTITION, waiting) == 1


def test_a_decision_of_a_stranger_with_too_many_attributes_does_not_wait() -> None:
    life = Life()
    event = event_of("d-0")
    seen = Observation(
        model="loans", time=NOW, decision="approved", attributes={f"a{n}": "x" * 100 for n in range(200)}
    )
    life.windows.apply(PARTITION, 0, [seen])
    life.late.note(Origin(TOPIC, 0, 0), event, seen, False)
    assert life.metrics.total("harmwatch_decisions_given_up_total") == 1
    assert not life.late.take_unwritten(PARTITION)


def test_late_labels_are_counted_beside_the_decisions() -> None:
    life = Life()
    life.decide(0)
    life.label(0, "approved")
    seen = observe(0)
    labels = {"model": "loans", "attribute": "sex", "group": seen.attributes["sex"], "decision": str(seen.decision)}
    assert life.sample("harmwatch_late_labels_total", **labels, label="approved") == 1


def test_labels_begin_where_the_state_says_and_at_the_start_where_it_says_nothing() -> None:
    fresh = Life()
    fresh.late.start({0: 40, 1: 50})
    assert fresh.late.read_from == {0: 40, 1: 50}
    fresh.late.start({0: 45, 1: 55, 2: 3})
    assert fresh.late.read_from == {0: 40, 1: 50, 2: 3}
    taken_over = Life()
    taken_over.late.rewind({0: 12})
    taken_over.late.start({0: 40, 1: 50})
    assert taken_over.late.read_from == {0: 12, 1: 0}
    taken_over.late.rewind({0: 20, 1: 4})
    assert taken_over.late.read_from == {0: 12, 1: 0}


@given(st.lists(st.tuples(st.integers(min_value=0, max_value=60), st.integers(min_value=1, max_value=20)), max_size=8))
def test_no_label_that_waits_lies_below_the_position_however_often_it_goes_back(steps: list[tuple[int, int]]) -> None:
    life = Life()
    life.late.start({0: 40})
    for back, number in steps:
        life.late.rewind({0: back})
        for offset in range(life.late.read_from[0], life.late.read_from[0] + number):
            life.label(offset, place=LabelPlace(0, offset))
        waiting = [early.place.offset for early in life.late._early.values()]
        assert life.late.positions()[0] <= min(waiting)


def test_a_decision_that_is_too_old_for_its_label_is_told_as_given_up() -> None:
    """Of 200,000 decisions, as many as wait by default, whose labels came in any order one in seven was lost so."""
    life = Life()
    for offset in range(3):
        life.decide(offset)
    part = life.windows.held(PARTITION)
    assert part is not None
    part.models["loans"].labelled.begins = 2 * PLACES
    for offset in range(3):
        life.label(offset)
        life.label(offset)
    assert life.labels("joined") == 1
    assert life.sample("harmwatch_decisions_given_up_total") == 2
    assert len(life.late._waiting) == 0
