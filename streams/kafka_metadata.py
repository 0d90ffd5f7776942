"""What aiokafka knows of a topic."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from aiokafka import AIOKafkaConsumer, TopicPartition

from agent.errors import TransportError

__all__ = ["offsets_since", "partition_numbers"]

_METADATA_SECONDS = 10.0
_STEP_SECONDS = 0.01


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
