"""Reads all partitions of a topic through aiokafka, without a consumer group."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError, UnsupportedCodecError

from agent.errors import TransportError
from streams.access.clients import running_options
from streams.access.probe import contact_error
from streams.config import KafkaConfig
from streams.kafka_metadata import offsets_since, partition_numbers, read_error, topic_is_there
from streams.kafka_stop import stop_client
from streams.ports import Record

__all__ = ["KafkaLogReader"]

_FETCH_BYTES = 1024 * 1024
_ONE_MS = 300


class KafkaLogReader:
    """The `streams.ports.LogReader` of real brokers."""

    def __init__(self, config: KafkaConfig, topic: str) -> None:
        self._config = config
        self._topic = topic
        self._consumer: AIOKafkaConsumer | None = None
        self._partitions: tuple[int, ...] = ()
        # By partition, the next offset to hand out.
        self._next: dict[int, int] = {}

    async def start(self) -> None:
        self._consumer = AIOKafkaConsumer(
            client_id=f"harmwatch-{self._config.worker_name}",
            enable_auto_commit=False,
            # For offsets that have been deleted since; and for those of a topic that was made anew, and is shorter.
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=_FETCH_BYTES,
            **running_options(self._config),
        )
        try:
            await self._consumer.start()
        except (KafkaError, OSError) as error:
            raise await contact_error(self._config, error) from None

    async def offsets_since(self, time: float) -> Mapping[int, int]:
        consumer = self._running()
        try:
            if not await topic_is_there(consumer._client, self._topic):
                return {}
            if not self._partitions:
                consumer.assign([TopicPartition(self._topic, 0)])  # asks for the topic's metadata
            numbers = tuple(sorted(await partition_numbers(consumer, self._topic)))
            partitions = [TopicPartition(self._topic, number) for number in numbers]
            if numbers != self._partitions:
                consumer.assign(partitions)
                self._partitions = numbers
            offsets = await offsets_since(consumer, partitions, time)
        except KafkaError as error:
            raise read_error(error, self._topic) from None
        return {partition.partition: offset for partition, offset in offsets.items()}

    def seek(self, offsets: Mapping[int, int]) -> None:
        for number in self._partitions:
            if number in offsets:
                self._running().seek(TopicPartition(self._topic, number), offsets[number])
                self._next[number] = offsets[number]

    async def getmany(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        if not self._partitions:
            await asyncio.sleep(timeout_seconds)
            return []
        try:
            batches = await self._running().getmany(timeout_ms=int(timeout_seconds * 1000), max_records=max_records)
        except UnsupportedCodecError:
            raise TransportError(
                "labels are compressed with a codec that is not installed: pip install cramjam"
            ) from None
        except UnicodeDecodeError:
            return await self._one_by_one(max_records)
        except (KafkaError, IllegalStateError) as error:
            raise read_error(error, self._topic) from None
        return self._records(batches)

    def _records(self, batches: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> list[Record]:
        found = [
            Record(self._topic, m.partition, m.offset, m.timestamp / 1000.0, m.key, m.value, m.headers)
            for messages in batches.values()
            for m in messages
        ]
        for record in found:
            self._next[record.partition] = record.offset + 1
        return found

    async def _one_by_one(self, max_records: int) -> list[Record]:
        """The name of a header is no UTF-8, on which aiokafka stops. Such a record comes without its value, and so do
        those behind it in its batch, which aiokafka parses from its beginning: else nothing would ever be read again.
        """
        consumer = self._running()
        found: list[Record] = []
        for number in self._partitions:
            partition = TopicPartition(self._topic, number)
            consumer.seek(partition, self._next.get(number, 0))
            for _ in range(max_records):
                try:
                    batches = await consumer.getmany(partition, timeout_ms=_ONE_MS, max_records=1)
                except UnicodeDecodeError:
                    offset = self._next.get(number, 0)
                    found.append(Record(self._topic, number, offset, 0.0, None, None, ()))
                    self._next[number] = offset + 1
                    consumer.seek(partition, offset + 1)
                    continue
                except KafkaError as error:
                    raise read_error(error, self._topic) from None
                if not batches:
                    break
                found += self._records(batches)
        return found

    async def stop(self) -> None:
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            self._partitions = ()
            await stop_client(consumer)

    def _running(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise TransportError("the reader is not running")
        return self._consumer
