"""What brokers say of a topic, asked for that topic alone: the metadata of a whole cluster of thousands of partitions
takes a large part of a second to read, in which nothing else runs, and one takeover reads as many states as it has
partitions.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    InvalidTopicError,
    KafkaConnectionError,
    KafkaError,
    NoError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

from agent.errors import AccessDenied, TransportError

__all__ = ["ask_any_broker", "offsets_since", "partition_numbers", "read_error", "topic_is_there"]

_METADATA_SECONDS = 10.0
_STEP_SECONDS = 0.01


def read_error(error: Exception, topic: str) -> TransportError:
    """Why a topic cannot be read, with the right that is missing where that is why."""
    if isinstance(error, TopicAuthorizationFailedError):
        return AccessDenied(f"this user may not read topic {topic}; grant READ on it")
    if isinstance(error, GroupAuthorizationFailedError):
        return AccessDenied("this user may not use its consumer group; grant READ on kafka.group_id")
    return TransportError(f"{topic} cannot be read ({type(error).__name__})")


async def ask_any_broker(client: AIOKafkaClient, topics: Collection[str] = ()) -> Any:
    """The metadata of these topics from whichever broker answers first, none of them created by that.

    Raises
    ------
    KafkaError
        When none answers.
    """
    failure: KafkaError = KafkaConnectionError("no broker is known")
    request = MetadataRequest(list(topics), allow_auto_topic_creation=False)
    nodes = [broker.nodeId for broker in client.cluster.brokers()]
    for node in random.sample(nodes, len(nodes)):
        try:
            return await client.send(node, request)
        except KafkaError as error:
            failure = error
    raise failure


async def topic_is_there(client: AIOKafkaClient, topic: str) -> bool:
    """Whether a topic exists. Never creates it.

    Raises
    ------
    AccessDenied
        When this user may not know: to take that for a missing topic would be to take state for none.
    KafkaError
        When no broker answers, or none that can say.
    """
    answer = await ask_any_broker(client, [topic])
    for code, name, *_ in answer.topics:
        error = for_code(code)
        if error is TopicAuthorizationFailedError:
            raise read_error(error(), topic)
        if name == topic and error not in (NoError, UnknownTopicOrPartitionError, InvalidTopicError):
            raise error()
        if name == topic:
            return error is NoError
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
