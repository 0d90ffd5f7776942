"""Consumers, each in a process of its own: read a topic from its beginning, decode every record, and nothing else.

``python -m streams.bench.readers tap|confluent-kafka|kafka-python BOOTSTRAP TOPIC RECORDS`` prints one JSON object:
``records``, ``seconds`` from the arrival of the first batch to the last record decoded, ``cpu_seconds`` of that time.
All decode with `streams.formats.Decoder`; the rivals hand it nothing but the value, which is less than the tap does.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from time import process_time
from typing import Any, Final

from agent.clock import SystemClock
from agent.errors import HarmwatchError
from streams.config import KafkaConfig
from streams.formats import Decoder
from streams.kafka_source import KafkaSource
from streams.ports import Partition, Record

__all__ = ["READERS"]

_BATCH: Final = 500
_PATIENCE_SECONDS: Final = 60.0
_clock: Final = SystemClock()


class _Stopwatch:
    """Runs from the first batch on; ends the process' patience when nothing comes."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._deadline = _clock.monotonic() + _PATIENCE_SECONDS
        self._started = 0.0
        self._cpu_started = 0.0
        self.records = 0

    def begin(self) -> None:
        """A batch has arrived and is about to be decoded."""
        if not self._started:
            self._started, self._cpu_started = _clock.monotonic(), process_time()

    @property
    def running(self) -> bool:
        if self.records >= self._wanted:
            return False
        if _clock.monotonic() > self._deadline:
            raise HarmwatchError(f"{self.records} of {self._wanted} records came within {_PATIENCE_SECONDS:g} s")
        return True

    def result(self) -> Mapping[str, float]:
        return {
            "records": self.records,
            "seconds": _clock.monotonic() - self._started,
            "cpu_seconds": process_time() - self._cpu_started,
        }


class _Newcomer:
    """Lets the group's partitions start where the topic starts."""

    async def on_assigned(self, partitions: Sequence[Partition]) -> None:
        return None

    async def on_revoked(self, partitions: Sequence[Partition]) -> None:
        return None

    def on_deleted(self, partition: Partition, start: int, end: int) -> None:
        return None


def read_with_tap(bootstrap: str, topic: str, wanted: int) -> Mapping[str, float]:
    """The worker's own source, in a group, with the same decoder; no scoring."""
    return asyncio.run(_read_with_tap(bootstrap, topic, wanted))


async def _read_with_tap(bootstrap: str, topic: str, wanted: int) -> Mapping[str, float]:
    config = KafkaConfig(bootstrap_servers=bootstrap, group_id=f"bench-{uuid.uuid4().hex}", worker_name="bench")
    source = KafkaSource(config, [topic], max_record_bytes=1 << 20)
    decode = Decoder().decode
    watch = _Stopwatch(wanted)
    await source.start(_Newcomer())
    try:
        while watch.running:
            records = await source.getmany(_BATCH, 0.2)
            if records:
                watch.begin()
                for record in records:
                    decode(record)
                watch.records += len(records)
        return watch.result()
    finally:
        await source.stop()


def read_with_confluent(bootstrap: str, topic: str, wanted: int) -> Mapping[str, float]:
    """A bare ``consume(500)`` loop of confluent-kafka (librdkafka), assigned by hand: no group, no commits."""
    confluent: Any = import_module("confluent_kafka")
    consumer = confluent.Consumer(
        {"bootstrap.servers": bootstrap, "group.id": f"bench-{uuid.uuid4().hex}", "enable.auto.commit": False}
    )
    decode = Decoder().decode
    watch = _Stopwatch(wanted)
    try:
        partitions = consumer.list_topics(topic, timeout=20.0).topics[topic].partitions
        consumer.assign([confluent.TopicPartition(topic, number, 0) for number in partitions])
        while watch.running:
            messages = [m for m in consumer.consume(_BATCH, 0.2) if m.error() is None]
            if messages:
                watch.begin()
                for message in messages:
                    decode(Record(topic, 0, 0, 0.0, None, message.value(), ()))
                watch.records += len(messages)
        return watch.result()
    finally:
        consumer.close()


def read_with_kafka_python(bootstrap: str, topic: str, wanted: int) -> Mapping[str, float]:
    """A bare ``poll`` loop of kafka-python, assigned by hand."""
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(bootstrap_servers=bootstrap.split(","), group_id=None, auto_offset_reset="earliest")
    decode = Decoder().decode
    watch = _Stopwatch(wanted)
    try:
        numbers = consumer.partitions_for_topic(topic) or set()
        consumer.assign([TopicPartition(topic, number) for number in sorted(numbers)])
        while watch.running:
            messages = [m for batch in consumer.poll(200, max_records=_BATCH).values() for m in batch]
            if messages:
                watch.begin()
                for message in messages:
                    decode(Record(topic, 0, 0, 0.0, None, message.value, ()))
                watch.records += len(messages)
        return watch.result()
    finally:
        consumer.close()


READERS: Final[Mapping[str, Callable[[str, str, int], Mapping[str, float]]]] = {
    "tap": read_with_tap,
    "confluent-kafka": read_with_confluent,
    "kafka-python": read_with_kafka_python,
}
"""Reader by name. The rivals' packages are loaded only by the process that uses them."""


if __name__ == "__main__":
    name, bootstrap_servers, topic_name, count = sys.argv[1:]
    sys.stdout.write(json.dumps(READERS[name](bootstrap_servers, topic_name, int(count))) + "\n")
