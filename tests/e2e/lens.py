"""Looks at the broker from outside, with another client (confluent-kafka) than the worker's."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from streams.ports import Record

from .traffic import TrafficRecord

__all__ = ["Lens", "wait_until"]

_SECONDS = 20.0


def wait_until(ready: Callable[[], bool], what: str, *, timeout_seconds: float, step_seconds: float = 0.2) -> float:
    """Return the seconds waited. Raises TimeoutError that says what was waited for."""
    started = time.monotonic()
    while not ready():
        if time.monotonic() - started > timeout_seconds:
            raise TimeoutError(f"not within {timeout_seconds:.0f} s: {what}")
        time.sleep(step_seconds)
    return time.monotonic() - started


class Lens:
    """Publishes, reads whole topics back, and asks for committed offsets. Members of no group."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def publish(self, topic: str, records: Iterable[TrafficRecord], *, compression: str = "none") -> int:
        """Publish in order, by the Java client's partitioner, and wait until the broker has all."""
        failures: list[Any] = []
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "compression.type": compression,
                "message.max.bytes": 64 * 1024 * 1024,
                "linger.ms": 5,
                "log_level": 0,
            }
        )
        count = 0
        for record in records:
            while True:
                try:
                    producer.produce(
                        topic,
                        record.value,
                        record.key,
                        headers=list(record.headers),
                        on_delivery=lambda error, _message: failures.append(error) if error else None,
                    )
                    break
                except BufferError:
                    producer.poll(0.1)
            count += 1
            if count % 1000 == 0:
                producer.poll(0)
        left = producer.flush(60.0)
        if left or failures:
            raise RuntimeError(f"{left} records not delivered, {len(failures)} failed: {failures[:1]}")
        return count

    def partitions(self, topic: str) -> list[int]:
        """Numbers of a topic's partitions; none when there is no such topic."""
        consumer = self._consumer()
        try:
            return self._partitions(consumer, topic)
        finally:
            consumer.close()

    def ends(self, topic: str) -> dict[int, int]:
        """Where each partition ends."""
        consumer = self._consumer()
        try:
            return {number: end for number, (_, end) in self._ends(consumer, topic).items()}
        finally:
            consumer.close()

    def records(self, topic: str) -> list[Record]:
        """Everything that a topic holds now, partition by partition."""
        return sorted(self.stream(topic), key=lambda record: (record.partition, record.offset))

    def stream(self, topic: str) -> Iterator[Record]:
        """Everything that a topic holds now, each partition in order, without holding it all."""
        consumer = self._consumer()
        try:
            ends = self._ends(consumer, topic)
            wanted = {number: end for number, (first, end) in ends.items() if end > first}
            consumer.assign([TopicPartition(topic, number, ends[number][0]) for number in wanted])
            last_arrival = time.monotonic()
            while wanted:
                messages = consumer.consume(5000, 0.5)
                if messages:
                    last_arrival = time.monotonic()
                elif time.monotonic() - last_arrival > _SECONDS:
                    raise TimeoutError(f"{topic}: no record for {_SECONDS:.0f} s, {wanted} still to read")
                for message in messages:
                    if message.error():
                        raise KafkaException(message.error())
                    yield Record(
                        topic,
                        message.partition(),
                        message.offset(),
                        message.timestamp()[1] / 1000.0,
                        message.key(),
                        message.value(),
                        tuple(message.headers() or ()),
                    )
                # By position, not by the last record: compaction and markers leave gaps at the end.
                for at in consumer.position([TopicPartition(topic, number) for number in wanted]):
                    if at.offset >= wanted[at.partition]:
                        del wanted[at.partition]
        finally:
            consumer.close()

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """The group's next offset by partition; 0 where it has none."""
        consumer = self._consumer(group)
        try:
            wanted = [TopicPartition(topic, number) for number in self._partitions(consumer, topic)]
            return {number: max(0, offset) for number, offset in self._committed(consumer, wanted).items()}
        finally:
            consumer.close()

    def lag(self, group: str, topic: str) -> int:
        """Records between the group's committed offsets and the end of the topic."""
        consumer = self._consumer(group)
        try:
            ends = self._ends(consumer, topic)
            wanted = [TopicPartition(topic, number) for number in ends]
            at = self._committed(consumer, wanted)
            return sum(end - max(first, at[number]) for number, (first, end) in ends.items())
        finally:
            consumer.close()

    def wait_for_lag_zero(self, group: str, topic: str, *, timeout_seconds: float) -> float:
        """Return the seconds waited until everything published is committed."""
        return wait_until(
            lambda: self.lag(group, topic) == 0, f"lag 0 of {group}", timeout_seconds=timeout_seconds, step_seconds=0.3
        )

    @staticmethod
    def _committed(consumer: Consumer, wanted: list[TopicPartition]) -> dict[int, int]:
        deadline = time.monotonic() + _SECONDS
        while True:
            try:
                return {at.partition: at.offset for at in consumer.committed(wanted, _SECONDS)}
            except KafkaException:
                # A broker that has just started is the group's coordinator a moment after the first question.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _consumer(self, group: str | None = None) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": group or f"lens-{uuid.uuid4().hex}",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.message.max.bytes": 16 * 1024 * 1024,
                "receive.message.max.bytes": 200 * 1024 * 1024,
                "log_level": 0,
            }
        )

    @staticmethod
    def _partitions(consumer: Consumer, topic: str) -> list[int]:
        return sorted(consumer.list_topics(topic, _SECONDS).topics[topic].partitions)

    def _ends(self, consumer: Consumer, topic: str) -> dict[int, tuple[int, int]]:
        return {
            number: consumer.get_watermark_offsets(TopicPartition(topic, number), _SECONDS)
            for number in self._partitions(consumer, topic)
        }
