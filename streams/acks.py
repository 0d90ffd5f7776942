"""Contiguous acknowledgement per partition: which offset may be committed.

Kafka's commit is one number per partition, "everything below is done". Records may be done out of order, so the number
is the end of the contiguous prefix of done records, never past one that is not (faust#606 shows what happens else).
"""

from __future__ import annotations

from collections import deque

from streams.ports import Partition

__all__ = ["AckTracker"]


class _PartitionAcks:
    __slots__ = ("done", "frontier", "order")

    def __init__(self, frontier: int) -> None:
        self.frontier = frontier
        self.order: deque[int] = deque()
        self.done: set[int] = set()


class AckTracker:
    """Tracks records from hand-out to done.

    Offsets of a partition are tracked in rising order, with gaps where the log has gaps (compaction, transactions).
    """

    __slots__ = ("_partitions",)

    def __init__(self) -> None:
        self._partitions: dict[Partition, _PartitionAcks] = {}

    def open(self, partition: Partition, offset: int) -> None:
        """Begin a partition at the offset that is committed: nothing below it is asked of us."""
        self._partitions[partition] = _PartitionAcks(offset)

    def track(self, partition: Partition, offset: int) -> None:
        """A record has been handed out. Offsets handed out again (after a seek back) are ignored."""
        acks = self._partitions[partition]
        if offset < acks.frontier or (acks.order and offset <= acks.order[-1]):
            return
        acks.order.append(offset)

    def ack(self, partition: Partition, offset: int) -> None:
        """A record is done: its verdicts are with the broker's client and its effect is in the window state."""
        acks = self._partitions.get(partition)
        if acks is None or offset < acks.frontier:  # the second: handed out twice, and done twice
            return
        acks.done.add(offset)
        while acks.order and acks.order[0] in acks.done:
            first = acks.order.popleft()
            acks.done.discard(first)
            acks.frontier = first + 1

    def frontier(self, partition: Partition) -> int:
        """The offset that may be committed: every tracked record below it is done."""
        return self._partitions[partition].frontier

    def frontiers(self) -> dict[Partition, int]:
        """`frontier` of every open partition."""
        return {partition: acks.frontier for partition, acks in self._partitions.items()}

    def pending(self, partition: Partition) -> int:
        """Records handed out and not yet part of the prefix."""
        return len(self._partitions[partition].order)

    def close(self, partition: Partition) -> None:
        """Forget a partition that is no longer ours; late acks of it are ignored."""
        self._partitions.pop(partition, None)
