"""A rebalance that begins and ends while the source waits for records."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from streams.config import KafkaConfig
from streams.kafka_source import KafkaSource
from streams.ports import Partition
from tests.listeners import GoesOnFrom

TOPIC = "inference.events"
FIRST, SECOND = TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)


class Fetched(NamedTuple):
    offset: int
    topic: str = TOPIC
    partition: int = 0
    timestamp: int = 0
    key: bytes | None = None
    value: bytes | None = b"{}"
    headers: tuple[()] = ()


class Consumer:
    """As aiokafka's, that stops at a name of a header; and meanwhile the group is divided anew."""

    def __init__(self) -> None:
        self.positions: dict[TopicPartition, int] = {}
        self.meanwhile: Callable[[], Awaitable[None]]

    async def getmany(
        self, *places: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[Any]]:
        if not places:
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
        if FIRST in places:
            offset = self.positions[FIRST]
            self.positions[FIRST] = offset + 1
            return {FIRST: [Fetched(offset)]}
        await self.meanwhile()
        return {}

    async def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    def highwater(self, place: TopicPartition) -> int:
        return 1_000

    def seek(self, place: TopicPartition, offset: int) -> None:
        self.positions[place] = offset


async def test_what_was_read_before_it_does_not_move_the_place_from_which_the_listener_goes_on() -> None:
    source, consumer = KafkaSource(KafkaConfig(), [TOPIC], max_record_bytes=1 << 20), Consumer()
    source._consumer = consumer
    for place in (FIRST, SECOND):
        await source.seek(Partition(*place), 500)

    async def divided_anew() -> None:
        source.close_gate()
        source.begin_adoption([Partition(*FIRST)], GoesOnFrom(source, 480))  # type: ignore[arg-type]
        assert source._adoption is not None
        await source._adoption

    consumer.meanwhile = divided_anew
    assert await source.getmany(2, 0.1) == []
    assert consumer.positions[FIRST] == 480
