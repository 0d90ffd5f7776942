"""A record that aiokafka cannot parse must not stop the worker: whoever may write to the topic could send one."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Collection, Sequence

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c

from agent.errors import DecodeError
from streams.config import KafkaConfig
from streams.demo.broker import EmbeddedBroker
from streams.formats import Decoder
from streams.kafka_source import KafkaSource
from streams.kafka_state import KafkaStateReader
from streams.ports import Record
from streams.state_owner import StateOwner, foreign_group
from tests.listeners import GoesOnFrom

pytestmark = pytest.mark.layer("embedded")

TOPIC = "inference.events"


async def send(
    bootstrap: str, partition: int, values: Sequence[bytes], damaged: Collection[int] = (), topic: str = TOPIC
) -> None:
    """One batch, in which these records have a header whose name is no UTF-8, as clients that have bytes may send."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        batch = producer.create_batch()
        for number, value in enumerate(values):
            headers = [("zz", b"1")] if number in damaged else []
            batch.append(key=None, value=value, timestamp=None, headers=headers)
        batch.close()
        content = bytearray(bytes(batch._build()).replace(b"zz", b"\xff\xfe"))
        struct.pack_into(">I", content, 17, calc_crc32c(bytes(content[21:])))
        batch._buffer = content
        await (await producer.send_batch(batch, topic, partition=partition))
    finally:
        await producer.stop()


async def test_a_header_that_is_no_utf8_costs_its_batch_and_nothing_else() -> None:
    async with EmbeddedBroker() as broker:
        await broker.create_topics({TOPIC: 3})
        await send(broker.bootstrap_servers, 0, [b"a0", b"a1"])
        await send(broker.bootstrap_servers, 0, [b"b0", b"b1", b"b2"], damaged=[1])
        await send(broker.bootstrap_servers, 0, [b"c0"])
        await send(broker.bootstrap_servers, 1, [b"d%d" % number for number in range(40)])
        source = KafkaSource(KafkaConfig(bootstrap_servers=broker.bootstrap_servers), [TOPIC], max_record_bytes=1 << 20)
        records: list[Record] = []
        await source.start(GoesOnFrom(source, 0))
        try:
            for _ in range(600):
                records += await source.getmany(10, 0.1)
                if len(records) >= 46:
                    break
            records += await source.getmany(10, 0.5)
            await send(broker.bootstrap_servers, 0, [b"e0"])
            for _ in range(600):
                records += (news := await source.getmany(10, 0.1))
                if news:
                    break
        finally:
            await source.stop()
    first = [record for record in records if record.partition == 0]
    assert [record.value for record in first] == [b"a0", b"a1", b"b0", None, None, b"c0", b"e0"]
    assert [record.offset for record in first] == list(range(7))
    assert [record.offset for record in records if record.partition == 1] == list(range(40))
    with pytest.raises(DecodeError, match="empty"):
        Decoder().decode(first[3])
    assert dict(first[3].headers)["unreadable"].startswith(b"the name of a header")


async def test_state_is_read_around_a_header_that_is_no_utf8() -> None:
    async with EmbeddedBroker() as broker:
        await broker.create_topics({TOPIC: 1})
        await send(broker.bootstrap_servers, 0, [b"a0", b"a1"])
        await send(broker.bootstrap_servers, 0, [b"b0", b"b1", b"b2"], damaged=[1])
        await send(broker.bootstrap_servers, 0, [b"c0", b"c1"])
        await send(broker.bootstrap_servers, 0, [b"d0"], damaged=[0])
        read = KafkaStateReader(KafkaConfig(bootstrap_servers=broker.bootstrap_servers))
        async with asyncio.timeout(60.0):
            records = await read(TOPIC, 0)
    assert [record.value for record in records] == [b"a0", b"a1", b"b0", b"c0", b"c1"]
    assert [record.offset for record in records] == [0, 1, 2, 5, 6]


async def test_whose_state_it_is_cannot_be_kept_from_us_by_a_header_that_is_no_utf8() -> None:
    async with EmbeddedBroker() as broker:
        await broker.create_topics({TOPIC: 1})
        await send(broker.bootstrap_servers, 0, [b"a0"], damaged=[0])
        kafka = KafkaConfig(bootstrap_servers=broker.bootstrap_servers)
        assert await foreign_group(kafka, TOPIC, StateOwner("ours", frozenset({TOPIC}))) is None
