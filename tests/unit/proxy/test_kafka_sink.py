"""Taps to Kafka by way of the courier."""

from __future__ import annotations

import asyncio

import pytest

from agent.clock import SystemClock
from agent.errors import Overloaded
from streams.config import WorkerConfig
from streams.courier.courier import Courier
from streams.memory import MemoryBroker, MemorySink
from streams.ports import Message
from streams.proxy.kafka_sink import CourierTapSink

TOPIC = "inference.events"


def message(number: int, size: int = 0) -> Message:
    return Message(TOPIC, b"m", b"%06d" % number + b"x" * size)


def tap_sink(broker: MemoryBroker) -> CourierTapSink:
    sink = CourierTapSink(WorkerConfig(), TOPIC, SystemClock())
    sink._courier.give_up()
    sink._courier = Courier(lambda: MemorySink(broker), [TOPIC], None, SystemClock(), pending_bytes=1 << 20)
    return sink


async def test_one_that_is_too_large_is_left_out_and_does_not_have_the_others_sent_again_and_again() -> None:
    broker = MemoryBroker({TOPIC: 1})
    broker.largest[TOPIC] = 1000
    sink = tap_sink(broker)
    await sink.start()
    waiting = [message(number, 2000 if number in (20, 39) else 0) for number in range(40)]
    async with asyncio.timeout(30.0):
        while waiting:
            del waiting[: await sink.deliver(waiting)]
    assert sink.too_large == 2
    came = [int((record.value or b"")[:6]) for record in broker.log(TOPIC)]
    assert set(came) == set(range(40)) - {20, 39}
    assert len(came) <= 2 * 40
    broker.away = True
    with pytest.raises(Overloaded):
        await sink.deliver([message(50)])
    await sink.stop()
