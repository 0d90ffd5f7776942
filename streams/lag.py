"""How far behind each partition is: asked about once a second, and not known while no broker answers."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from agent.clock import Clock
from agent.errors import TransportError
from agent.metrics import Metrics
from streams.checkpoint import Checkpointer
from streams.contact import BrokerContact
from streams.ports import Partition, Source
from streams.watchdog import Watchdog

__all__ = ["LagWatch"]

_logger = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0
#: An answer that takes longer is none; aiokafka itself would wait for forty seconds, with the lag of before on show.
_ANSWER_SECONDS: Final = 10.0
#: Questions for one partition each, while many have no leader.
_ALONE_AT_ONCE: Final = 64


class LagWatch:
    """Asks for the ends of the assigned partitions, and tells the metrics and the watchdog how far away they are.

    It asks also when nothing is assigned, for the end of a partition of somebody else: so a spare worker, too, knows
    whether a broker answers. One partition without a leader leaves a question for many without an answer: then each is
    asked for alone, so that the others' lag is known, and that brokers answer.

    Parameters
    ----------
    elsewhere
        A partition that exists.

    Attributes
    ----------
    lags
        Records between the committed offset and the end, by assigned partition; nothing of those whose end is not
        known. A lag from before an outage would say that all is well.
    ends
        The ends that were told last, of the same partitions.
    """

    def __init__(
        self,
        source: Source,
        checkpoints: Checkpointer,
        elsewhere: Partition,
        contact: BrokerContact,
        watchdog: Watchdog,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._source = source
        self._checkpoints = checkpoints
        self._elsewhere = elsewhere
        self._contact = contact
        self._watchdog = watchdog
        self._metrics = metrics
        self._clock = clock
        self.lags: dict[Partition, int] = {}
        self.ends: dict[Partition, int] = {}
        self._untold: list[Partition] = []

    async def run_forever(self, caught_up: Callable[[Partition], bool]) -> None:
        """Look until cancelled.

        Parameters
        ----------
        caught_up
            Whether all records that were read of a partition have been taken. Not of all: a busy worker always has
            some that it has not taken.
        """
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self.look(caught_up)

    async def look(self, caught_up: Callable[[Partition], bool]) -> None:
        """Ask once: for all partitions together, and for each alone that nobody told of last time."""
        partitions = list(self._checkpoints.committed)
        self._untold = [partition for partition in self._untold if partition in self._checkpoints.committed]
        untold = set(self._untold)
        together = [partition for partition in partitions if partition not in untold]
        alone = self._untold[:_ALONE_AT_ONCE]
        asked_for = together if partitions else [self._elsewhere]
        self._contact.asked()
        if not asked_for or not await self._told(asked_for, caught_up):
            # A partition has no leader, or no broker answers: any of them knows something else. Until somebody tells
            # again, what was told before the question is no lag of now.
            for partition in asked_for:
                self._unknown(partition)
            if not await self._reached():
                for partition in alone:
                    self._unknown(partition)
                return
            if together:
                alone = partitions
        told = await asyncio.gather(*(self._told([partition], caught_up) for partition in alone))
        # Those that were not asked for this time come first next time.
        self._untold = self._untold[_ALONE_AT_ONCE:] if alone is not partitions else []
        for partition, known in zip(alone, told, strict=True):
            if not known:
                self._unknown(partition)
                self._untold.append(partition)

    def scored_until(self, reached: Mapping[Partition, tuple[int, float]]) -> float:
        """The stamp up to which records have been taken of all partitions; infinity when none was left a moment ago.

        Parameters
        ----------
        reached
            By partition, the next offset to take and the stamp of the record before.
        """
        behind = math.inf
        for partition, (following, time) in reached.items():
            if following < self.ends.get(partition, following + 1) and self.lags.get(partition) != 0:
                behind = min(behind, time)
        return behind

    def deleted(self, partition: Partition, offsets: int) -> None:
        """So many were deleted before anybody of the group had read them; nothing when it is 0 or less."""
        if offsets > 0:
            # Nobody has looked at what was there, and nothing else will ever show that: the lag is that of what is
            # left. Of offsets some may have been markers of transactions.
            _logger.error("deleted_unread topic=%s partition=%d offsets=%d", *partition, offsets)
            self._metrics.deleted_unread(partition.topic, offsets)

    def forget(self, partition: Partition) -> None:
        """The partition is no longer ours."""
        self.lags.pop(partition, None)
        self.ends.pop(partition, None)

    async def _told(self, partitions: Sequence[Partition], caught_up: Callable[[Partition], bool]) -> bool:
        """Ask for the ends of these partitions; False when nobody tells them, of one or of all."""
        try:
            # Not wait_for: before Python 3.12 it swallows a cancellation that meets a completion (bpo-37658).
            async with asyncio.timeout(_ANSWER_SECONDS):
                ends = await self._source.end_offsets(partitions)
        except (TransportError, TimeoutError):
            return False
        self._contact.answered()
        for partition in partitions:
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await self._tell(partition, ends[partition], caught_up)
            except (TransportError, TimeoutError):
                # As when a rebalance takes it away in mid-look. The others' ends are known all the same.
                self._unknown(partition)
        return True

    async def _reached(self) -> bool:
        """Whether any broker answers."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._source.reach()
        except (TransportError, TimeoutError):
            return False
        self._contact.answered()
        return True

    async def _tell(self, partition: Partition, end: int, caught_up: Callable[[Partition], bool]) -> None:
        committed = self._checkpoints.committed.get(partition)
        if committed is None:
            return  # revoked while we asked
        lag = max(0, end - committed)
        # What is left may be no record: a transaction's marker takes an offset that nobody is ever handed.
        is_done = lag and self._checkpoints.idle(partition) and caught_up(partition)
        if is_done and await self._source.position(partition) >= end:
            lag = 0
            if partition not in self._checkpoints.committed:
                return
        self._metrics.consumer_lag(partition.topic, partition.number, lag)
        self._watchdog.lag(partition, lag)
        self.lags[partition], self.ends[partition] = lag, end
        if not lag:
            self._metrics.partition_progress(partition.topic, partition.number, self._clock.now())

    def _unknown(self, partition: Partition) -> None:
        self.forget(partition)
        if partition in self._checkpoints.committed:
            self._metrics.lag_unknown(partition.topic, partition.number)
            self._watchdog.lag_unknown(partition)
