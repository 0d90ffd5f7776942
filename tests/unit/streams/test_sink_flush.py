"""A flush ends, however slow the broker and however fast the traffic; patience is with a broker that takes nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from agent.clock import ManualClock
from agent.errors import TransportError
from streams.config import KafkaConfig
from streams.kafka_sink import KafkaSink
from streams.ports import Message


def message(number: int, topic: str = "t") -> Message:
    return Message(topic, None, str(number).encode(), partition=0)


class PortionSink(KafkaSink):
    """Its broker takes so many messages in one attempt, and each attempt takes a while; more may come meanwhile."""

    def __init__(self, portions: Sequence[int], *, attempt_seconds: float = 1.0, incoming: int = 0) -> None:
        self.time = ManualClock()
        super().__init__(KafkaConfig(), patience_seconds=10.0, max_message_bytes=1 << 20, clock=self.time)
        self.portions = list(portions)
        self.attempt_seconds = attempt_seconds
        self.incoming = incoming
        self.delivered: list[bytes] = []

    async def _deliver(self, messages: Sequence[Message]) -> tuple[list[Message], Exception | None]:
        self.time.advance(self.attempt_seconds)
        for number in range(self.incoming):
            self.send(message(1000 + number))
        portion = self.portions.pop(0) if self.portions else len(messages)
        self.delivered += [each.value or b"" for each in messages[:portion]]
        rest = list(messages[portion:])
        return rest, OSError() if rest else None


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pause between two attempts is no wait in a test."""
    monkeypatch.setattr("streams.kafka_sink._RETRY_SECONDS", 0.0)


async def test_what_comes_meanwhile_waits_for_the_next_flush() -> None:
    sink = PortionSink([], incoming=3)
    sink.send(message(1))
    await asyncio.wait_for(sink.flush(), 30.0)
    assert sink.delivered == [b"1"] and sink.queued_bytes == 3 * len(b"1000")
    sink.incoming = 0
    await sink.flush()
    assert sink.delivered == [b"1", b"1000", b"1001", b"1002"] and sink.queued_bytes == 0


async def test_order_is_kept_over_attempts_and_flushes() -> None:
    sink = PortionSink([2, 0, 1], incoming=1)
    for number in range(5):
        sink.send(message(number))
    await sink.flush()
    sink.incoming = 0
    await sink.flush()
    assert sink.delivered == [b"0", b"1", b"2", b"3", b"4", *[b"1000"] * 4]


async def test_patience_runs_from_the_last_message_that_was_taken() -> None:
    """Twenty attempts of a second each with ten seconds of patience, one message at a time."""
    sink = PortionSink([1] * 20)
    for number in range(20):
        sink.send(message(number))
    await sink.flush()
    assert len(sink.delivered) == 20


async def test_a_broker_that_takes_nothing_is_waited_for_as_long_as_patience_lasts() -> None:
    sink = PortionSink([3] + [0] * 100)
    for number in range(5):
        sink.send(message(number))
    began = sink.time.monotonic()
    with pytest.raises(TransportError, match=r"^2 messages could not be delivered in 10 s \(OSError\)$"):
        await sink.flush()
    assert 10.0 <= sink.time.monotonic() - began <= 12.0
    assert sink.queued_bytes == 2, "what was not delivered is still there"
    assert [each.value for each in sink.take_back()] == [b"3", b"4"]


async def test_what_is_discarded_while_under_way_is_not_sent_again() -> None:
    class Discarding(PortionSink):
        async def _deliver(self, messages: Sequence[Message]) -> tuple[list[Message], Exception | None]:
            if self.portions:
                self.discard("panes", 0)
                self.send(message(3, "panes"))
            return await super()._deliver(messages)

    sink = Discarding([0])
    sink.send(message(1, "panes"))
    sink.send(message(2, "verdicts"))
    await sink.flush()
    await sink.flush()
    assert sink.delivered == [b"2", b"3"]


async def test_partitions_that_leave_by_the_hundred_do_not_hold_up_the_loop_for_what_others_have_waiting() -> None:
    """It was seconds, in which no heartbeat went out."""
    sink = PortionSink([])
    for _ in range(50_000):
        sink.send(Message("verdicts", b"m", b"v"))
    sink.send(Message("panes", b"m", b"p", partition=7))
    began = time.process_time()
    for number in range(500):
        sink.discard("panes", number)
    assert time.process_time() - began < 1.0
    await sink.flush()
    assert sink.delivered == [b"v"] * 50_000
