"""How many seconds each partition is behind, and the sampler told of it once a second."""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from agent.clock import Clock
from agent.metrics import Metrics
from agent.overload.controller import LagSeen
from agent.overload.sampler import OverloadSampler
from streams.ports import Partition

__all__ = ["Arrivals", "OverloadWatch", "ToldEnds"]

_logger = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0
_MOST_ENDS: Final = 512
_WARNING_SECONDS: Final = 60.0


class ToldEnds(Protocol):
    """What is known of the ends of partitions; `streams.lag.LagWatch`."""

    @property
    def ends(self) -> Mapping[Partition, int]:
        """Of each partition, where it ended when it was told last."""

    @property
    def lags(self) -> Mapping[Partition, int]:
        """Of the same partitions, 0 where no record waited then."""


class Arrivals:
    """When a partition's records came, as far as its ends were seen to move.

    Stamps are the producers' (or the broker's) and may be wrong, or lie: stamps of long ago would have traffic sampled
    that is in time, and stamps to come would hide a lag. A record came between the last look at which its offset was
    not there and the first at which it was, whatever its stamp says.

    Attributes
    ----------
    done
        Below this offset nothing waits. There may be no record, as at the marker of a transaction, which nobody is ever
        handed and which would grow older for ever.
    """

    def __init__(self) -> None:
        self.done = 0
        self._at: list[float] = []
        self._ends: list[int] = []

    def note(self, at: float, end: int) -> None:
        """The partition ended here at this time; times and ends do not fall."""
        if self._ends and end < self._ends[-1]:  # a topic made anew
            self._at.clear()
            self._ends.clear()
            self.done = 0
        self._at.append(at)
        self._ends.append(end)
        if len(self._at) > _MOST_ENDS:
            # The older half is remembered half as finely: a record's time is then known within as much more.
            half = len(self._at) // 2
            del self._at[1:half:2], self._ends[1:half:2]

    def age(self, offset: int, stamp: float, now: float) -> float:
        """Seconds since a record came, from its stamp within what is known without it; 0 when nothing is known."""
        place = bisect_right(self._ends, offset)
        oldest = now - self._at[place - 1] if place else float("inf")
        newest = max(0.0, now - self._at[place]) if place < len(self._at) else 0.0
        if stamp <= 0.0:
            return newest
        return min(max(now - stamp, newest), max(oldest, newest))


class OverloadWatch:
    """Tells the sampler how far behind the worker is.

    Parameters
    ----------
    taken
        Of each assigned partition the offset that is taken next, and the stamp of the record before it.
    told
        The partitions' ends, as far as they are known.
    works
        Whether nobody who is to take the verdicts holds the worker up.
    """

    def __init__(
        self,
        sampler: OverloadSampler,
        *,
        taken: Callable[[], Mapping[Partition, tuple[int, float]]],
        told: ToldEnds,
        works: Callable[[], bool],
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._sampler = sampler
        self._taken = taken
        self._told = told
        self._works = works
        self._metrics = metrics
        self._clock = clock
        self._arrivals: dict[Partition, Arrivals] = {}
        self._held: frozenset[Partition] = frozenset()
        self._epoch = 0
        self._warn_at = 0.0
        self._told_shedding = False
        self._polls = self._empty = 0
        self.lag_seconds: float | None = None

    async def run_forever(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self.look()

    def polled(self, got_any: bool) -> None:
        """The source was asked for records, since those that had come were taken."""
        self._polls += 1
        self._empty += not got_any

    def look(self) -> None:
        """Look once; without a budget or a share there is nothing to see, nor to sample."""
        if not self._sampler.enabled:
            self._metrics.sampling(1.0, is_shedding=False)
            self._tell()
            return
        # Who asks, is behind and gets nothing waits for the broker, or for the processor that the broker has not got.
        works = self._works() and 4 * self._empty <= self._polls
        self._polls = self._empty = 0
        held = frozenset(self._taken())
        if held != self._held:
            self._held, self._epoch = held, self._epoch + 1
            self._arrivals = {partition: seen for partition, seen in self._arrivals.items() if partition in held}
        self.lag_seconds = self._lag()
        ratio = self._sampler.look(
            LagSeen(self._clock.monotonic(), self.lag_seconds, is_saturated=works, epoch=self._epoch)
        )
        self._metrics.sampling(ratio, self._sampler.is_shedding)
        self._tell()

    def _lag(self) -> float | None:
        """Of the partition that is farthest behind; None when nothing is known of any, 0 when none is held."""
        if not self._held:
            return 0.0
        now, ends, lags = self._clock.now(), self._told.ends, self._told.lags
        ages: list[float] = []
        for partition, (following, stamp) in self._taken().items():
            end = ends.get(partition)
            if end is None:
                continue
            arrivals = self._arrivals.setdefault(partition, Arrivals())
            arrivals.note(now, end)
            if lags.get(partition) == 0:
                arrivals.done = end
            following = max(following, arrivals.done)
            ages.append(arrivals.age(following, stamp, now) if following < end else 0.0)
        return max(ages, default=None)

    def _tell(self) -> None:
        """Starts and ends that follow one another quickly are left out; what holds is told in the end."""
        shedding = self._sampler.is_shedding
        if shedding != self._told_shedding and self._clock.monotonic() >= self._warn_at:
            self._warn_at = self._clock.monotonic() + _WARNING_SECONDS
            self._told_shedding = shedding
            lag = -1.0 if self.lag_seconds is None else self.lag_seconds
            _logger.warning("sampling_%s lag_seconds=%.1f", "started" if shedding else "ended", lag)
