"""One suite for every Source and Sink: the in-memory twin, the embedded broker, real Apache Kafka."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from kafka import KafkaProducer

from agent.clock import SystemClock
from agent.errors import TopicUnavailable, TransportError
from streams.config import KafkaConfig
from streams.kafka_log import KafkaLogReader
from streams.kafka_sink import KafkaSink
from streams.kafka_source import KafkaSource
from streams.kafka_state import KafkaStateReader
from streams.memory import MemoryBroker, MemoryLogReader, MemorySink, MemorySource
from streams.ports import LogReader, Message, Partition, Record, Sink, Source, StateReader

PATIENCE_SECONDS = 30.0


@dataclass
class Edge:
    """One transport under test: makes sources, sinks and readers on one fresh topic of two partitions."""

    topic: str
    make_source: Callable[[], Source]
    make_sink: Callable[[], Sink]
    read_partition: StateReader
    make_log_reader: Callable[[], LogReader]
    creates_topics: bool = False  #: noida-db makes a missing topic, like Kafka with auto.create.topics.enable
    started: list[Source | Sink | LogReader] = field(default_factory=list)

    async def sink(self) -> Sink:
        sink = self.make_sink()
        await sink.start()
        self.started.append(sink)
        return sink

    async def source(self, listener: Listener | None = None) -> Source:
        source = self.make_source()
        self.started.append(source)
        await source.start(listener or Listener(source))
        return source

    async def close(self) -> None:
        for part in reversed(self.started):
            await part.stop()


class Listener:
    """Adopts partitions where the group left off, and remembers what it was told."""

    def __init__(self, source: Source | None = None) -> None:
        self.source = source
        self.assigned: list[Partition] = []
        self.revoked: list[Partition] = []
        self.deleted: list[tuple[Partition, int, int]] = []

    async def on_assigned(self, partitions: Sequence[Partition]) -> None:
        self.assigned += partitions
        for partition in partitions:
            assert self.source is not None
            offset = await self.source.committed(partition)
            await self.source.seek(partition, 0 if offset is None else offset)

    async def on_revoked(self, partitions: Sequence[Partition]) -> None:
        self.revoked += partitions

    def on_deleted(self, partition: Partition, start: int, end: int) -> None:
        self.deleted.append((partition, start, end))


def _kafka_edge(bootstrap: str, topic: str) -> Edge:
    config = KafkaConfig(bootstrap_servers=bootstrap, group_id=f"group-{topic}", session_timeout_seconds=10.0)
    return Edge(
        topic,
        lambda: KafkaSource(config, [topic], max_record_bytes=1 << 20),
        lambda: KafkaSink(config, patience_seconds=15.0, max_message_bytes=1 << 20, clock=SystemClock()),
        KafkaStateReader(config),
        lambda: KafkaLogReader(config, topic),
    )


@pytest.fixture(
    params=[
        "memory",
        pytest.param("embedded", marks=pytest.mark.layer("embedded")),
        pytest.param("kafka", marks=pytest.mark.layer("kafka")),
    ]
)
async def edge(request: pytest.FixtureRequest) -> AsyncIterator[Edge]:
    topic = f"t-{uuid.uuid4().hex[:8]}"
    if request.param == "memory":
        broker = MemoryBroker({topic: 2})
        made = Edge(
            topic,
            lambda: MemorySource(broker, [topic]),
            lambda: MemorySink(broker),
            broker.read_partition,
            lambda: MemoryLogReader(broker, topic),
        )
    else:
        cluster: Any = request.getfixturevalue("kafka" if request.param == "kafka" else "embedded_broker")
        cluster.create_topic(topic, 2)
        made = _kafka_edge(cluster.bootstrap, topic)
        made.creates_topics = request.param == "embedded"
    yield made
    await made.close()


async def read(source: Source | LogReader, count: int) -> list[Record]:
    """Exactly this many records, or the test fails."""
    records: list[Record] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(records) < count:
            records += await source.getmany(count - len(records), 0.2)
    return records


async def publish(edge: Edge, count: int, start: int = 0) -> None:
    sink = await edge.sink()
    for number in range(start, start + count):
        sink.send(Message(edge.topic, b"k%d" % (number % 2), b"%d" % number, partition=number % 2))
    await sink.flush()


async def test_a_broker_is_reached_by_those_who_run(edge: Edge) -> None:
    source = await edge.source()
    await source.reach()
    await source.stop()
    if isinstance(source, KafkaSource):
        with pytest.raises(TransportError, match="not running"):
            await source.reach()


async def test_records_come_in_order_with_all_their_parts(edge: Edge) -> None:
    sink = await edge.sink()
    for number in range(20):
        sink.send(Message(edge.topic, b"key", b"%d" % number, (("h", b"\x00\xff"), ("h", b"2")), number % 2))
    await sink.flush()
    records = await read(await edge.source(), 20)
    for partition in (0, 1):
        mine = [record for record in records if record.partition == partition]
        assert [int(record.value or b"") for record in mine] == list(range(partition, 20, 2))
        assert [record.offset for record in mine] == list(range(10))
    first = records[0]
    assert (first.topic, first.key, tuple(first.headers)) == (edge.topic, b"key", (("h", b"\x00\xff"), ("h", b"2")))
    assert 1_600_000_000 < first.time < 4_000_000_000


async def test_a_flush_delivers_everything_and_a_tombstone_stays_one(edge: Edge) -> None:
    sink = await edge.sink()
    for number in range(3000):
        sink.send(Message(edge.topic, b"k", b"x" * 500 if number else None, partition=1))
    await sink.flush()
    records = await edge.read_partition(edge.topic, 1)
    assert len(records) == 3000
    assert records[0].value is None
    assert list(await edge.read_partition(edge.topic, 0)) == []


async def test_equal_keys_go_to_one_partition(edge: Edge) -> None:
    sink = await edge.sink()
    for number in range(40):
        sink.send(Message(edge.topic, b"model-%d" % (number % 8), b"v"))
    await sink.flush()
    records = await read(await edge.source(), 40)
    places: dict[bytes | None, set[int]] = {}
    for record in records:
        places.setdefault(record.key, set()).add(record.partition)
    assert all(len(found) == 1 for found in places.values())


async def test_only_a_commit_moves_the_group(edge: Edge) -> None:
    await publish(edge, 20)
    first = await edge.source()
    await read(first, 20)
    await first.stop()
    second = await edge.source()
    assert len(await read(second, 20)) == 20
    await second.commit({Partition(edge.topic, 0): 10, Partition(edge.topic, 1): 4})
    assert await second.committed(Partition(edge.topic, 1)) == 4
    await second.stop()
    third = await edge.source()
    assert sorted(int(record.value or b"") for record in await read(third, 6)) == [9, 11, 13, 15, 17, 19]


async def test_seek_back_reads_again(edge: Edge) -> None:
    await publish(edge, 20)
    source = await edge.source()
    await read(source, 20)
    await source.seek(Partition(edge.topic, 0), 7)
    assert [int(record.value or b"") for record in await read(source, 3)] == [14, 16, 18]


async def test_start_and_end_offsets(edge: Edge) -> None:
    await publish(edge, 21)
    source = await edge.source()
    partitions = [Partition(edge.topic, 0), Partition(edge.topic, 1)]
    assert dict(await source.start_offsets(partitions)) == dict.fromkeys(partitions, 0)
    assert dict(await source.end_offsets(partitions)) == {partitions[0]: 11, partitions[1]: 10}


async def test_a_paused_source_hands_out_nothing_and_stays_in_the_group(edge: Edge) -> None:
    source = await edge.source()
    source.pause()
    await publish(edge, 10)
    assert list(await source.getmany(10, 0.3)) == []
    source.resume()
    assert len(await read(source, 10)) == 10


async def test_an_empty_topic_gives_nothing_in_time(edge: Edge) -> None:
    source = await edge.source()
    async with asyncio.timeout(10.0):
        assert list(await source.getmany(10, 0.1)) == []


async def test_a_second_member_takes_over_half_and_gives_it_back(edge: Edge) -> None:
    await publish(edge, 10)
    listeners = [Listener(), Listener()]
    first = edge.make_source()
    second = edge.make_source()
    listeners[0].source, listeners[1].source = first, second
    edge.started += [first, second]
    await first.start(listeners[0])
    await read(first, 10)
    await first.commit({Partition(edge.topic, 0): 5, Partition(edge.topic, 1): 5})
    joining = asyncio.create_task(second.start(listeners[1]))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (joining.done() and len(first.assignment()) == 1 and len(second.assignment()) == 1):
            assert list(await first.getmany(10, 0.1)) == []
            if joining.done():
                assert list(await second.getmany(10, 0.1)) == []
            await asyncio.sleep(0.02)
    await joining
    assert set(listeners[0].revoked) == {Partition(edge.topic, 0), Partition(edge.topic, 1)}
    await second.stop()
    await publish(edge, 10, start=10)
    assert len(await read(first, 10)) == 10


async def test_a_missing_topic_is_not_retried_for_ever(edge: Edge) -> None:
    sink = await edge.sink()
    sink.send(Message(f"absent-{edge.topic}", b"k", b"v", partition=0))
    if edge.creates_topics:
        await sink.flush()
        assert len(await edge.read_partition(f"absent-{edge.topic}", 0)) == 1
        return
    with pytest.raises((TopicUnavailable, TransportError)):
        await sink.flush()


async def test_discarded_messages_are_not_sent(edge: Edge) -> None:
    sink = await edge.sink()
    sink.send(Message(edge.topic, b"k", b"stale", partition=0))
    sink.send(Message(edge.topic, b"k", b"kept", partition=1))
    sink.discard(edge.topic, 0)
    await sink.flush()
    assert [record.value for record in await read(await edge.source(), 1)] == [b"kept"]


async def log_reader(edge: Edge) -> LogReader:
    reader = edge.make_log_reader()
    edge.started.append(reader)
    await reader.start()
    return reader


async def test_a_log_reader_reads_all_partitions_and_goes_back(edge: Edge) -> None:
    await publish(edge, 20)
    reader = await log_reader(edge)
    assert await reader.offsets_since(0.0) == {0: 0, 1: 0}
    reader.seek({0: 0, 1: 0})
    records = await read(reader, 20)
    for partition in (0, 1):
        assert [record.offset for record in records if record.partition == partition] == list(range(10))
    reader.seek({1: 7, 5: 3})
    assert [(record.partition, record.offset) for record in await read(reader, 3)] == [(1, 7), (1, 8), (1, 9)]
    await publish(edge, 2, start=20)
    assert {(record.partition, record.offset) for record in await read(reader, 2)} == {(0, 10), (1, 10)}


async def test_a_log_reader_finds_where_a_time_begins(edge: Edge) -> None:
    await publish(edge, 6)
    reader = await log_reader(edge)
    await reader.offsets_since(0.0)
    reader.seek({0: 0, 1: 0})
    latest = max(record.time for record in await read(reader, 6))
    assert await reader.offsets_since(latest + 1.0) == {0: 3, 1: 3}
    assert await reader.offsets_since(latest - 60.0) == {0: 0, 1: 0}


class _NoUtf8(str):
    """The name of a header as no client of ours would write it."""

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe"


@pytest.mark.layer("kafka")
async def test_a_log_reader_passes_over_a_record_that_cannot_be_read(kafka: Any) -> None:
    topic = f"t-{uuid.uuid4().hex[:8]}"
    kafka.create_topic(topic, 2)
    edge = _kafka_edge(kafka.bootstrap, topic)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    for number in range(20):
        headers = [(_NoUtf8("h"), b"v")] if number in (7, 12) else []
        producer.send(topic, b"%d" % number, headers=headers, partition=0)
        producer.send(topic, b"%d" % number, partition=1)
        producer.flush()  # else the whole batch cannot be read
    await asyncio.to_thread(producer.close)
    reader = await log_reader(edge)
    await reader.offsets_since(0.0)
    reader.seek({0: 0, 1: 0})
    records = await read(reader, 40)
    await edge.close()
    found = {number: [r.value for r in records if r.partition == number] for number in (0, 1)}
    assert found[1] == [b"%d" % number for number in range(20)]
    assert found[0] == [None if number in (7, 12) else b"%d" % number for number in range(20)]
