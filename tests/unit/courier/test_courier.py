"""What `deliver` has returned for is in Kafka or on the disk; what it has not taken, it has refused."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.clock import SystemClock
from agent.errors import MessageTooLarge, Overloaded, TransportError
from streams.config import KafkaConfig
from streams.courier.courier import Courier
from streams.courier.frames import read_frames
from streams.courier.spool import Spool
from streams.kafka_sink import KafkaSink
from streams.memory import MemoryBroker, MemorySink
from streams.ports import Message

TOPIC = "inference.events"


def message(number: int, size: int = 0) -> Message:
    return Message(TOPIC, b"m", b"%06d" % number + b"x" * size)


def numbers(broker: MemoryBroker) -> list[int]:
    return [int((record.value or b"")[:6]) for record in broker.log(TOPIC)]


def new_broker() -> MemoryBroker:
    return MemoryBroker({TOPIC: 1})


@asynccontextmanager
async def running(
    broker: MemoryBroker,
    directory: Path | None,
    *,
    max_bytes: int = 1 << 20,
    pending_bytes: int = 1 << 20,
    write: Callable[[int, memoryview], int] = os.write,
) -> AsyncIterator[Courier]:
    clock = SystemClock()
    spool = Spool(directory / "spool", max_bytes, clock, write=write) if directory is not None else None
    courier = Courier(
        lambda: MemorySink(broker), [TOPIC], spool, clock, pending_bytes=pending_bytes, retry_seconds=0.05
    )
    await courier.start()
    try:
        yield courier
    finally:
        await courier.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60.0):
        while not holds():
            await asyncio.sleep(0.005)


async def test_a_record_is_in_kafka_when_deliver_returns(tmp_path: Path) -> None:
    broker = new_broker()
    async with running(broker, tmp_path) as courier:
        assert await courier.deliver([message(1), message(2)]) == "kafka"
        assert numbers(broker) == [1, 2]
        assert courier.state().connected
        assert courier.state().accepting


async def test_while_kafka_is_away_records_wait_on_the_disk_and_come_in_order(tmp_path: Path) -> None:
    broker = new_broker()
    async with running(broker, tmp_path) as courier:
        await courier.deliver([message(0)])
        broker.away = True
        for number in range(1, 50):
            assert await courier.deliver([message(number)]) == "spool"
        state = courier.state()
        assert not state.connected
        assert state.accepting
        assert state.problem
        assert state.spool is not None
        assert state.spool.records == 49
        broker.away = False
        await until(lambda: len(broker.log(TOPIC)) == 50)
        await until(lambda: courier.state().spool is not None and courier.state().spool.records == 0)  # type: ignore[union-attr]
        assert await courier.deliver([message(50)]) == "kafka"
    assert numbers(broker) == list(range(51))


async def test_new_records_go_behind_those_that_wait(tmp_path: Path) -> None:
    broker = new_broker()
    broker.away = True
    async with running(broker, tmp_path) as courier:
        for number in range(20):
            await courier.deliver([message(number)])
        broker.away = False
        for number in range(20, 200):
            await courier.deliver([message(number)])
        await until(lambda: len(broker.log(TOPIC)) == 200)
    assert numbers(broker) == list(range(200))


async def test_what_waits_on_the_disk_outlives_the_process(tmp_path: Path) -> None:
    broker = new_broker()
    broker.away = True
    async with running(broker, tmp_path) as courier:
        await courier.deliver([message(n) for n in range(5)])
    broker.away = False
    async with running(broker, tmp_path):
        await until(lambda: numbers(broker) == list(range(5)))


async def test_without_a_spool_kafka_away_is_refused_until_it_is_back() -> None:
    broker = new_broker()
    broker.away = True
    async with running(broker, None) as courier:
        assert not courier.state().accepting
        with pytest.raises(Overloaded) as caught:
            await courier.deliver([message(1)])
        assert caught.value.retry_after_seconds > 0
        assert courier.counts.refused["away"] == 1
        broker.away = False
        await until(lambda: courier.state().accepting)
        assert await courier.deliver([message(2)]) == "kafka"
        broker.away = True
        with pytest.raises(Overloaded):
            await courier.deliver([message(3)])
        broker.away = False
        await until(lambda: courier.state().connected)
    assert numbers(broker) == [2]


async def test_a_full_spool_refuses_and_loses_nothing_that_it_took(tmp_path: Path) -> None:
    broker = new_broker()
    broker.away = True
    taken: list[int] = []
    async with running(broker, tmp_path, max_bytes=64 * 1024) as courier:
        for number in range(100):
            try:
                await courier.deliver([message(number, 2000)])
            except Overloaded:
                continue
            taken.append(number)
        assert 10 < len(taken) < 100
        assert courier.counts.refused["spool"] == 100 - len(taken)
        assert not courier.state().accepting
        broker.away = False
        await until(lambda: len(broker.log(TOPIC)) == len(taken))
        await until(lambda: courier.state().accepting)
        assert await courier.deliver([message(999)]) == "kafka"
    assert numbers(broker) == [*taken, 999]


async def test_a_batch_that_has_no_room_keeps_no_other_out(tmp_path: Path) -> None:
    broker = new_broker()
    broker.away = True
    async with running(broker, tmp_path, max_bytes=1 << 20, pending_bytes=1 << 23) as courier:
        for number in range(3):
            with pytest.raises(Overloaded, match="larger than what is left of the spool"):
                await courier.deliver([message(number, 1 << 21)])
            assert courier.state().accepting
            assert await courier.deliver([message(number)]) == "spool"
        assert courier.counts.refused["spool"] == 3
        assert "spool" not in courier.state().problem, "it is Kafka that is away"


async def test_a_spool_without_room_for_a_small_record_is_full(tmp_path: Path) -> None:
    broker = new_broker()
    broker.away = True
    async with running(broker, tmp_path, max_bytes=64 * 1024) as courier:
        await courier.deliver([message(1, 60_000)])
        assert not courier.state().accepting
        assert courier.refusal().args == ("the spool is full",)


async def test_a_full_disk_refuses_while_kafka_is_away_and_is_not_needed_when_it_is_there(tmp_path: Path) -> None:
    def full(descriptor: int, data: memoryview) -> int:
        raise OSError(errno.ENOSPC, "no space")

    broker = new_broker()
    broker.away = True
    async with running(broker, tmp_path, write=full) as courier:
        with pytest.raises(Overloaded, match="ENOSPC"):
            await courier.deliver([message(1)])
        assert "ENOSPC" in courier.state().problem
        assert not courier.state().accepting
        broker.away = False
        await until(lambda: courier.state().connected)
        assert await courier.deliver([message(2)]) == "kafka"
        await until(lambda: courier.state().problem == "")
    assert numbers(broker) == [2]


async def test_one_too_large_record_is_refused_alone(tmp_path: Path) -> None:
    broker = new_broker()
    broker.largest[TOPIC] = 1000
    async with running(broker, tmp_path) as courier:
        results = await asyncio.gather(
            *(courier.deliver([message(n, 2000 if n == 3 else 0)]) for n in range(6)), return_exceptions=True
        )
        assert [n for n, each in enumerate(results) if isinstance(each, MessageTooLarge)] == [3]
        assert [each for n, each in enumerate(results) if n != 3] == ["kafka"] * 5
    assert sorted(numbers(broker)) == [0, 1, 2, 4, 5]


async def test_a_spooled_record_that_kafka_never_takes_is_set_aside_and_the_rest_arrives(tmp_path: Path) -> None:
    broker = new_broker()
    broker.largest[TOPIC] = 1000
    broker.away = True
    async with running(broker, tmp_path) as courier:
        for number in range(6):
            await courier.deliver([message(number, 2000 if number == 3 else 0)])
        broker.away = False
        await until(lambda: len(broker.log(TOPIC)) == 5)
        await until(lambda: courier.state().spool.set_aside_records == 1)  # type: ignore[union-attr]
        await until(lambda: courier.state().spool.records == 0)  # type: ignore[union-attr]
    assert sorted(numbers(broker)) == [0, 1, 2, 4, 5]


async def test_a_record_that_kafka_never_takes_holds_up_nobody_when_the_disk_is_full(tmp_path: Path) -> None:
    """Only what is delivered makes room on a disk that the spool itself has filled."""
    broker = new_broker()
    broker.largest[TOPIC] = 1000
    broker.away = full = True

    def write(descriptor: int, data: memoryview) -> int:
        if not broker.away and full:
            raise OSError(errno.ENOSPC, "no space")
        return os.write(descriptor, data)

    async with running(broker, tmp_path, write=write) as courier:
        for number in range(6):
            await courier.deliver([message(number, 2000 if number == 3 else 0)])
        broker.away = False
        async with asyncio.timeout(30.0):
            while courier.state().spool.records:  # type: ignore[union-attr]
                await asyncio.sleep(0.005)
        assert sorted(numbers(broker)) == [0, 1, 2, 4, 5]
        full = False
        assert await courier.deliver([message(6)]) == "kafka"
        state = courier.state().spool
        assert state is not None
        assert (state.set_aside_records, state.damaged_segments) == (1, 0)
    (kept,) = (tmp_path / "spool").glob("*.damaged")
    with kept.open("rb") as stream:
        assert message(3, 2000) in [frame.message for frame in read_frames(stream, 0)]
    assert not list((tmp_path / "spool").glob("*.segment"))


class SlowSink(MemorySink):
    """A broker that answers when it is let."""

    gate = asyncio.Event()

    async def flush(self) -> None:
        await self.gate.wait()
        await super().flush()


async def test_more_than_may_wait_in_memory_is_refused_at_once() -> None:
    broker = new_broker()
    SlowSink.gate = asyncio.Event()
    courier = Courier(lambda: SlowSink(broker), [TOPIC], None, SystemClock(), pending_bytes=10_000)
    await courier.start()
    calls = [asyncio.create_task(courier.deliver([message(n, 1000)])) for n in range(20)]
    await until(lambda: sum(call.done() for call in calls) > 10)
    assert courier.state().pending_bytes <= 10_000
    assert not courier.state().accepting or courier.state().pending_bytes < 10_000
    SlowSink.gate.set()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(each == "kafka" for each in outcomes) == len(broker.log(TOPIC))
    assert sum(isinstance(each, Overloaded) for each in outcomes) == courier.counts.refused["busy"]
    assert courier.state().pending_bytes == 0
    await courier.stop()


async def test_keys_and_headers_count_as_what_waits_in_memory_and_on_the_disk(tmp_path: Path) -> None:
    """CloudEvents bring a megabyte of them beside a value of a few bytes."""
    broker = new_broker()
    large = Message(TOPIC, b"m", b"000001", (("ce_x", b"y" * 100_000),))
    async with running(broker, tmp_path, max_bytes=150_000, pending_bytes=150_000) as courier:
        broker.away = True
        outcomes = await asyncio.gather(
            *(courier.deliver([each]) for each in (large, large, message(2))), return_exceptions=True
        )
        taken = [outcome for outcome in outcomes if outcome == "spool"]
        # The second has no room, in memory; those beside it have, and keep it.
        assert len(taken) == 2 and isinstance(outcomes[1], Overloaded) and outcomes[1].busy
        assert courier.state().accepting


async def test_stop_brings_what_was_accepted_and_takes_no_more(tmp_path: Path) -> None:
    broker = new_broker()
    async with running(broker, tmp_path) as courier:
        calls = [asyncio.create_task(courier.deliver([message(n)])) for n in range(10)]
        await asyncio.sleep(0)
        await courier.stop()
        assert await asyncio.gather(*calls) == ["kafka"] * 10
        with pytest.raises(Overloaded):
            await courier.deliver([message(99)])
    assert sorted(numbers(broker)) == list(range(10))


async def test_a_caller_that_went_away_holds_nobody_up(tmp_path: Path) -> None:
    broker = new_broker()
    async with running(broker, tmp_path) as courier:
        call = asyncio.create_task(courier.deliver([message(1)]))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert await courier.deliver([message(2)]) == "kafka"
        assert courier.state().pending_bytes == 0


class Failing(KafkaSink):
    """Connected, and every delivery fails with an error of aiokafka's, raised deep below."""

    async def start(self) -> None:
        return None

    async def reach(self, topic: str) -> None:
        return None

    async def _deliver(self, messages: Sequence[Message]) -> tuple[list[Message], Exception | None]:
        try:
            raise TransportError("the broker is away")
        except TransportError as error:
            return list(messages), await self._translate(error, TOPIC)


@pytest.mark.parametrize("spooled", [True, False])
async def test_a_delivery_that_failed_leaves_no_message_in_memory(tmp_path: Path, spooled: bool) -> None:
    """Not even until the collector of cycles comes by: the messages are megabytes, and it counts objects."""
    clock = SystemClock()
    spool = Spool(tmp_path / "spool", 1 << 20, clock) if spooled else None

    def sink() -> Failing:
        return Failing(KafkaConfig(), patience_seconds=0.01, max_message_bytes=1 << 20, clock=clock)

    courier = Courier(sink, [TOPIC], spool, clock, pending_bytes=1 << 20, retry_seconds=3600.0)
    await courier.start()
    gc.collect()
    gc.disable()
    try:
        value = bytes(50_000) + os.urandom(8)
        before = sys.getrefcount(value)
        for _ in range(3):
            try:
                await courier.deliver([Message(TOPIC, b"m", value)])
            except Overloaded:
                assert not spooled
            else:
                assert spooled
        await until(lambda: sys.getrefcount(value) <= before)  # a thread of the spool may not have let go yet
    finally:
        gc.enable()
        await courier.stop()
