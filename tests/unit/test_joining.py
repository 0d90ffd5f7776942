"""Halves, duplicates, replays, orphans, and the bounds of the join store."""

from __future__ import annotations

from agent.clock import ManualClock
from agent.joining import JoinStore, Origin
from tests.builders import make_event

REQUEST, RESPONSE = Origin("events", 0, 10), Origin("events", 1, 3)


def make_store(
    clock: ManualClock, orphans: list[str], *, max_entries: int = 1000, max_chars: int = 100_000
) -> JoinStore:
    return JoinStore(
        max_entries=max_entries, max_chars=max_chars, ttl_seconds=60.0, clock=clock, on_orphan=orphans.append
    )


def test_halves_in_any_order_belong_to_one_call() -> None:
    for first, second in (("input", "output"), ("output", "input")):
        store = make_store(ManualClock(), [])
        events = {"input": make_event(answer=None), "output": make_event(text=None)}
        one = store.admit(events[first], REQUEST, 1.0)
        two = store.admit(events[second], RESPONSE, 2.0)
        assert one.call is two.call
        assert (one.directions, two.directions) == ((first,), (second,))
        assert one.call.whole
        assert one.call.time == 1.0


def test_a_direction_from_another_record_is_a_duplicate_from_the_same_a_replay() -> None:
    store = make_store(ManualClock(), [])
    store.admit(make_event(), REQUEST, 1.0)
    replay = store.admit(make_event(), REQUEST, 1.0)
    assert (replay.directions, replay.duplicates) == (("input", "output"), 0)
    again = store.admit(make_event(), RESPONSE, 1.0)
    assert (again.directions, again.duplicates) == ((), 2)


def test_texts_that_come_after_a_half_without_them_are_no_duplicate() -> None:
    """OpenTelemetry: a span tells the call without its texts, and an event, in another topic, with them."""
    span, late, again = Origin("otlp_spans", 0, 1), Origin("otlp_logs", 0, 1), Origin("otlp_logs", 0, 2)
    store = make_store(ManualClock(), [])
    hidden = make_event(text="", answer="", redacted=True)
    assert store.admit(hidden, span, 1.0).directions == ("input", "output")
    question = store.admit(make_event(text="my mail is a@b.example", answer=None), late, 1.0)
    store.settle(question.call)
    assert question.call.known_texts == ("my mail is a@b.example",)
    answer = store.admit(make_event(text=None), again, 1.0)
    assert (question.directions, answer.directions) == (("input",), ("output",))
    store.settle(answer.call)
    assert store.chars == 0
    for origin in (span, Origin("otlp_spans", 0, 2)):
        assert store.admit(hidden, origin, 1.0).duplicates == 2
    assert store.admit(make_event(), Origin("otlp_logs", 0, 3), 1.0).duplicates == 2


def test_a_half_without_its_texts_does_not_let_go_of_the_request() -> None:
    store = make_store(ManualClock(), [])
    store.admit(make_event(text="my mail is a@b.example", answer=None), REQUEST, 1.0)
    call = store.admit(make_event(text="", answer="", redacted=True), RESPONSE, 2.0).call
    store.settle(call)
    assert store.admit(make_event(text=None), Origin("events", 1, 4), 2.0).directions == ("output",)
    assert call.known_texts == ("my mail is a@b.example",)


def test_ids_are_told_apart_by_source() -> None:
    store = make_store(ManualClock(), [])
    store.admit(make_event(source="a"), REQUEST, 1.0)
    assert store.admit(make_event(source="b"), RESPONSE, 1.0).duplicates == 0


def test_the_request_is_known_to_a_later_response_and_let_go_afterwards() -> None:
    store = make_store(ManualClock(), [])
    store.admit(make_event(text="my mail is a@b.example", answer=None, context=("passage",)), REQUEST, 1.0)
    assert store.chars > 0
    call = store.admit(make_event(text=None), RESPONSE, 2.0).call
    assert call.known_texts == ("my mail is a@b.example", "passage")
    store.settle(call)
    store.settle(call)
    assert store.chars == 0


def test_a_half_without_its_other_half_is_an_orphan_once() -> None:
    clock, orphans = ManualClock(), list[str]()
    store = make_store(clock, orphans)
    store.admit(make_event(answer=None, inference_id="half"), REQUEST, 1.0)
    store.admit(make_event(inference_id="whole"), RESPONSE, 1.0)
    clock.advance(59.0)
    store.expire()
    assert orphans == []
    clock.advance(2.0)
    store.expire()
    assert orphans == ["native"]
    assert len(store) == 0
    assert store.chars == 0


def test_entries_and_characters_are_bounded_and_the_oldest_leave_first() -> None:
    orphans: list[str] = []
    store = make_store(ManualClock(), orphans, max_entries=10, max_chars=1000)
    for number in range(50):
        store.admit(make_event(answer=None, text="x" * 300, inference_id=str(number)), Origin("e", 0, number), 1.0)
        assert len(store) <= 10
        assert store.chars <= 1000
    assert store.admit(make_event(answer=None, inference_id="49"), Origin("e", 0, 99), 1.0).duplicates == 1
    assert len(orphans) == 50 - len(store)


def test_forgetting_a_partition_keeps_what_came_from_others() -> None:
    store = make_store(ManualClock(), [])
    store.admit(make_event(answer=None), REQUEST, 1.0)
    store.admit(make_event(text=None), RESPONSE, 1.0)
    store.forget([("events", 0)])
    assert store.admit(make_event(answer=None), Origin("events", 0, 10), 1.0).directions == ("input",)
    assert store.admit(make_event(text=None), Origin("events", 1, 99), 1.0).duplicates == 1
    store.forget([("events", 0), ("events", 1)])
    assert len(store) == 0


def test_many_partitions_are_forgotten_in_one_pass() -> None:
    looks = 0

    class Watched(str):
        def __hash__(self) -> int:
            nonlocal looks
            looks += 1
            return super().__hash__()

    store = make_store(ManualClock(), [])
    for number in range(1000):
        store.admit(make_event(inference_id=str(number)), Origin(Watched("e"), number % 50, number), 1.0)
    store.forget([("e", partition) for partition in range(25)])
    assert {call.input_origin.partition for call in store.calls() if call.input_origin} == set(range(25, 50))
    assert len(store) == 500
    assert 1000 <= looks <= 2 * 1000
    store.forget([])
    assert len(store) == 500


def test_halves_from_before_a_restart_count_as_characters_held_and_are_bounded() -> None:
    store = make_store(ManualClock(), [], max_chars=1000)
    for number in range(20):
        origin = Origin("e", 0, number)
        answer = make_event(text=None, answer="x" * 300, inference_id=f"out-{number}")
        store.remember(store.admit(answer, origin, 1.0).call, answer)
        question = make_event(text="y" * 100, answer=None, inference_id=f"in-{number}")
        store.remember(store.admit(question, origin, 1.0).call, question)
        assert 0 < store.chars <= 1000
    held = [call for call in store.calls() if call.remembered is not None]
    assert 2 <= len(held) <= 5
    for call in held:
        event = store.recall(call)
        assert event is not None
        assert store.recall(call) is None
        store.settle(call)
    assert store.chars == 0


def test_no_characters_stay_counted_however_a_remembered_half_leaves() -> None:
    clock = ManualClock()
    store = make_store(clock, [], max_chars=1000)
    first, second = make_event(text=None, inference_id="a"), make_event(text=None, inference_id="b")
    for number, event in enumerate((first, second)):
        call = store.admit(event, Origin("e", number, 1), 1.0).call
        store.remember(call, event)
        store.remember(call, event)
    assert store.chars == 4
    store.forget([("e", 0)])
    assert store.chars == 2
    clock.advance(61.0)
    store.expire()
    assert (store.chars, len(store)) == (0, 0)
    # A half longer than all that may be held leaves with its call at once.
    endless = make_event(text=None, answer="x" * 2000, inference_id="c")
    store.remember(store.admit(endless, Origin("e", 0, 2), 1.0).call, endless)
    assert (store.chars, len(store)) == (0, 0)


def test_a_half_known_only_from_before_a_restart_is_no_orphan_again() -> None:
    clock, orphans = ManualClock(), list[str]()
    store = make_store(clock, orphans)
    for name in ("old", "old-then-again", "old-then-whole"):
        store.admit(make_event(answer=None, inference_id=name), REQUEST, 1.0, before_restart=True)
    # The same half from elsewhere is a duplicate: it opens nothing.
    store.admit(make_event(answer=None, inference_id="old-then-again"), RESPONSE, 1.0)
    store.admit(make_event(text=None, inference_id="old-then-whole"), RESPONSE, 1.0)
    store.admit(make_event(answer=None, inference_id="new"), Origin("events", 0, 11), 1.0)
    store.admit(make_event(answer=None, inference_id="replayed"), REQUEST, 1.0, before_restart=True)
    store.admit(make_event(answer=None, inference_id="replayed"), REQUEST, 1.0)
    clock.advance(61.0)
    store.expire()
    assert len(store) == 0
    assert len(orphans) == 2  # "new", and "replayed", which is scored again


def test_attributes_and_label_of_a_request_are_kept_for_the_decision_and_count_as_held() -> None:
    clock = ManualClock()
    store = make_store(clock, [])
    person = {"gender": "female"}
    store.admit(make_event(answer=None, text="", attributes=person, label="approved"), REQUEST, 1.0)
    call = store.admit(make_event(text=None), RESPONSE, 2.0).call
    assert (call.attributes, call.label) == (person, "approved")
    assert store.chars == len("gender") + len("female")
    store.settle(call)
    assert call.attributes == person
    # A duplicate says nothing new.
    store.admit(make_event(answer=None, attributes={"gender": "male"}), Origin("events", 2, 1), 2.0)
    assert (call.attributes, call.label) == (person, "approved")
    store.forget([("events", 0), ("events", 1)])
    assert (len(store), store.chars) == (0, 0)
    store.admit(make_event(answer=None, attributes=person), REQUEST, 1.0)
    clock.advance(61.0)
    store.expire()
    assert store.chars == 0


def test_equal_events_of_one_record_are_duplicates_and_its_replay_is_none() -> None:
    store = make_store(ManualClock(), [])
    for _ in range(2):
        admissions = [store.admit(make_event(), REQUEST.event(index), 1.0) for index in range(3)]
        assert [(len(a.directions), a.duplicates) for a in admissions] == [(2, 0), (0, 2), (0, 2)]
    assert REQUEST.event(0) == REQUEST
