"""The demo's traffic into a Kafka that is already there: what a trial installation shows its agent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from kafka.errors import KafkaError

from agent.clock import Clock
from agent.errors import TransportError
from streams.config import KafkaConfig
from streams.demo.traffic import Traffic, TrafficRecord
from streams.kafka_sink import KafkaSink
from streams.ports import Message, Sink
from streams.topics import admin_client, describe_topics

__all__ = ["Published", "ensure_topic", "fresh_seed", "publish_laps", "publish_paced"]

_SHORTEST_SLEEP_SECONDS = 0.02
_MAX_MESSAGE_BYTES = 1 << 20
_QUEUED_BYTES = 4 << 20


class Published:
    """What has been sent so far: ``records``, of ``calls`` whole calls, with the seeds ``first_seed`` and following."""

    __slots__ = ("calls", "first_seed", "laps", "records")

    def __init__(self, first_seed: int) -> None:
        self.first_seed = first_seed
        self.laps = 0
        self.calls = 0
        self.records = 0


def fresh_seed(clock: Clock) -> int:
    """A seed that no earlier run had, by the microsecond: ids follow from the seed, and known ids are duplicates."""
    return int(clock.now() * 1e6)


async def publish_paced(records: Iterable[TrafficRecord], sink: Sink, topic: str, clock: Clock) -> int:
    """Publish each record when its time has come; returns how many. What is late goes at once."""
    published = 0
    for record in records:
        ahead = record.time - clock.now()
        if ahead > 0.0 or sink.queued_bytes > _QUEUED_BYTES:
            await sink.flush()
        if ahead > 0.0:
            await asyncio.sleep(max(ahead, _SHORTEST_SLEEP_SECONDS))
        sink.send(Message(topic, record.key, record.value, record.headers))
        published += 1
    await sink.flush()
    return published


async def publish_laps(
    kafka: KafkaConfig, topic: str, sent: Published, *, events: int, seconds: float, forever: bool, clock: Clock
) -> None:
    """One run of the demo's traffic, or one after the other until cancelled; ``sent`` says how far it has come.

    Every lap has a seed of its own, since ids follow from the seed: the same ids again would be duplicates.

    Raises
    ------
    TransportError
        When the broker cannot be reached, or does not take a record.
    """
    sink = KafkaSink(kafka, patience_seconds=30.0, max_message_bytes=_MAX_MESSAGE_BYTES, clock=clock)
    try:
        await sink.start()
        while True:
            traffic = Traffic(sent.first_seed + sent.laps, events, clock.now(), seconds)
            sent.records += await publish_paced(traffic, sink, topic, clock)
            sent.calls += traffic.expected.calls
            sent.laps += 1
            if not forever:
                return
    finally:
        await sink.stop()


def ensure_topic(kafka: KafkaConfig, topic: str, partitions: int) -> None:
    """Create the topic when it is missing; one that exists stays as it is.

    Raises
    ------
    TransportError
        When the broker cannot be reached, or refuses.
    """
    admin = admin_client(kafka)
    try:
        if topic not in describe_topics(admin):
            admin.create_topics(
                {topic: {"num_partitions": partitions, "replication_factor": -1}}, wait_for_metadata=True
            )
    except KafkaError as error:
        raise TransportError(f"topic {topic} cannot be looked up or created ({type(error).__name__})") from None
    finally:
        admin.close()
