"""The stall watchdog: is anything still moving, or does the process only look alive?

Broker heartbeats run beside the pipeline, so a worker whose scorer never returns stays in its consumer group and holds
its partitions for ever. This is what `/healthz` asks (DESIGN decision 12), after Sentry's stuck detector for arroyo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.clock import Clock
from streams.ports import Partition

__all__ = ["Watchdog"]


@dataclass(slots=True)
class _Watched:
    """`behind_since` is when the partition last moved or fell behind, whichever is later; None while lag is zero."""

    position: int | None = None
    records_behind: int = 0
    behind_since: float | None = None


class Watchdog:
    """Alive means: of each assigned partition, the committed offset moved within the patience, or its lag is zero.

    It is judged by partition: one partition whose acknowledgements are stuck would hide behind the others' progress.
    A source that is paused by backpressure still has its lag, so a scorer that never returns is found out. Moving
    backwards is not progress.

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

    def assigned(self, partitions: Sequence[Partition]) -> None:
        """The whole assignment. What is not in it is no longer watched; what is new has the full patience."""
        self._watched = {partition: self._watched.get(partition) or _Watched() for partition in partitions}

    def forget(self, partition: Partition) -> None:
        """The partition was revoked."""
        self._watched.pop(partition, None)

    def progress(self, partition: Partition, position: int) -> None:
        """The committed offset of a partition: the next one to read after a restart."""
        watched = self._watched.setdefault(partition, _Watched())
        moved = watched.position is not None and position > watched.position
        watched.position = position
        if moved and watched.behind_since is not None:
            watched.behind_since = self._clock.monotonic()

    def lag(self, partition: Partition, records: int) -> None:
        """Records between the committed offset and the end of the partition."""
        watched = self._watched.setdefault(partition, _Watched())
        watched.records_behind = records
        if records <= 0:
            watched.behind_since = None
        elif watched.behind_since is None:
            # A record that arrives after an hour of quiet has the full patience.
            watched.behind_since = self._clock.monotonic()

    def alive(self) -> bool:
        """True when no assigned partition stands still behind its end; also when none is assigned."""
        return not self.stalled()

    def stalled(self) -> list[Partition]:
        """Partitions that have lag and did not move within the patience, in order."""
        now = self._clock.monotonic()
        return sorted(
            partition
            for partition, watched in self._watched.items()
            if watched.behind_since is not None and now - watched.behind_since > self._patience
        )

    def reason(self) -> str:
        """One line for `/healthz` and on-call: why it is alive, or what stands still for how long."""
        stalled = self.stalled()
        if stalled:
            partition = stalled[0]
            watched = self._watched[partition]
            idle = self._clock.monotonic() - (watched.behind_since or 0.0)
            more = f", and {len(stalled) - 1} more" if len(stalled) > 1 else ""
            return (
                f"stalled: {partition.topic}[{partition.number}] has not moved for {idle:.0f} s"
                f" with {watched.records_behind} records to go{more}"
            )
        if not self._watched:
            return "no partitions assigned"
        if all(watched.behind_since is None for watched in self._watched.values()):
            return "no lag"
        return "offsets are moving"
