"""State read back from compacted topics, without a group."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.access.clients import running_options
from streams.config import KafkaConfig
from streams.kafka_metadata import partition_numbers, read_error, topic_is_there
from streams.kafka_records import records_of
from streams.kafka_stop import stop_client
from streams.ports import Record

__all__ = ["KafkaStateReader"]

_logger = logging.getLogger(__name__)

_STATE_WAIT_MS: Final = 20
_STATE_RECORDS: Final = 1000


class KafkaStateReader:
    """Reads a partition of a compacted topic from start to end, without a group.

    Parameters
    ----------
    rank
        When given, only the record of the highest rank is kept of each key, the later of equals: what compaction has
        not done yet must not fill the memory. A record that has no rank (None) is kept in any case.
    """

    def __init__(self, config: KafkaConfig, rank: Callable[[Record], tuple[int, ...] | None] | None = None) -> None:
        self._config = config
        self._rank = rank

    async def __call__(self, topic: str, number: int) -> Sequence[Record]:
        """All records that the partition holds now; none when topic or partition do not exist.

        Raises
        ------
        TransportError
            When the broker does not answer.
        """
        partition = TopicPartition(topic, number)
        consumer = AIOKafkaConsumer(
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # The end's offset is asked for on the connection that a fetch of an empty partition waits on.
            fetch_max_wait_ms=_STATE_WAIT_MS,
            **running_options(self._config),
        )
        kept = _Kept(self._rank)
        try:
            await consumer.start()
            if not await topic_is_there(consumer._client, topic):
                return []
            consumer.assign([partition])
            if number not in await partition_numbers(consumer, topic):
                return []
            end = (await consumer.end_offsets([partition]))[partition]
            await consumer.seek_to_beginning(partition)
            await self._read(consumer, partition, end, kept)
        except (KafkaError, OSError) as error:
            raise read_error(error, topic) from None
        finally:
            await stop_client(consumer)
        return kept.records()

    async def _read(self, consumer: AIOKafkaConsumer, partition: TopicPartition, end: int, kept: _Kept) -> None:
        """Records before ``end``, but for those that aiokafka cannot read, see `streams.kafka_source`: else whoever may
        write there could keep every worker from starting.
        """
        following, careful, skipped = await consumer.position(partition), 0, 0
        while await consumer.position(partition) < end:
            try:
                most = 1 if careful else _STATE_RECORDS
                batches = await consumer.getmany(partition, timeout_ms=500, max_records=most)
            except UnicodeDecodeError:
                if careful:
                    skipped += 1
                    following += 1
                careful = _STATE_RECORDS
                consumer.seek(partition, following)
                continue
            careful = max(0, careful - 1)
            for record in records_of(batches).get(partition, ()):
                kept.add(record)
                following = record.offset + 1
        if skipped:
            _logger.warning("records_not_readable topic=%s partition=%d records=%d", *partition, skipped)


class _Kept:
    """Of each key the record of the highest rank, and every record without one; each record is ranked once."""

    def __init__(self, rank: Callable[[Record], tuple[int, ...] | None] | None) -> None:
        self._rank = rank
        self._best: dict[bytes | None, tuple[tuple[int, ...], Record]] = {}
        self._others: list[Record] = []

    def add(self, record: Record) -> None:
        ranked = None if self._rank is None or record.value is None else self._rank(record)
        if ranked is None:
            self._others.append(record)
        elif record.key not in self._best or ranked >= self._best[record.key][0]:
            self._best[record.key] = (ranked, record)

    def records(self) -> list[Record]:
        """In the order of offsets."""
        return sorted([*self._others, *(record for _, record in self._best.values())], key=lambda record: record.offset)
