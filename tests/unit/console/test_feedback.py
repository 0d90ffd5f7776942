"""Marks: their book, their precision, their way to the topic and back."""

from __future__ import annotations

import asyncio
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.errors import TransportError
from streams.console.desk import FeedbackDesk, FeedbackFeed
from streams.console.feedback import Feedback, FeedbackBook, feedback_key
from streams.console.findings import RecentFindings
from streams.memory import MemoryBroker, MemoryLogReader, MemorySink
from tests.unit.console.console_builders import finding, make_mark, outcome
from tests.unit.streams.rig import until

TOPIC = "harm.feedback"


def taken(book: FeedbackBook, mark: Feedback) -> None:
    assert book.take(feedback_key(mark.id, mark.category), msgspec.json.encode(mark))


def test_precision_with_interval() -> None:
    book = FeedbackBook()
    for number in range(20):
        taken(book, make_mark(number, number < 18))
    taken(book, make_mark(0, False, category="pii.email", dimension="privacy"))
    toxicity, email = book.precision()
    assert (toxicity.category, toxicity.marked, toxicity.correct, toxicity.sufficient) == ("toxicity", 20, 18, True)
    # Wilson's interval of 18 in 20, by hand.
    assert (toxicity.value, round(toxicity.lower, 4), round(toxicity.upper, 4)) == (0.9, 0.699, 0.9721)
    assert (email.value, email.sufficient) == (0.0, False)


def test_of_one_model() -> None:
    book = FeedbackBook()
    taken(book, make_mark(1, True, model="one"))
    taken(book, make_mark(2, False, model="two"))
    assert [(found.marked, found.correct) for found in book.precision("one".__eq__)] == [(1, 1)]
    assert [(found.marked, found.correct) for found in book.precision()] == [(2, 1)]
    assert book.precision("three".__eq__) == []


def test_a_later_mark_replaces_and_a_tombstone_takes_back() -> None:
    book = FeedbackBook()
    taken(book, make_mark(1, True))
    taken(book, make_mark(1, False))
    assert book.mark(make_mark(1).id, "toxicity") is False
    assert book.precision()[0].marked == 1
    assert book.take(feedback_key(make_mark(1).id, "toxicity"), None)
    assert book.mark(make_mark(1).id, "toxicity") is None
    assert book.precision() == []


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"\xff", b'{"id": "x"}', b"[" * 15_000, b" " * 20_000])
def test_what_is_no_mark_is_passed_over(value: bytes) -> None:
    book = FeedbackBook()
    assert not book.take(b"k", value)
    assert not book.take(None, msgspec.json.encode(make_mark(1)))
    assert len(book) == 0


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from([True, False, None]), st.sampled_from("ab"))))
def test_counts_are_those_of_the_marks_held(steps: list[tuple[int, bool | None, str]]) -> None:
    told: dict[str, tuple[int, int]] = {}
    book = FeedbackBook(most=8, told=lambda _, category, right, wrong: told.update({category: (right, wrong)}))
    for number, correct, model in steps:
        mark = make_mark(number, bool(correct), model=model)
        book.take(feedback_key(mark.id, mark.category), None if correct is None else msgspec.json.encode(mark))
    marks = list(book)
    assert len(marks) == len(book) <= 8
    counted = [(found.marked, found.correct) for found in book.precision()]
    right = sum(mark.correct for mark in marks)
    assert counted == ([(len(marks), right)] if marks else [])
    assert told.get("toxicity", (0, 0)) == (right, len(marks) - right)


class Desk:
    """A desk on the in-memory broker."""

    def __init__(self) -> None:
        self.broker = MemoryBroker({TOPIC: 1})
        self.recent = RecentFindings()
        self.book = FeedbackBook()
        self.clock = ManualClock()
        self.desk = FeedbackDesk(TOPIC, self.recent, self.book, lambda: MemorySink(self.broker), self.clock)

    def records(self) -> list[Any]:
        return [record.value and msgspec.json.decode(record.value) for record in self.broker.log(TOPIC)]


async def test_a_mark_is_published_without_any_text() -> None:
    at = Desk()
    at.recent.take(outcome("r-1", finding("pii.email", score=0.75), texts=("secret words",)))
    ident = at.recent.latest()[0].id
    assert await at.desk.mark(ident, "pii.email", True)
    assert await at.desk.mark(ident, "pii.email", None)
    first, second = at.records()
    assert (first["id"], first["score"], first["correct"]) == (ident, 0.75, True)
    assert first["scorers"] == {"pii": "patterns@2"}
    assert b"secret words" not in (at.broker.log(TOPIC)[0].value or b"")
    assert second is None
    assert {record.key for record in at.broker.log(TOPIC)} == {f"{ident}:pii.email".encode()}
    assert len(at.book) == 0


async def test_a_finding_that_is_not_held_is_not_marked() -> None:
    at = Desk()
    at.recent.take(outcome("r-1"))
    assert await at.desk.mark("f" * 32, "pii.email", True) is None
    assert await at.desk.mark(at.recent.latest()[0].id, "toxicity", True) is None
    assert at.records() == []


async def test_what_the_broker_refused_does_not_count_and_is_not_written_later() -> None:
    at = Desk()
    at.recent.take(outcome("r-1"))
    ident = at.recent.latest()[0].id
    at.broker.denied.add(TOPIC)
    with pytest.raises(TransportError):
        await at.desk.mark(ident, "pii.email", True)
    assert at.book.mark(ident, "pii.email") is None
    at.broker.denied.clear()
    await at.desk.mark(ident, "pii.email", False)
    assert [record["correct"] for record in at.records()] == [False]
    await at.desk.stop()
    await at.desk.stop()


class Deaf(MemorySink):
    """Takes everything, confirms nothing, and never ends closing."""

    async def flush(self) -> None:
        await asyncio.Event().wait()

    async def stop(self) -> None:
        await asyncio.Event().wait()


async def test_nobody_waits_for_a_broker_that_says_nothing_not_even_behind_others() -> None:
    at = Desk()
    at.recent.take(outcome("r-1"))
    ident = at.recent.latest()[0].id
    kinds: list[type[MemorySink]] = [Deaf]
    desk = FeedbackDesk(TOPIC, at.recent, at.book, lambda: kinds[0](at.broker), at.clock, deadline_seconds=0.05)
    async with asyncio.timeout(30.0):
        said = await asyncio.gather(*(desk.mark(ident, "pii.email", True) for _ in range(3)), return_exceptions=True)
        assert [type(each) for each in said] == [TransportError] * 3
        assert (len(at.book), at.records()) == (0, [])
        kinds[0] = MemorySink
        assert await desk.mark(ident, "pii.email", False)
    assert [record["correct"] for record in at.records()] == [False]


async def test_a_topic_that_nobody_shows_the_feed_is_told(caplog: pytest.LogCaptureFixture) -> None:
    feed = asyncio.create_task(
        FeedbackFeed(MemoryLogReader(MemoryBroker({}), TOPIC), FeedbackBook(), ManualClock()).run()
    )
    try:
        await until(lambda: "feedback_not_read" in caplog.text)
    finally:
        feed.cancel()
        await asyncio.gather(feed, return_exceptions=True)
    assert "is missing, or this user may not describe it" in caplog.text


async def test_the_feed_brings_marks_from_before_and_of_other_workers() -> None:
    broker, book = MemoryBroker({TOPIC: 2}), FeedbackBook()

    def write(mark: Feedback, value: bytes | None = b"?") -> None:
        told = msgspec.json.encode(mark) if value == b"?" else value
        broker.append(TOPIC, told, key=feedback_key(mark.id, mark.category), partition=int(mark.id, 16) % 2)

    for number in range(6):
        write(make_mark(number, number % 2 == 0))
    broker.append(TOPIC, b"garbage", key=b"k", partition=0)
    feed = asyncio.create_task(FeedbackFeed(MemoryLogReader(broker, TOPIC), book, ManualClock()).run())
    try:
        await until(lambda: len(book) == 6)
        write(make_mark(0), None)
        write(make_mark(7))
        await until(lambda: len(book) == 6 and book.mark(make_mark(7).id, "toxicity") is True)
    finally:
        feed.cancel()
        await asyncio.gather(feed, return_exceptions=True)
    assert book.precision()[0].marked == 6


def test_marks_of_ever_new_categories_and_models_leave_nothing_behind() -> None:
    book = FeedbackBook(most=10)
    tracemalloc.start()
    sizes = []
    for number in range(3000):
        name = f"{number}-{'x' * 500}"
        taken(book, make_mark(number, True, category=f"c-{name}", model=f"m-{name}"))
        if number in (1000, 2999):
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert len(book) == len(book.precision()) == 10
    assert sizes[1] - sizes[0] < 100_000  # 2,000 names of 500 characters are a million
