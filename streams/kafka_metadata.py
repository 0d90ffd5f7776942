"""What aiokafka knows of a topic."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer

from agent.errors import TransportError

__all__ = ["partition_numbers"]

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
