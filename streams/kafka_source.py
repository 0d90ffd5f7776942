"""Records from Kafka through aiokafka: own commits, own rebalance listener (DESIGN decision 1)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    IllegalStateError,
    InvalidSessionTimeoutError,
    KafkaError,
    TopicAuthorizationFailedError,
    UnsupportedCodecError,
)

from agent.errors import ConfigError, TransportError
from streams.access.clients import running_options
from streams.access.probe import contact_error
from streams.config import KafkaConfig
from streams.kafka_metadata import ask_any_broker, read_error
from streams.kafka_records import records_of
from streams.kafka_stop import stop_client
from streams.ports import Headers, Partition, RebalanceListener, Record

__all__ = ["KafkaSource"]

_ANSWER_SECONDS: Final = 5.0
_FETCH_BYTES = 1024 * 1024
_ONE_MS = 300
_FOR_EVER_MS: Final = 2**31 - 1
_WARN_SECONDS = 60.0
#: Beside what stands in place of a record that aiokafka cannot read: it comes to the dead letters.
_UNREADABLE: Final[Headers] = (("unreadable", b"the name of a header is no UTF-8, here or before in the batch"),)

_logger = logging.getLogger(__name__)


class KafkaSource:
    """A member of a consumer group.

    The commit never happens by itself, neither on a timer nor on leaving the group: only `commit` moves offsets.
    """

    def __init__(self, config: KafkaConfig, topics: Sequence[str], *, max_record_bytes: int) -> None:
        self._config = config
        self._topics = tuple(topics)
        self._max_record_bytes = max_record_bytes
        self._consumer: AIOKafkaConsumer | None = None
        self._gate = asyncio.Event()
        self._gate.set()
        self._listener: RebalanceListener | None = None
        self._generation = 0
        self._paused = False
        self._adoption: asyncio.Task[None] | None = None
        # By partition, the next offset to hand out.
        self._next: dict[TopicPartition, int] = {}
        self._warned = float("-inf")

    async def start(self, listener: RebalanceListener) -> None:
        """Join the group.

        Raises
        ------
        TransportError
            When no broker answers.
        """
        self._listener = listener
        session_ms = int(self._config.session_timeout_seconds * 1000)
        self._consumer = AIOKafkaConsumer(
            group_id=self._config.group_id,
            client_id=f"harmwatch-{self._config.worker_name}",
            enable_auto_commit=False,
            # Where a group begins the listener says; this is for a position that the log has no more.
            auto_offset_reset="earliest",
            # Per partition and fetched ahead, so this bounds memory. A larger record still comes, alone (KIP-74).
            max_partition_fetch_bytes=min(self._max_record_bytes, _FETCH_BYTES),
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=max(500, session_ms // 10),
            # Who took nothing for so long would leave the group, and join it again only when it asks for records, which
            # nobody does before it has joined. That nothing moves is the watchdog's to see.
            max_poll_interval_ms=_FOR_EVER_MS,
            **running_options(self._config),
        )
        self._consumer.subscribe(self._topics, listener=_Gatekeeper(self, listener))
        try:
            await self._consumer.start()
        except (KafkaError, OSError) as error:
            await stop_client(self._consumer)
            self._consumer = None
            if isinstance(error, InvalidSessionTimeoutError):
                raise ConfigError("kafka.session_timeout_seconds: the broker's limits do not allow it") from None
            raise await contact_error(self._config, error) from None

    async def getmany(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        consumer = self._running()
        if self._adoption is not None and self._adoption.done():
            self._adoption.result()  # raises what the listener raised
        generation = self._generation
        try:
            if self._paused or not self._gate.is_set():
                # aiokafka says why it cannot join when it is asked for records, and waits for that until then.
                consumer._coordinator.check_errors()
                await self._wait_for_gate(timeout_seconds)
                return []
            try:
                batches = records_of(
                    await consumer.getmany(timeout_ms=int(timeout_seconds * 1000), max_records=max_records)
                )
            except UnicodeDecodeError:
                batches = await self._one_by_one(consumer, max_records)
            deleted = await self._deleted(batches)
        except UnsupportedCodecError:
            raise TransportError(
                "records are compressed with a codec that is not installed: pip install cramjam"
            ) from None
        except (TopicAuthorizationFailedError, GroupAuthorizationFailedError) as error:
            raise read_error(error, str(error.args[0]) if error.args else "of events") from None
        except KafkaError as error:
            raise TransportError(f"records cannot be read ({type(error).__name__})") from None
        if generation != self._generation or not self._gate.is_set():
            # A rebalance began while we waited. These records may be from before or after the listener's seek, so hand
            # out none and go back: to where it has sought, or to where they started, and it is still to seek.
            for partition, records in batches.items():
                with contextlib.suppress(IllegalStateError):  # no longer ours
                    consumer.seek(partition, self._next.get(partition, records[0].offset))
            return []
        for partition, records in batches.items():
            if records[0].offset < self._next.get(partition, 0):
                # The client began anew by itself, its position being beyond the end. All of it would count as read.
                raise TransportError(
                    f"topic {partition.topic} goes on before what was read of it: it was made anew, or lost its end; "
                    "a restarted worker reads it from its beginning"
                )
            self._next[partition] = records[-1].offset + 1
        for partition, (start, end) in deleted.items():
            if self._listener is not None:
                self._listener.on_deleted(partition, start, end)
        return [record for records in batches.values() for record in records]

    async def _deleted(self, batches: Mapping[TopicPartition, Sequence[Record]]) -> dict[Partition, tuple[int, int]]:
        """Of partitions that go on behind a gap, what of it the log has no more; the rest are transactions' markers.

        The client whose position was deleted goes to the first record that is left, and says nothing.
        """
        first = {partition: records[0].offset for partition, records in batches.items()}
        gaps = {p: self._next[p] for p, offset in first.items() if offset > self._next.get(p, offset)}
        if not gaps:
            return {}
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):  # all other partitions wait meanwhile
                left = await self.start_offsets([Partition(*partition) for partition in gaps])
        except (TransportError, TimeoutError):
            # Whoever has just handed out records is away: better too much is told than nothing.
            left = {Partition(*partition): first[partition] for partition in gaps}
        deleted = {Partition(*p): (following, min(first[p], left[Partition(*p)])) for p, following in gaps.items()}
        return {partition: (start, end) for partition, (start, end) in deleted.items() if start < end}

    async def _one_by_one(self, consumer: AIOKafkaConsumer, max_records: int) -> dict[TopicPartition, list[Record]]:
        """The name of a header is no UTF-8, on which aiokafka stops, with what it had taken of other partitions.

        Such a record comes without its value, and so do those behind it in its batch, which aiokafka parses from its
        beginning: else one producer would stop the worker, at every start.
        """
        generation, found = self._generation, dict[TopicPartition, list[Record]]()
        following = dict(self._next)
        if not following and self._gate.is_set():
            raise TransportError("records cannot be read (UnicodeDecodeError)")  # nobody has said from where on
        for partition, offset in following.items():
            with contextlib.suppress(IllegalStateError):  # no longer ours
                consumer.seek(partition, offset)
        for partition in following:
            for _ in range(max(1, max_records // len(following))):
                offset = following[partition]
                if generation != self._generation or consumer.highwater(partition) in (None, offset):
                    break
                try:
                    batches = records_of(await consumer.getmany(partition, timeout_ms=_ONE_MS, max_records=1))
                except UnicodeDecodeError:
                    batches = {
                        partition: [Record(partition.topic, partition.partition, offset, 0.0, None, None, _UNREADABLE)]
                    }
                    self._warn_of_unreadable(partition, offset)
                    with contextlib.suppress(IllegalStateError):
                        consumer.seek(partition, offset + 1)
                if partition not in batches:
                    break
                found.setdefault(partition, []).extend(batches[partition])
                following[partition] = batches[partition][-1].offset + 1
        return found

    def _warn_of_unreadable(self, partition: TopicPartition, offset: int) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._warned >= _WARN_SECONDS:
            self._warned = now
            _logger.warning("record_not_readable topic=%s partition=%d offset=%d", *partition, offset)

    async def _wait_for_gate(self, timeout_seconds: float) -> None:
        if self._paused:
            await asyncio.sleep(timeout_seconds)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._gate.wait()

    def pause(self) -> None:
        # The consumer goes on fetching into its bounded buffer and stays in the group; we only stop taking.
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def assignment(self) -> Sequence[Partition]:
        return [] if self._consumer is None else [Partition(*place) for place in self._consumer.assignment()]

    async def seek(self, partition: Partition, offset: int) -> None:
        first = (await self.start_offsets([partition]))[partition]
        place, offset = TopicPartition(*partition), max(first, offset)
        self._running().seek(place, offset)
        self._next[place] = offset

    async def committed(self, partition: Partition) -> int | None:
        try:
            offset: int | None = await self._running().committed(TopicPartition(*partition))
        except KafkaError as error:
            raise TransportError(f"committed offsets cannot be read ({type(error).__name__})") from None
        return offset

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        try:
            await self._running().commit({TopicPartition(*partition): offset for partition, offset in offsets.items()})
        except (KafkaError, IllegalStateError) as error:
            raise TransportError(f"the group did not take the commit ({type(error).__name__})") from None

    async def default_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        latest = self._config.auto_offset_reset == "latest"
        return await (self.end_offsets(partitions) if latest else self.start_offsets(partitions))

    async def position(self, partition: Partition) -> int:
        try:
            offset: int = await self._running().position(TopicPartition(*partition))
        except (KafkaError, IllegalStateError) as error:
            raise TransportError(f"the position cannot be read ({type(error).__name__})") from None
        return offset

    async def start_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        try:
            first = await self._running().beginning_offsets([TopicPartition(*partition) for partition in partitions])
        except KafkaError as error:
            raise TransportError(f"offsets cannot be read ({type(error).__name__})") from None
        return {Partition(tp.topic, tp.partition): offset for tp, offset in first.items()}

    async def end_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        try:
            ends = await self._running().end_offsets([TopicPartition(*partition) for partition in partitions])
        except KafkaError as error:
            raise TransportError(f"end offsets cannot be read ({type(error).__name__})") from None
        return {Partition(tp.topic, tp.partition): offset for tp, offset in ends.items()}

    async def reach(self) -> None:
        try:
            await ask_any_broker(self._running()._client)
        except KafkaError as error:
            raise TransportError(f"no broker answers ({type(error).__name__})") from None

    async def stop(self) -> None:
        await self.end_adoption()
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            await stop_client(consumer)

    def _running(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise TransportError("the source is not running")
        return self._consumer

    def close_gate(self) -> None:
        """A rebalance begins: records taken from now on are handed back."""
        self._generation += 1
        self._next.clear()
        self._gate.clear()

    def begin_adoption(self, partitions: Sequence[Partition], listener: RebalanceListener) -> None:
        """Let the listener take these partitions over; the gate opens when it is done.

        Beside aiokafka's callback, not in it: it sends no heartbeat until the callback returns, so restoring for longer
        than the session would cost the partitions, again and again.
        """
        self._adoption = asyncio.create_task(self._adopt(partitions, listener))

    async def end_adoption(self) -> None:
        """What is not taken over by now is not going to be."""
        if self._adoption is not None:
            adoption, self._adoption = self._adoption, None
            adoption.cancel()
            await asyncio.gather(adoption, return_exceptions=True)

    async def _adopt(self, partitions: Sequence[Partition], listener: RebalanceListener) -> None:
        await listener.on_assigned(partitions)
        self._gate.set()


class _Gatekeeper(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """Keeps the gate closed from revocation until the listener has restored and sought every new partition."""

    def __init__(self, source: KafkaSource, listener: RebalanceListener) -> None:
        self._source = source
        self._listener = listener

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._source.close_gate()
        await self._source.end_adoption()
        if revoked:
            await self._listener.on_revoked([Partition(tp.topic, tp.partition) for tp in revoked])

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._source.close_gate()
        await self._source.end_adoption()
        self._source.begin_adoption(sorted(Partition(*place) for place in assigned), self._listener)
