"""The stall watchdog: is anything still moving, or does the process only look alive?

Broker heartbeats run beside the pipeline, so a worker whose scorer never returns stays in its consumer group and holds
its partitions for ever. This is what `/healthz` asks (DESIGN decision 12), after Sentry's stuck detector for arroyo.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from agent.clock import Clock
from streams.contact import SILENT_SECONDS
from streams.ports import Partition

__all__ = ["Watchdog"]


@dataclass(slots=True)
class _Watched:
    """``since`` is when the partition last moved, was last seen without lag, or fell behind, whichever is the latest.
    ``records_behind`` is None while it is not known; ``behind`` is what was known last. ``told_since`` is when it was
    known again after more than a moment, ``untold_at`` since when it is not.
    """

    since: float
    told_since: float = -math.inf
    untold_at: float | None = None
    position: int | None = None
    records_behind: int | None = None
    behind: bool = False


class Watchdog:
    """Alive means: of each assigned partition, the committed offset moved within the patience, or its lag is zero.

    It is judged by partition: one partition whose acknowledgements are stuck would hide behind the others' progress.
    A source that is paused by backpressure still has its lag, so a scorer that never returns is found out. Moving
    backwards is not progress. A lag that is not known is not zero: the patience runs.

    Parameters
    ----------
    patience_seconds
        How long a partition with lag may stand still. More than the longest batch, warm-up and commit take together.
    """

    __slots__ = ("_clock", "_patience", "_watched")

    def __init__(self, clock: Clock, patience_seconds: float) -> None:
        if patience_seconds <= 0:
            raise ValueError("patience_seconds must be positive")
        self._clock = clock
        self._patience = patience_seconds
        self._watched: dict[Partition, _Watched] = {}

    def forget(self, partition: Partition) -> None:
        """The partition was revoked."""
        self._watched.pop(partition, None)

    def progress(self, partition: Partition, position: int) -> None:
        """The committed offset of a partition: the next one to read after a restart."""
        watched = self._watched.setdefault(partition, self._new())
        moved = watched.position is not None and position > watched.position
        watched.position = position
        if moved:
            watched.since = self._clock.monotonic()

    def lag(self, partition: Partition, records: int) -> None:
        """Records between the committed offset and the end of the partition."""
        watched = self._watched.setdefault(partition, self._new())
        watched.records_behind = records
        if watched.untold_at is not None:
            if self._clock.monotonic() - watched.untold_at > SILENT_SECONDS:
                watched.told_since = self._clock.monotonic()
            watched.untold_at = None
        if records <= 0 or not watched.behind:
            # A record that arrives after an hour of quiet has the full patience.
            watched.since = self._clock.monotonic()
        watched.behind = records > 0

    def lag_unknown(self, partition: Partition) -> None:
        """Nobody says where the partition ends."""
        watched = self._watched.get(partition)
        if watched is None:
            return
        watched.records_behind = None
        if watched.untold_at is None:
            watched.untold_at = self._clock.monotonic()

    def _new(self) -> _Watched:
        return _Watched(self._clock.monotonic())

    def alive(self) -> bool:
        """True when every assigned partition moves or has no lag; also when none is assigned."""
        return not self.stalled()

    def stalled(self) -> list[Partition]:
        """Partitions that neither moved within the patience nor were known to have no lag, in order."""
        now = self._clock.monotonic()
        return sorted(p for p, watched in self._watched.items() if now - watched.since > self._patience)

    def hung(self, since: float = -math.inf) -> list[Partition]:
        """Partitions with records to go that stood still for the patience while brokers told of them, in order.

        A partition of which nobody tells the end may have no leader, which is no fault of the worker's.

        Parameters
        ----------
        since
            Monotonic time; what was before it is not held against anybody.
        """
        now = self._clock.monotonic()
        return sorted(
            partition
            for partition, watched in self._watched.items()
            if watched.records_behind and now - max(watched.since, watched.told_since, since) > self._patience
        )

    def reason(self, stalled: Sequence[Partition] | None = None) -> str:
        """One line for `/healthz` and on-call: why it is alive, or what stands still for how long.

        Parameters
        ----------
        stalled
            What is to be told of; all that stand still when left out.
        """
        if stalled is None:
            stalled = self.stalled()
        if stalled:
            partition = stalled[0]
            watched = self._watched[partition]
            idle = self._clock.monotonic() - watched.since
            left = (
                "records to go that nobody can tell"
                if watched.records_behind is None
                else (f"{watched.records_behind} records to go")
            )
            more = f", and {len(stalled) - 1} more" if len(stalled) > 1 else ""
            return f"stalled: {partition.topic}[{partition.number}] has not moved for {idle:.0f} s with {left}{more}"
        if not self._watched:
            return "no partitions assigned"
        if any(watched.records_behind is None for watched in self._watched.values()):
            return "lag is not known"
        if not any(watched.behind for watched in self._watched.values()):
            return "no lag"
        return "offsets are moving"
