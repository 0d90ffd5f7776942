"""Lanes: one thread each, which calls scorers one after another."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from queue import SimpleQueue
from typing import Final, TypeAlias

from agent.clock import Clock, thread_cpu
from agent.scoring.attempt import MissingReason, Outcome, attempt
from agent.scoring.base import Batch, Lane, Scorer
from agent.scoring.stages import Staged

__all__ = ["CallState", "CpuClock", "LaneWorker", "ScorerCall"]

CpuClock: TypeAlias = Callable[[], Callable[[], float | None]]
"""Called in a thread, gives what tells that thread's processor time, as `agent.clock.thread_cpu` does."""

#: A thread that has had less than this share of the time waits for something else than for the processor.
_WORKING_SHARE: Final = 0.01
#: However little of the processor a scorer is given, it is given up after so many deadlines.
_MOST_DEADLINES: Final = 10.0
#: How often a call is looked at that is past its deadline and still at work, as a share of the deadline.
_LOOK_AGAIN: Final = 0.05

_logger = logging.getLogger(__name__)


class CallState(Enum):
    """Life of a call. Changes happen under the executor's lock only."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    EXPIRED = "expired"  # overdue: completed without rows while the scorer still holds its thread
    SKIPPED = "skipped"  # completed without having been started


class ScorerCall:
    """One scorer's share of one batch.

    Attributes
    ----------
    parts
        What the scorer is given, one after another.
    units
        For each text of the parts, in order: its digest, and the places in the batch that its row answers.
    outcomes
        One per part, once DONE.
    missing
        Why there are no outcomes, once EXPIRED or SKIPPED.
    started_at, seconds
        Monotonic time of the start; seconds that the call took.
    cpu_seconds
        Tells the processor time that the call's thread has had since the call began; None where that is not known.
    returned
        The scorer has come back from this call, if late.
    stages
        Seconds by stage, of scorers that can tell (`Staged`).
    """

    __slots__ = (
        "cpu_seconds", "missing", "outcomes", "parts", "returned", "scorer", "seconds", "stages", "started_at", "state",
        "units",
    )  # fmt: skip

    def __init__(self, scorer: Scorer, parts: Sequence[Batch], units: Sequence[tuple[bytes, Sequence[int]]]) -> None:
        self.scorer = scorer
        self.parts = parts
        self.units = units
        self.state = CallState.QUEUED
        self.outcomes: list[Outcome] = []
        self.missing: MissingReason | None = None
        self.started_at = 0.0
        self.seconds = 0.0
        self.cpu_seconds: Callable[[], float | None] = _unknown
        self.returned = False
        self.stages: Mapping[str, float] = {}

    @property
    def pending(self) -> bool:
        """Not completed in any way yet."""
        return self.state in (CallState.QUEUED, CallState.RUNNING)

    def left(self, now: float, deadline_seconds: float) -> float:
        """Seconds after which this running call may be overdue; 0 when it is.

        It is, when it has had the deadline's seconds of the processor; or when they have passed and it has hardly used
        the processor, so that it waits for what does not come. A call whose thread is not given the processor, since
        the machine has too much to do, goes on: it holds the source back, which lag shows, and gives its scores. But
        no call goes on for more than ten deadlines.
        """
        passed = now - self.started_at
        if passed < deadline_seconds:
            return deadline_seconds - passed
        if passed >= _MOST_DEADLINES * deadline_seconds:
            return 0.0
        worked = self.cpu_seconds()
        if worked is None or worked >= deadline_seconds or worked < _WORKING_SHARE * passed:
            return 0.0
        return _LOOK_AGAIN * deadline_seconds

    def give_up(self, reason: MissingReason) -> None:
        """Complete the call without rows. The executor's lock must be held, the call be pending."""
        self.state = CallState.EXPIRED if self.state is CallState.RUNNING else CallState.SKIPPED
        self.missing = reason


class LaneWorker:
    """A queue of calls and the thread that works on it.

    A thread whose call expired is abandoned: it leaves by itself when its scorer comes back, and `replace` has put
    another thread in its place. Threads are daemons, so that a scorer that never comes back does not keep the process.

    Parameters
    ----------
    lock
        Guards the state of calls; the executor holds it while it expires or skips them.
    on_call_done
        Called from the lane's thread, without the lock, after a call became DONE. What it raises is logged, no more.
    cpu_clock
        Of the lane's threads.
    """

    def __init__(
        self,
        lane: Lane,
        clock: Clock,
        lock: threading.Lock,
        on_call_done: Callable[[ScorerCall], None],
        cpu_clock: CpuClock = thread_cpu,
    ) -> None:
        self._lane = lane
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._lock = lock
        self._on_call_done = on_call_done
        self._calls: SimpleQueue[ScorerCall | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def put(self, call: ScorerCall) -> None:
        """Queue a call; the first one starts the thread."""
        self._calls.put(call)
        if self._thread is None:
            self.replace()

    def replace(self) -> None:
        """Start a thread in place of one whose call has expired."""
        self._thread = threading.Thread(target=self._work, name=f"harmwatch-{self._lane}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end after the calls that are queued now. Does not wait for it."""
        self._calls.put(None)

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the thread to end; True when it has."""
        if self._thread is None:
            return True
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        cpu = self._cpu_clock()
        while True:
            # No local variable here outlives its call: an idle thread must not hold payload.
            if not self._next(cpu):
                return

    def _next(self, cpu: Callable[[], float | None]) -> bool:
        """Work on one call; False when this thread has to end."""
        call = self._calls.get()
        if call is None:
            return False
        with self._lock:
            if call.state is not CallState.QUEUED:
                return True
            call.state = CallState.RUNNING
            call.started_at = self._clock.monotonic()
            call.cpu_seconds = _since_now(cpu)
        outcomes = [attempt(call.scorer, part, lambda: call.state is not CallState.RUNNING) for part in call.parts]
        stages = _stages_of(call.scorer)
        with self._lock:
            call.seconds = self._clock.monotonic() - call.started_at
            call.returned = True
            if call.state is CallState.EXPIRED:
                return False
            call.outcomes = outcomes
            call.stages = stages
            call.state = CallState.DONE
        try:
            self._on_call_done(call)
        # Nobody would start another thread: every batch after this one would wait for ever.
        except Exception as error:
            _logger.error("scoring.callback_failed lane=%s error_type=%s", self._lane, type(error).__name__)
        return True


def _unknown() -> None:
    return None


def _since_now(cpu: Callable[[], float | None]) -> Callable[[], float | None]:
    first = cpu()

    def seconds() -> float | None:
        last = cpu()
        return None if first is None or last is None else last - first

    return seconds


def _stages_of(scorer: Scorer) -> Mapping[str, float]:
    if not isinstance(scorer, Staged):
        return {}
    try:
        return scorer.take_stages()
    # A device that failed may fail again when it is asked for its times. They are not worth a lane.
    except Exception as error:
        _logger.warning("scoring.stages_lost scorer=%s error_type=%s", scorer.name, type(error).__name__)
        return {}
