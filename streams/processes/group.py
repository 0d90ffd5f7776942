"""The processes seen as one worker: whether it is well, whether it is ready, and what it has counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Final

from agent.clock import Clock
from agent.metrics.frozen import FrozenMetrics
from agent.metrics.merged import MergedMetrics
from streams.processes.life import Life
from streams.processes.supervisor import Supervisor
from streams.web import Health, Readiness

__all__ = ["ProcessGroup"]

#: A scrape waits no longer for those that do not answer, and takes what they have told before.
_SCRAPE_SECONDS: Final = 0.5
#: The supervisor asks every second.
_QUIET_SECONDS: Final = 3.0
_RUNNING = "running"


class ProcessGroup:
    """Reads what the processes have told; changes nothing but the metrics that are made of it."""

    def __init__(self, supervisor: Supervisor, metrics: MergedMetrics, clock: Clock) -> None:
        self._supervisor = supervisor
        self._metrics = metrics
        metrics.started(clock.now())
        metrics.processes(running=0, down=supervisor.count)

    @property
    def count(self) -> int:
        """How many there should be."""
        return self._supervisor.count

    def answering(self) -> list[Life]:
        """Those that can be asked, the one that knows most first: it scores, and of those that do for the longest. One
        that has said nothing for some seconds, and may hang, comes last.
        """
        lives = [life for life in self._supervisor.lives.values() if life.running and not life.silent]
        return sorted(
            lives,
            key=lambda life: (life.silence > _QUIET_SECONDS, not self._is_ready(life), life.began, life.number),
        )

    def health(self) -> Health:
        """Well when all are. One that has not come up yet is not ill, and neither is one without a partition."""
        for life in self._lives():
            name = self._name(life)
            if life.ended.is_set():
                return Health(False, f"{name} has died, and is started again")
            if life.state is None:
                if life.again:
                    return Health(False, f"{name} has died, and is starting")
                continue
            if life.silent:
                return Health(False, f"{name} has not answered for {life.silence:.0f} s")
            if not life.state.alive:
                return Health(False, f"{name}: {life.state.reason}")
        return Health(True, self._told(lambda life: life.state.reason if life.state else ""))

    def liveness(self) -> Health:
        """Whether a restart of everything would not help. One that has died or hangs is started again by itself."""
        for life in self._lives():
            if life.running and not life.silent and life.state is not None and not life.state.live:
                return Health(False, f"{self._name(life)}: {life.state.live_reason}")
        return Health(True, self._told(lambda life: life.state.live_reason if life.state else ""))

    def readiness(self) -> Readiness:
        """Ready when all are; one without a partition is, as long as another is ready: there are too many of them."""
        lives = self._lives()
        some = any(self._is_ready(life) for life in lives)
        missing: list[str] = []
        for life in lives:
            if self._is_ready(life):
                continue
            parts = life.state.missing if life.running and life.state is not None and not life.silent else ("answer",)
            if some and parts == ("partitions",):
                continue
            missing += [f"{self._name(life)}: {part}" for part in parts]
        if self._supervisor.stopping and "draining" not in missing:
            missing.append("draining")
        if not lives:
            missing.append("processes")
        return Readiness(not missing, tuple(missing))

    async def freeze_metrics(self) -> FrozenMetrics:
        """What a scrape sees: counters of all that were ever counted, gauges of those that live."""
        lives = [life for life in self._lives() if life.running]
        answered = await asyncio.gather(*(life.look("metrics", _SCRAPE_SECONDS) for life in lives))
        self._supervisor.take_counts()
        for life, has_answered in zip(lives, answered, strict=True):
            life.counts.fresh = has_answered
        living = [life for life in self._in_order() if life.following and not life.ended.is_set()]
        self._metrics.merge_gauges([life.counts for life in living])
        silent = sum(life.silent for life in lives)
        running = sum(life.running for life in self._lives()) - silent
        self._metrics.processes(running=running, silent=silent, down=self._supervisor.count - running - silent)
        self._metrics.ready(self.readiness().ready)
        return self._metrics.freeze()

    def _lives(self) -> list[Life]:
        return list(self._supervisor.lives.values())

    def _in_order(self) -> list[Life]:
        return sorted(self._lives(), key=lambda life: (not self._is_ready(life), life.number))

    def _is_ready(self, life: Life) -> bool:
        return life.running and not life.silent and life.state is not None and life.state.ready

    def _name(self, life: Life) -> str:
        return f"process {life.number} of {self._supervisor.count}"

    def _told(self, reason: Callable[[Life], str]) -> str:
        """What those say that are well: one reason where it is the same, which it mostly is."""
        said: Iterator[str] = (reason(life) for life in self._lives())
        return "; ".join(dict.fromkeys(text for text in said if text)) or _RUNNING
