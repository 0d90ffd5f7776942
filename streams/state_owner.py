"""Whose window state is whose: every record of state says which consumer group wrote it, in a header.

Two installations with one topic of panes would show each other's models, and compaction would leave one record of two
that have the same key. So a worker passes over what other groups wrote, and does not start on a topic that is
another group's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from agent.errors import ConfigError, StateError
from agent.windows.codec import peek
from streams.access.clients import client_options
from streams.config import KafkaConfig, WorkerConfig
from streams.kafka_metadata import partition_numbers, read_error, topic_is_there
from streams.kafka_stop import stop_client
from streams.ports import Headers, Record

__all__ = ["GROUP_HEADER", "StateOwner", "foreign_group", "refuse_foreign_state"]

GROUP_HEADER: Final = "group"

_FETCH_BYTES: Final = 256 * 1024
_READ_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class StateOwner:
    """A consumer group, and the topics of events that a worker of it reads."""

    group: str
    topics: frozenset[str]

    @classmethod
    def of(cls, config: WorkerConfig) -> StateOwner:
        """The worker's own."""
        return cls(config.kafka.group_id, frozenset(config.topics.events))

    @property
    def headers(self) -> Headers:
        """What marks the group's records of state."""
        return ((GROUP_HEADER, self.group.encode()),)

    def stranger(self, headers: Headers) -> str | None:
        """The other group that wrote a record; None for our own, and for those of before records said so."""
        written_by = dict(headers).get(GROUP_HEADER)
        if written_by is None or written_by == self.group.encode():
            return None
        return written_by.decode("utf-8", "replace")

    def rank(self, record: Record) -> tuple[int, ...] | None:
        """Which of two records of a pane key is to be kept: ours, and of these the newer one. None: it is damaged."""
        try:
            header = peek(record.value or b"")
        except StateError:
            return None
        ours = self.stranger(record.headers) is None and header.topic in self.topics
        return (int(ours), *header.rank)

    def values(self, records: Sequence[Record]) -> list[bytes]:
        """Values that this group wrote."""
        return [r.value for r in records if r.value is not None and self.stranger(r.headers) is None]


async def refuse_foreign_state(config: WorkerConfig) -> None:
    """Look whose the topic of panes is, before anything is written to it.

    Raises
    ------
    ConfigError
        When it holds state of other groups, and none of ours.
    TransportError
        When the broker does not answer.
    """
    topic, owner = config.topics.panes, StateOwner.of(config)
    stranger = await foreign_group(config.kafka, topic, owner)
    if stranger is not None:
        raise ConfigError(
            f"topics.panes: {topic} holds the window state of group {stranger}, and kafka.group_id is {owner.group}; "
            "give each group topics.panes and topics.decisions of its own"
        )


async def foreign_group(kafka: KafkaConfig, topic: str, owner: StateOwner) -> str | None:
    """Another group that has written to the topic, which we have not; None when we have, or nobody has.

    It ends at the first record of ours, which is the first one there is as a rule. Where groups share the topic already
    each of them may start: one that was started by mistake must not keep the other from coming up again.

    Raises
    ------
    TransportError
        When the broker does not answer.
    """
    consumer = AIOKafkaConsumer(
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_bytes=_FETCH_BYTES,
        max_partition_fetch_bytes=_FETCH_BYTES,
        **client_options(kafka),
    )
    try:
        # Not wait_for: before Python 3.12 it swallows a cancellation that meets a completion (bpo-37658).
        async with asyncio.timeout(_READ_SECONDS):
            await consumer.start()
            if not await topic_is_there(consumer._client, topic):
                return None
            consumer.assign([TopicPartition(topic, 0)])  # asks for the topic's metadata
            places = [TopicPartition(topic, number) for number in await partition_numbers(consumer, topic)]
            return await _first_stranger(consumer, places, owner)
    except (KafkaError, OSError, TimeoutError) as error:
        raise read_error(error, topic) from None
    finally:
        await stop_client(consumer)


async def _first_stranger(
    consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], owner: StateOwner
) -> str | None:
    consumer.assign(places)
    ends = await consumer.end_offsets(places)
    await consumer.seek_to_beginning(*places)
    left = {place for place in places if ends[place] > 0}
    stranger: str | None = None
    while left:
        try:
            batches = await consumer.getmany(timeout_ms=200)
        except UnicodeDecodeError:  # the name of a header, on which aiokafka stops: nobody may keep us down with it
            return None
        for message in (message for messages in batches.values() for message in messages):
            if message.value is None:
                continue
            written_by = owner.stranger(message.headers)
            if written_by is None:
                return None
            stranger = written_by
        left = {place for place in left if await consumer.position(place) < ends[place]}
    return stranger
