"""The in-memory twin of the Kafka edge: a broker in a dictionary. For tests, replays and `harmwatch score`.

It keeps Kafka's promises that the tap relies on: order within a partition, committed offsets per group, seek,
revocation before reassignment. Faults can be switched on: an unavailable topic, a broker that is away, a partition
without a leader.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

from agent.clock import Clock, SystemClock
from agent.errors import MessageTooLarge, TopicUnavailable, TransportError
from streams.ports import Headers, Message, Partition, RebalanceListener, Record

__all__ = ["MemoryBroker", "MemoryLogReader", "MemorySink", "MemorySource"]


class MemoryBroker:
    """Topics, their logs, and the committed offsets of groups.

    Attributes
    ----------
    away
        While True nothing can be written, read or committed (the broker is down).
    leaderless
        Partitions of which nothing can be read, nor their end be told.
    denied
        Topics that may not be written.
    largest
        By topic, the most bytes that a value may have.
    """

    def __init__(self, topics: Mapping[str, int], clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._logs: dict[Partition, list[Record]] = {}
        for topic, partitions in topics.items():
            self.create_topic(topic, partitions)
        self._committed: dict[tuple[str, Partition], int] = {}
        self._members: dict[str, list[MemorySource]] = defaultdict(list)
        self.arrived = asyncio.Event()
        self.away = False
        self.leaderless: set[Partition] = set()
        self.denied: set[str] = set()
        self.largest: dict[str, int] = {}

    def create_topic(self, topic: str, partitions: int) -> None:
        """Add a topic; an existing one stays as it is."""
        for number in range(partitions):
            self._logs.setdefault(Partition(topic, number), [])

    def partitions(self, topic: str) -> list[Partition]:
        """The topic's partitions, in order; empty for a topic that does not exist."""
        return sorted(partition for partition in self._logs if partition.topic == topic)

    def log(self, topic: str) -> list[Record]:
        """All records of a topic, partition by partition."""
        return [record for partition in self.partitions(topic) for record in self._logs[partition]]

    def append(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
        time: float | None = None,
    ) -> Record:
        """Write one record.

        Raises
        ------
        TopicUnavailable
            When the topic does not exist or is denied; `MessageTooLarge` when the value is larger than it takes.
        TransportError
            While the broker is away.
        """
        if self.away:
            raise TransportError("the broker is away")
        partitions = self.partitions(topic)
        if not partitions or topic in self.denied:
            raise TopicUnavailable(f"topic {topic} is missing or may not be written")
        if value is not None and len(value) > self.largest.get(topic, len(value)):
            raise MessageTooLarge(topic, len(value))
        number = partition if partition is not None else zlib.crc32(key or b"") % len(partitions)
        log = self._logs[Partition(topic, number)]
        stamp = self._clock.now() if time is None else time
        record = Record(topic, number, len(log), stamp, key, value, headers)
        log.append(record)
        self.arrived.set()
        return record

    def read(self, partition: Partition, offset: int, most: int) -> Sequence[Record]:
        """At most ``most`` records from ``offset``; nothing while the broker is away, or the partition's leader."""
        return [] if self.away or partition in self.leaderless else self._logs[partition][offset : offset + most]

    def end_offset(self, partition: Partition) -> int:
        """Offset of the next record to be written."""
        return len(self._logs[partition])

    async def read_partition(self, topic: str, number: int) -> Sequence[Record]:
        """A whole partition: the `StateReader` of this broker."""
        return list(self._logs.get(Partition(topic, number), ()))

    def committed(self, group: str, partition: Partition) -> int | None:
        """The group's committed offset."""
        return self._committed.get((group, partition))

    def commit(self, group: str, offsets: Mapping[Partition, int]) -> None:
        """Set the group's offsets."""
        if self.away:
            raise TransportError("the broker is away")
        for partition, offset in offsets.items():
            self._committed[group, partition] = offset

    async def join(self, group: str, source: MemorySource) -> None:
        """A member enters: everything is reassigned, as in Kafka's eager protocol."""
        await self._rebalance(group, [*self._members[group], source])

    async def leave(self, group: str, source: MemorySource) -> None:
        """A member leaves."""
        await self._rebalance(group, [member for member in self._members[group] if member is not source])

    async def rebalance(self, group: str) -> None:
        """Take all partitions away and hand them out again."""
        await self._rebalance(group, list(self._members[group]))

    async def _rebalance(self, group: str, members: list[MemorySource]) -> None:
        for member in self._members[group]:
            await member.revoke()
        self._members[group] = members
        topics = sorted({topic for member in members for topic in member.topics})
        everything = [partition for topic in topics for partition in self.partitions(topic)]
        for index, member in enumerate(members):
            await member.assign(everything[index :: len(members)])


class MemorySource:
    """A group member reading from a `MemoryBroker`."""

    def __init__(
        self, broker: MemoryBroker, topics: Sequence[str], group: str = "harmwatch", *, from_the_end: bool = False
    ) -> None:
        self._from_the_end = from_the_end
        self.topics = tuple(topics)
        self._broker = broker
        self._group = group
        self._positions: dict[Partition, int] = {}
        self._listener: RebalanceListener | None = None
        self._paused = False

    async def start(self, listener: RebalanceListener) -> None:
        self._listener = listener
        await self._broker.join(self._group, self)

    async def assign(self, partitions: Sequence[Partition]) -> None:
        """Called by the broker: these partitions are ours now."""
        self._positions = {p: self._broker.committed(self._group, p) or 0 for p in partitions}
        if self._listener is not None:
            await self._listener.on_assigned(partitions)

    async def revoke(self) -> None:
        """Called by the broker: all partitions are taken away."""
        if self._listener is not None and self._positions:
            await self._listener.on_revoked(list(self._positions))
        self._positions = {}

    async def getmany(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        records = self._take(max_records)
        if not records and timeout_seconds > 0:
            self._broker.arrived.clear()
            try:
                async with asyncio.timeout(timeout_seconds):
                    await self._broker.arrived.wait()
            except TimeoutError:
                return []
            records = self._take(max_records)
        await asyncio.sleep(0)
        return records

    def _take(self, max_records: int) -> list[Record]:
        taken: list[Record] = []
        if self._paused:
            return taken
        for partition, position in self._positions.items():
            records = self._broker.read(partition, position, max_records - len(taken))
            self._positions[partition] = position + len(records)
            taken.extend(records)
        return taken

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def assignment(self) -> Sequence[Partition]:
        return list(self._positions)

    async def seek(self, partition: Partition, offset: int) -> None:
        self._positions[partition] = max(0, offset)

    async def committed(self, partition: Partition) -> int | None:
        return self._broker.committed(self._group, partition)

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        lost = [partition for partition in offsets if partition not in self._positions]
        if lost:
            raise TransportError(f"{len(lost)} partitions are no longer assigned to this member")
        self._broker.commit(self._group, offsets)

    async def default_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        return await (self.end_offsets(partitions) if self._from_the_end else self.start_offsets(partitions))

    async def position(self, partition: Partition) -> int:
        return self._positions[partition]

    async def start_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        return dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        if self._broker.away:
            raise TransportError("the broker is away")
        if not self._broker.leaderless.isdisjoint(partitions):
            raise TransportError("a partition has no leader")
        return {partition: self._broker.end_offset(partition) for partition in partitions}

    async def reach(self) -> None:
        if self._broker.away:
            raise TransportError("the broker is away")

    async def stop(self) -> None:
        await self._broker.leave(self._group, self)


class MemoryLogReader:
    """Reads a whole topic of a `MemoryBroker`, without a group."""

    def __init__(self, broker: MemoryBroker, topic: str) -> None:
        self._broker = broker
        self._topic = topic
        self._positions: dict[Partition, int] = {}

    async def start(self) -> None:
        if self._broker.away:
            raise TransportError("the broker is away")

    async def offsets_since(self, time: float) -> Mapping[int, int]:
        offsets: dict[int, int] = {}
        for partition in self._broker.partitions(self._topic):
            records = self._broker.read(partition, 0, self._broker.end_offset(partition))
            offsets[partition.number] = sum(record.time < time for record in records)
            self._positions.setdefault(partition, offsets[partition.number])
        return offsets

    def seek(self, offsets: Mapping[int, int]) -> None:
        for partition in self._positions:
            if partition.number in offsets:
                self._positions[partition] = offsets[partition.number]

    async def getmany(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        taken: list[Record] = []
        for partition, position in self._positions.items():
            records = self._broker.read(partition, position, max_records - len(taken))
            self._positions[partition] = position + len(records)
            taken.extend(records)
        # Without `arrived`, which is the source's: two that wait for one event would take it from each other.
        await asyncio.sleep(0 if taken else min(timeout_seconds, 0.005))
        return taken

    async def stop(self) -> None:
        self._positions.clear()


class MemorySink:
    """Writes to a `MemoryBroker` on flush, in order; what a flush could not write stays queued."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._queue: list[Message] = []

    async def start(self) -> None:
        return None

    def send(self, message: Message) -> None:
        self._queue.append(message)

    async def flush(self) -> None:
        written = 0
        try:
            for message in self._queue:
                self._broker.append(
                    message.topic,
                    message.value,
                    key=message.key,
                    headers=message.headers,
                    partition=message.partition,
                )
                written += 1
        finally:
            del self._queue[:written]

    @property
    def queued_bytes(self) -> int:
        return sum(len(message.value or b"") for message in self._queue)

    def take_back(self) -> list[Message]:
        taken, self._queue = self._queue, []
        return taken

    async def reach(self, topic: str) -> None:
        if self._broker.away:
            raise TransportError("the broker is away")
        if not self._broker.partitions(topic):
            raise TopicUnavailable(f"topic {topic} is missing")

    def discard(self, topic: str, partition: int) -> None:
        self._queue = [m for m in self._queue if (m.topic, m.partition) != (topic, partition)]

    async def stop(self) -> None:
        return None
