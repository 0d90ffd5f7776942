"""A topic that is deleted and made anew, or loses its end with a leader, under a worker that runs."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

import pytest
from aiokafka import TopicPartition

from agent.errors import TransportError
from streams.config import KafkaConfig
from streams.kafka_source import KafkaSource
from streams.ports import Partition

PLACE = TopicPartition("inference.events", 0)


class Fetched(NamedTuple):
    offset: int
    topic: str = PLACE.topic
    partition: int = PLACE.partition
    timestamp: int = 0
    key: bytes | None = None
    value: bytes | None = b"{}"
    headers: tuple[()] = ()


class Consumer:
    """As aiokafka's, which gives what it is told to."""

    def __init__(self, *batches: list[int]) -> None:
        self._batches = deque(batches)

    async def getmany(self, *, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        return {PLACE: [Fetched(offset) for offset in self._batches.popleft()]}

    async def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    def seek(self, place: TopicPartition, offset: int) -> None: ...


def reading(*batches: list[int]) -> KafkaSource:
    source = KafkaSource(KafkaConfig(), [PLACE.topic], max_record_bytes=1 << 20)
    source._consumer = Consumer(*batches)
    return source


async def test_a_log_that_goes_on_before_what_was_read_ends_the_worker_and_is_not_passed_over() -> None:
    source = reading([20, 21], [22], [0, 1])
    await source.seek(Partition(*PLACE), 20)
    assert [record.offset for _ in range(2) for record in await source.getmany(10, 0.1)] == [20, 21, 22]
    with pytest.raises(TransportError, match=r"inference\.events goes on before what was read of it"):
        await source.getmany(10, 0.1)


async def test_to_go_back_on_purpose_is_none() -> None:
    source = reading([20, 21], [5, 6], [40])
    await source.seek(Partition(*PLACE), 20)
    await source.getmany(10, 0.1)
    await source.seek(Partition(*PLACE), 5)
    assert [record.offset for record in await source.getmany(10, 0.1)] == [5, 6]
    assert [record.offset for record in await source.getmany(10, 0.1)] == [40]  # a gap: what retention deleted
