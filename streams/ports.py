"""The edge's ports: where records come from, where messages go, and how offsets are given back.

Two implementations ship: `streams.memory`, and `streams.kafka_source` with `kafka_sink` (aiokafka). One conformance
suite runs over both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from agent.pipeline import RecordOutcome
from agent.windows.engine import Reading

__all__ = [
    "Headers",
    "LogReader",
    "Message",
    "Partition",
    "RebalanceListener",
    "Record",
    "Sink",
    "Source",
    "TapObserver",
]

Headers: TypeAlias = tuple[tuple[str, bytes], ...]


class Partition(NamedTuple):
    """A partition of a topic."""

    topic: str
    number: int


class Record(NamedTuple):
    """One record as Kafka gave it. ``time`` is the record's own stamp, seconds since the Unix epoch."""

    topic: str
    partition: int
    offset: int
    time: float
    key: bytes | None
    value: bytes | None
    headers: Headers


class Message(NamedTuple):
    """One message to publish. ``partition`` None lets the key decide; ``value`` None is a tombstone."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


class RebalanceListener(Protocol):
    """Told about partitions gained and lost, before the first and after the last record of each."""

    async def on_assigned(self, partitions: Sequence[Partition]) -> None:
        """Restore state and `Source.seek`; no record of these partitions is handed out before this returns."""

    async def on_revoked(self, partitions: Sequence[Partition]) -> None:
        """Flush and commit within bounded time, then drop their state."""

    def on_deleted(self, partition: Partition, start: int, end: int) -> None:
        """Retention was faster: offsets from ``start`` up to ``end`` were deleted before they were handed out."""


class Source(Protocol):
    """Records in, committed offsets back. All offsets given to `commit` are the *next* offset to read."""

    async def start(self, listener: RebalanceListener) -> None: ...

    async def getmany(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        """At most ``max_records`` records, in order within a partition; empty after ``timeout_seconds`` without any."""

    def pause(self) -> None:
        """Hand out no more records of any partition, but stay in the group."""

    def resume(self) -> None: ...

    def assignment(self) -> Sequence[Partition]: ...

    async def seek(self, partition: Partition, offset: int) -> None:
        """Continue this assigned partition at ``offset`` (moved up to the first offset that still exists)."""

    async def committed(self, partition: Partition) -> int | None:
        """The group's committed offset; None when there is none."""

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Give offsets back.

        Raises
        ------
        TransportError
            When the broker does not take them, or this member no longer owns the partitions.
        """

    async def start_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        """First offset that exists."""

    async def default_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        """Where a partition without committed offset is read from: its start, or its end when so configured."""

    async def position(self, partition: Partition) -> int:
        """Next offset to hand out. Past the last record where the log ends with a transaction's marker."""

    async def end_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        """Offset of the next record to be written; the lag is this minus the next offset to read.

        Raises
        ------
        TransportError
            When one of the partitions has nobody who tells: then nothing is known of the others either. Or it waits.
        """

    async def reach(self) -> None:
        """Ask whichever broker answers first for something that any of them knows.

        Raises
        ------
        TransportError
            When none answers.
        """

    async def stop(self) -> None:
        """Leave the group. Commits nothing by itself."""


class Sink(Protocol):
    """Messages out. Order is kept within a topic's partition."""

    async def start(self) -> None: ...

    def send(self, message: Message) -> None:
        """Queue one message. Never blocks and never loses: what cannot be delivered makes `flush` raise."""

    async def flush(self) -> None:
        """Wait until the broker has every queued message.

        Raises
        ------
        TransportError
            When it has not within the sink's patience; the messages not yet delivered stay queued for the next flush.
        TopicUnavailable
            When a topic is missing or may not be written.
        """

    def discard(self, topic: str, partition: int) -> None:
        """Forget queued messages for a named partition: state that is no longer ours to write."""

    @property
    def queued_bytes(self) -> int:
        """Bytes of values sent and not yet delivered."""

    async def stop(self) -> None: ...


class LogReader(Protocol):
    """Reads all partitions of a topic without a group, and goes back when asked to."""

    async def start(self) -> None:
        """Connect.

        Raises
        ------
        TransportError
            When no broker answers.
        """

    async def offsets_since(self, time: float) -> Mapping[int, int]:
        """By partition the first offset written at this time or later, seconds since the Unix epoch; empty for a
        topic that does not exist. Partitions that were added to the topic are there from then on.
        """

    def seek(self, offsets: Mapping[int, int]) -> None:
        """Go on from these offsets; partitions that are not known are passed over."""

    async def getmany(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        """As of `Source`."""

    async def stop(self) -> None: ...


class TapObserver(Protocol):
    """Sees what a tap does. Called on its loop, in its way: both must be quick, and must not raise."""

    def take(self, outcome: RecordOutcome) -> None:
        """A record is done, and its messages are queued."""

    def sample(self, readings: Sequence[Reading]) -> None:
        """About once a second: what all windows measure."""


#: Reads a whole partition of a compacted topic, start to end: ``await reader(topic, number)``.
StateReader: TypeAlias = Callable[[str, int], Awaitable[Sequence[Record]]]
