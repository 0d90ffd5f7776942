"""Checkpoints: everything published so far flushed, with the window state that belongs to it; then offsets committed.

The order is what makes a crash harmless. What was flushed and not committed comes again: verdicts repeat under their
ids, and the window state knows the offsets it covers. Nothing is committed that was not flushed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence

from agent.clock import Clock
from agent.errors import MessageTooLarge, TransportError
from agent.metrics import Metrics
from agent.pipeline.late_labels import LateLabels
from agent.windows.engine import Snapshot, WindowEngine
from streams.acks import AckTracker
from streams.config import WorkerConfig
from streams.contact import BrokerContact
from streams.ports import Message, Partition, Sink, Source
from streams.state_owner import StateOwner
from streams.watchdog import Watchdog

__all__ = ["Checkpointer"]

_logger = logging.getLogger(__name__)

#: Idle models are written again this often, so that a value that a zombie wrote last is overwritten before compaction.
_FULL_SNAPSHOT_SECONDS = 300.0
_WARNING_SECONDS = 300.0


class Checkpointer:
    """Follows records from hand-out to commit, partition by partition.

    Attributes
    ----------
    committed
        Offsets given back, by open partition.
    unflushed
        Records done whose messages the broker may not have yet.
    before_commit
        Awaited when all is flushed, and before the offsets are given back. It must not raise, and must not take long.
    """

    def __init__(
        self,
        config: WorkerConfig,
        source: Source,
        sink: Sink,
        windows: WindowEngine,
        late_labels: LateLabels | None,
        metrics: Metrics,
        watchdog: Watchdog,
        contact: BrokerContact,
        clock: Clock,
    ) -> None:
        self._config = config
        self._source = source
        self._sink = sink
        self._windows = windows
        self._late_labels = late_labels
        self._metrics = metrics
        self._watchdog = watchdog
        self._contact = contact
        self._clock = clock
        self._headers = StateOwner.of(config).headers
        self._acks = AckTracker()
        self._terms = 0
        self._term: dict[Partition, int] = {}
        self._one_at_a_time = asyncio.Lock()
        self._full_snapshot_at = 0.0
        self._warn_at = 0.0
        self.committed: dict[Partition, int] = {}
        self.unflushed = 0
        self.before_commit: Callable[[], Awaitable[None]] | None = None

    def open(self, partition: Partition, offset: int) -> None:
        """A partition is ours from its committed offset on."""
        self._terms += 1
        self._term[partition] = self._terms
        self._metrics.partition_progress(partition.topic, partition.number, self._clock.now())
        self._watchdog.progress(partition, offset)
        self._acks.open(partition, offset)
        self.committed[partition] = offset

    def close(self, partition: Partition) -> None:
        """A partition is no longer ours; state queued for it and not yet sent is not ours to write either."""
        self._term.pop(partition, None)
        self._acks.close(partition)
        self.committed.pop(partition, None)
        self._sink.discard(self._config.topics.panes, partition.number)

    def idle(self, partition: Partition) -> bool:
        """Nothing handed out is undone."""
        return self._acks.pending(partition) == 0

    def track(self, partition: Partition, offset: int) -> None:
        """A record is handed out."""
        self._acks.track(partition, offset)

    def done(self, partition: Partition, offset: int) -> None:
        """A record is in the window state, and its messages are queued in the sink."""
        self.unflushed += 1
        self._acks.ack(partition, offset)

    async def run_forever(self) -> None:
        """A checkpoint every ``commit_interval_seconds``; ends only by an error or cancellation."""
        while True:
            await asyncio.sleep(self._config.tap.commit_interval_seconds)
            await self.checkpoint()

    async def checkpoint(self) -> None:
        """Flush everything done so far, then commit it.

        Raises
        ------
        TransportError
            When the sink's patience ended. A commit that the group refuses is no error: the records come again.
        """
        async with self._one_at_a_time:
            # Up to the flush nothing awaits: frontier, window state and queued messages are of one moment.
            moved = {p: n for p, n in self._acks.frontiers().items() if n > self.committed.get(p, -1)}
            changed = {*moved, *(p for p in map(Partition._make, self._windows.relabelled()) if p in self._term)}
            if not changed and not self.unflushed:
                return
            terms = {partition: self._term[partition] for partition in moved}
            snapshots = await self._write(changed)
            for snapshot in snapshots:
                self._windows.confirm(snapshot)
            self._tell_what_was_left_out()
            await self._commit(moved, terms)

    async def _write(self, partitions: Collection[Partition]) -> list[Snapshot]:
        """Flush everything queued, and the state of these partitions, which is made smaller while it is refused."""
        full = self._clock.monotonic() >= self._full_snapshot_at
        if full:
            self._full_snapshot_at = self._clock.monotonic() + _FULL_SNAPSHOT_SECONDS
            self._windows.fitting.forget()
            if self._late_labels is not None:
                # Those that stand still as well: else labels would have to be offered again from long ago.
                partitions = {*partitions, *self._term}
        while True:
            snapshots = self._queue_state(sorted(p for p in partitions if p in self._term), full)
            flushing, started = self.unflushed, self._clock.monotonic()
            try:
                await self._sink.flush()
            except MessageTooLarge as error:
                panes = self._config.topics.panes
                if error.topic != panes or not self._windows.fitting.refused(error.size):
                    raise
                # State is taken anew: it may cover more by now than is committed after it, which is no harm.
                for partition in partitions:
                    self._sink.discard(panes, partition.number)
                self._windows.fitting.take_left_out()
                continue
            self.unflushed -= flushing
            self._metrics.stage("flush", self._clock.monotonic() - started)
            return snapshots

    def _queue_state(self, partitions: Sequence[Partition], full: bool) -> list[Snapshot]:
        offered = self._late_labels.positions() if self._late_labels is not None else {}
        snapshots = [self._windows.snapshot(partition, full=full, label_offsets=offered) for partition in partitions]
        for partition, snapshot in zip(partitions, snapshots, strict=True):
            for model, state in snapshot.values.items():
                key = self._pane_key(model, partition)
                topic = self._config.topics.panes
                self._sink.send(Message(topic, key, state, self._headers, partition.number))
            if self._late_labels is not None:
                for waiting in self._late_labels.take_unwritten(partition):
                    topic = self._config.topics.decisions
                    self._sink.send(Message(topic, None, waiting, self._headers, partition.number))
        return snapshots

    def _tell_what_was_left_out(self) -> None:
        left_out = self._windows.fitting.take_left_out()
        for part, values in left_out.items():
            self._metrics.state_left_out(part, values)
        if left_out and self._clock.monotonic() >= self._warn_at:
            self._warn_at = self._clock.monotonic() + _WARNING_SECONDS
            _logger.warning(
                "window_state_cut topic=%s left_out=%s largest_value=%d raise=max.message.bytes",
                *(self._config.topics.panes, ",".join(left_out), self._windows.fitting.most_bytes),
            )

    def _pane_key(self, model: str, partition: Partition) -> bytes:
        # Pane partition i holds source partition i, so the model alone is key enough; unless several topics are read.
        topics = self._config.topics.events
        return model.encode() if len(topics) == 1 else f"{model}@{partition.topic}".encode()

    async def _commit(self, moved: dict[Partition, int], terms: dict[Partition, int]) -> None:
        if moved and self.before_commit is not None:
            await self.before_commit()
        # Not only ours: ours without a break. A partition that went and came back has been restored from a state in
        # which these records may be missing, and comes to them again.
        still_ours = {p: n for p, n in moved.items() if self._term.get(p) == terms[p]}
        if not still_ours:
            return
        try:
            await self._source.commit(still_ours)
        except TransportError as error:
            self._metrics.commit("failed")
            _logger.warning("commit_failed partitions=%d reason=%s", len(still_ours), error)
            return
        self._contact.answered()
        self._metrics.commit("ok")
        now = self._clock.now()
        self._metrics.last_progress(now)
        for partition, offset in still_ours.items():
            if self._term.get(partition) == terms[partition]:
                self.committed[partition] = offset
                self._metrics.partition_progress(partition.topic, partition.number, now)
                self._watchdog.progress(partition, offset)
