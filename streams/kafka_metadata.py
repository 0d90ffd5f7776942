"""What aiokafka knows of a topic."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from aiokafka.protocol.metadata import MetadataRequest

from agent.errors import AccessDenied, TransportError

__all__ = ["offsets_since", "partition_numbers", "read_error", "topic_is_there"]

_METADATA_SECONDS = 10.0
_STEP_SECONDS = 0.01


def read_error(error: Exception, topic: str) -> TransportError:
    """Why a topic cannot be read, with the right that is missing where that is why."""
    if isinstance(error, TopicAuthorizationFailedError):
        return AccessDenied(f"this user may not read topic {topic}; grant READ on it")
    if isinstance(error, GroupAuthorizationFailedError):
        return AccessDenied("this user may not use its consumer group; grant READ on kafka.group_id")
    return TransportError(f"{topic} cannot be read ({type(error).__name__})")


async def topic_is_there(consumer: AIOKafkaConsumer, topic: str) -> bool:
    """Whether a topic exists. Never creates it.

    Raises
    ------
    AccessDenied
        When this user may not know: to take that for a missing topic would be to take state for none.
    KafkaError
        When the broker does not answer.
    """
    if topic in await consumer.topics():
        return True
    client = consumer._client  # it has no other way to ask for one topic without creating it
    node = client.get_random_node()
    if node is None:
        return False
    answer = await client.send(node, MetadataRequest([topic], allow_auto_topic_creation=False))
    if any(code == TopicAuthorizationFailedError.errno for code, *_ in answer.topics):
        raise read_error(TopicAuthorizationFailedError(), topic)
    return False


async def partition_numbers(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    """Numbers of an assigned topic's partitions, once the metadata that `assign` asked for is there.

    Raises
    ------
    TransportError
        When the broker does not tell within ten seconds.
    """
    for _ in range(int(_METADATA_SECONDS / _STEP_SECONDS)):
        found: set[int] | None = consumer.partitions_for_topic(topic)
        if found:
            return found
        await asyncio.sleep(_STEP_SECONDS)
    raise TransportError(f"{topic}: the broker does not tell its partitions")


async def offsets_since(
    consumer: AIOKafkaConsumer, partitions: Collection[TopicPartition], time: float
) -> dict[TopicPartition, int]:
    """Of each partition the first offset written at this time or later (seconds since the Unix epoch); its end where
    nothing is as late.

    Raises
    ------
    KafkaError
        When the broker does not answer.
    """
    found = await consumer.offsets_for_times(dict.fromkeys(partitions, int(time * 1000)))
    ends = await consumer.end_offsets(list(partitions))
    return {each: ends[each] if found.get(each) is None else found[each].offset for each in partitions}
