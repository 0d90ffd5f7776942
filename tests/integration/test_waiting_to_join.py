"""A rebalance that lasts: no record is asked for before the group has been joined again, and joining it, or being told
why it cannot be joined, must not wait for that.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from agent.errors import TransportError
from streams.config import KafkaConfig
from streams.kafka_source import KafkaSource
from streams.ports import Partition

pytestmark = pytest.mark.layer("kafka")

RECORDS = 5


class FromTheBeginning:
    """As a tap that begins with what there is; ``meanwhile`` is done before the group is joined again."""

    def __init__(self, source: KafkaSource) -> None:
        self._source = source
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def on_assigned(self, partitions: Sequence[Partition]) -> None:
        for partition in partitions:
            await self._source.seek(partition, 0)

    async def on_revoked(self, partitions: Sequence[Partition]) -> None:
        if self.meanwhile is not None:
            await self.meanwhile()

    def on_deleted(self, partition: Partition, start: int, end: int) -> None: ...


@asynccontextmanager
async def reading(kafka: Any) -> AsyncIterator[tuple[KafkaSource, FromTheBeginning, KafkaConfig]]:
    """A source that has its partition, and has read it."""
    topic = f"j-{uuid.uuid4().hex[:8]}"
    kafka.create_topic(topic, 1)
    config = KafkaConfig(bootstrap_servers=kafka.bootstrap, group_id=topic)
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        for number in range(RECORDS):
            await producer.send_and_wait(topic, b"%d" % number)
    source = KafkaSource(config, [topic], max_record_bytes=1 << 20)
    listener = FromTheBeginning(source)
    await source.start(listener)
    try:
        assert await read(source) == RECORDS
        yield source, listener, config
    finally:
        await source.stop()


async def read(source: KafkaSource, seconds: float = 20.0) -> int:
    """Records that come within this time; no longer than for all of them."""
    found, until = 0, time.monotonic() + seconds
    while found < RECORDS and time.monotonic() < until:
        found += len(await source.getmany(100, 0.1))
    return found


async def leave(source: KafkaSource) -> None:
    """As after an outage that was longer than the session: the group has to be joined anew, and its gate is closed."""
    await source._running()._coordinator._maybe_leave_group()
    async with asyncio.timeout(10.0):
        while source._gate.is_set():
            await asyncio.sleep(0.001)


async def test_who_has_taken_nothing_for_an_hour_joins_its_group_again(kafka: Any) -> None:
    # A backlog of long texts, or a group that nobody coordinates meanwhile.
    async with reading(kafka) as (source, _, _):
        source._running()._subscription._last_fetch_ended -= 3600.0
        await leave(source)
        assert await read(source) == RECORDS


async def test_who_has_taken_nothing_for_an_hour_stays_in_its_group(kafka: Any) -> None:
    revoked = asyncio.Event()

    async def note() -> None:
        revoked.set()

    async with reading(kafka) as (source, listener, _):
        listener.meanwhile = note
        source._running()._subscription._last_fetch_ended -= 3600.0
        await asyncio.sleep(5.0)  # a heartbeat is sent every second and a half
        assert not revoked.is_set()


async def test_why_a_group_cannot_be_joined_again_is_told(kafka: Any) -> None:
    async with reading(kafka) as (source, listener, config):
        topic = config.group_id
        stranger = AIOKafkaConsumer(
            topic,
            bootstrap_servers=kafka.bootstrap,
            group_id=topic,
            partition_assignment_strategy=(RangePartitionAssignor,),
        )
        # Somebody's console consumer, which divides partitions in another way, is in the group first.
        listener.meanwhile = stranger.start
        try:
            await leave(source)
            with pytest.raises(TransportError, match="InconsistentGroupProtocolError"):
                await read(source)
        finally:
            await stranger.stop()
