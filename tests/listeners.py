"""Listeners of sources, for tests of what is read."""

from __future__ import annotations

from collections.abc import Sequence

from streams.kafka_source import KafkaSource
from streams.ports import Partition

__all__ = ["GoesOnFrom"]


class GoesOnFrom:
    """As a tap that goes on from this offset, whatever the group has committed."""

    def __init__(self, source: KafkaSource, offset: int) -> None:
        self._source = source
        self._offset = offset

    async def on_assigned(self, partitions: Sequence[Partition]) -> None:
        for partition in partitions:
            await self._source.seek(partition, self._offset)

    async def on_revoked(self, partitions: Sequence[Partition]) -> None: ...

    def on_deleted(self, partition: Partition, start: int, end: int) -> None: ...
