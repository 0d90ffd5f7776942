"""Reads what a topic held between two times, without a group: nothing is committed, nobody's offsets move."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from agent.errors import TransportError
from streams.access.clients import client_options
from streams.config import KafkaConfig
from streams.kafka_metadata import offsets_since, read_error
from streams.kafka_stop import stop_client
from streams.ports import Record

__all__ = ["TopicRange"]

_MOST_RECORDS = 500
_WAIT_MS = 1000
#: A log may end in records that no reader is given (markers of transactions, gaps of compaction).
_EMPTY_READS = 10


class TopicRange:
    """The records of a topic whose own stamp lies in a range. Use as an asynchronous context manager.

    Parameters
    ----------
    partitions
        How many the topic has.
    start, end
        Seconds since the Unix epoch; ``end`` is not in the range. None for the beginning, and for what is there now.

    Attributes
    ----------
    total
        Offsets in the range once it is entered: at least as many as there are records.
    """

    def __init__(
        self, config: KafkaConfig, topic: str, partitions: int, start: float | None, end: float | None
    ) -> None:
        self._consumer = AIOKafkaConsumer(
            enable_auto_commit=False, auto_offset_reset="earliest", **client_options(config)
        )
        self._topic = topic
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]
        self._start, self._end = start, end
        self._ends: dict[TopicPartition, int] = {}
        self.total = 0

    async def __aenter__(self) -> Self:
        """Find the offsets of the range.

        Raises
        ------
        TransportError
            When the broker does not answer.
        """
        try:
            await self._consumer.start()
            self._consumer.assign(self._partitions)
            starts = await self._offsets(self._start, await self._consumer.beginning_offsets(self._partitions))
            self._ends = await self._offsets(self._end, await self._consumer.end_offsets(self._partitions))
            for partition, offset in starts.items():
                self._consumer.seek(partition, offset)
                self.total += max(0, self._ends[partition] - offset)
        except (KafkaError, OSError) as error:
            await stop_client(self._consumer)
            raise read_error(error, self._topic) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await stop_client(self._consumer)

    async def _offsets(self, time: float | None, otherwise: dict[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Of each partition the first offset from that time on; its end where nothing is as late."""
        return otherwise if time is None else await offsets_since(self._consumer, self._partitions, time)

    async def records(self) -> AsyncIterator[Sequence[Record]]:
        """Batches, partition by partition as they come.

        Raises
        ------
        TransportError
            When the broker goes away, or a record cannot be read.
        """
        empty = 0
        while empty < _EMPTY_READS:
            try:
                left = [p for p in self._partitions if await self._consumer.position(p) < self._ends[p]]
                if not left:
                    return
                self._consumer.pause(*(set(self._partitions) - set(left)))
                batches = await self._consumer.getmany(timeout_ms=_WAIT_MS, max_records=_MOST_RECORDS)
                if not batches:
                    # A read from a broker that is gone is as empty as one of nothing; this one waits, and then raises.
                    await self._consumer.end_offsets(left)
            except TopicAuthorizationFailedError as error:
                raise read_error(error, self._topic) from None
            except (KafkaError, UnicodeDecodeError) as error:
                raise TransportError(f"records cannot be read ({type(error).__name__})") from None
            empty = 0 if batches else empty + 1
            found = [
                Record(m.topic, m.partition, m.offset, m.timestamp / 1000.0, m.key, m.value, m.headers)
                for partition, messages in batches.items()
                for m in messages
                if m.offset < self._ends[partition]
            ]
            if found:
                yield found
