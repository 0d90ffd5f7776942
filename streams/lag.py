"""How far behind each partition is: asked about once a second, and not known while no broker answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from agent.clock import Clock
from agent.errors import TransportError
from agent.metrics import Metrics
from streams.checkpoint import Checkpointer
from streams.contact import BrokerContact
from streams.ports import Partition, Source
from streams.watchdog import Watchdog

__all__ = ["LagWatch"]

_LOOK_SECONDS: Final = 1.0
#: An answer that takes longer is none; aiokafka itself would wait for forty seconds, with the lag of before on show.
_ANSWER_SECONDS: Final = 10.0


class LagWatch:
    """Asks for the ends of the assigned partitions, and tells the metrics and the watchdog how far away they are.

    It asks also when nothing is assigned, for the end of a partition of somebody else: so a spare worker, too, knows
    whether a broker answers.

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
        self.ends: Mapping[Partition, int] = {}

    async def run_forever(self, caught_up: Callable[[], bool]) -> None:
        """Look until cancelled.

        Parameters
        ----------
        caught_up
            Whether all records that were read have been taken.
        """
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self.look(caught_up)

    async def look(self, caught_up: Callable[[], bool]) -> None:
        """Ask once."""
        partitions = list(self._checkpoints.committed)
        self._contact.asked()
        try:
            # Not wait_for: before Python 3.12 it swallows a cancellation that meets a completion (bpo-37658).
            async with asyncio.timeout(_ANSWER_SECONDS):
                ends = await self._source.end_offsets(partitions or [self._elsewhere])
                self._contact.answered()
                for partition in partitions:
                    await self._tell(partition, ends[partition], caught_up)
        except (TransportError, TimeoutError):
            for partition in partitions:
                self._unknown(partition)
            self.ends = {}
        else:
            self.ends = ends

    def forget(self, partition: Partition) -> None:
        """The partition is no longer ours."""
        self.lags.pop(partition, None)

    async def _tell(self, partition: Partition, end: int, caught_up: Callable[[], bool]) -> None:
        committed = self._checkpoints.committed.get(partition)
        if committed is None:
            return  # revoked while we asked
        lag = max(0, end - committed)
        # What is left may be no record: a transaction's marker takes an offset that nobody is ever handed.
        if lag and self._checkpoints.idle(partition) and caught_up() and await self._source.position(partition) >= end:
            lag = 0
            if partition not in self._checkpoints.committed:
                return
        self._metrics.consumer_lag(partition.topic, partition.number, lag)
        self._watchdog.lag(partition, lag)
        self.lags[partition] = lag
        if not lag:
            self._metrics.partition_progress(partition.topic, partition.number, self._clock.now())

    def _unknown(self, partition: Partition) -> None:
        self.lags.pop(partition, None)
        if partition in self._checkpoints.committed:
            self._metrics.lag_unknown(partition.topic, partition.number)
            self._watchdog.lag_unknown(partition)
