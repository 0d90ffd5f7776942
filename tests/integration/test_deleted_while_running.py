"""Retention that overtakes a source while it runs: what it could not read is told; markers of transactions are not."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient, TopicPartition

from streams.config import KafkaConfig
from streams.kafka_source import KafkaSource
from streams.ports import Partition, Record

pytestmark = pytest.mark.layer("kafka")

_BYTES = 20_000


class Told:
    """Goes on from the beginning, and remembers what was deleted."""

    def __init__(self, source: KafkaSource) -> None:
        self._source = source
        self.deleted: list[tuple[int, int]] = []

    async def on_assigned(self, partitions: Sequence[Partition]) -> None:
        for partition in partitions:
            await self._source.seek(partition, 0)

    async def on_revoked(self, partitions: Sequence[Partition]) -> None: ...

    def on_deleted(self, partition: Partition, start: int, end: int) -> None:
        self.deleted.append((start, end))


@asynccontextmanager
async def reading(kafka: Any) -> AsyncIterator[tuple[str, KafkaSource, Told]]:
    topic = f"d-{uuid.uuid4().hex[:8]}"
    kafka.create_topic(topic, 1)
    config = KafkaConfig(bootstrap_servers=kafka.bootstrap, group_id=topic)
    source = KafkaSource(config, [topic], max_record_bytes=2 * _BYTES)  # the client has no more than that of its own
    told = Told(source)
    await source.start(told)
    try:
        yield topic, source, told
    finally:
        await source.stop()


async def read_up_to(source: KafkaSource, offset: int) -> list[Record]:
    records: list[Record] = []
    async with asyncio.timeout(60.0):
        while not records or records[-1].offset < offset:
            records += await source.getmany(100, 0.1)
    return records


def delete_before(kafka: Any, topic: str, offset: int) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    try:
        admin.delete_records({TopicPartition(topic, 0): offset})
    finally:
        admin.close()


async def test_what_is_deleted_under_a_source_that_is_behind_is_told(kafka: Any) -> None:
    async with reading(kafka) as (topic, source, told), AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        await producer.send_and_wait(topic, b"x" * _BYTES)
        await read_up_to(source, 0)
        source.pause()
        for _ in range(1, 40):
            await producer.send_and_wait(topic, b"x" * _BYTES)
        await asyncio.to_thread(delete_before, kafka, topic, 30)
        source.resume()
        records = await read_up_to(source, 39)
    offsets = [record.offset for record in records]
    ((start, end),) = told.deleted
    # What the client had fetched before is read; then come exactly the records that are left.
    assert end == 30 and 1 <= start < 30
    assert offsets == [*range(1, start), *range(30, 40)]


async def test_markers_of_transactions_are_nothing_that_was_deleted(kafka: Any) -> None:
    async with reading(kafka) as (topic, source, told):
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=topic)
        await producer.start()
        try:
            for _ in range(5):
                async with producer.transaction():
                    await producer.send_and_wait(topic, b"x" * _BYTES)
        finally:
            await producer.stop()
        records = await read_up_to(source, 8)
    assert [record.offset for record in records] == [0, 2, 4, 6, 8]
    assert told.deleted == []
