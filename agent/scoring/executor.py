"""Runs all scorers over batches: side by side, one thread per lane, one batch prefetched, failures kept apart.

Scorers of the lane ``device`` run one after another in one thread, which owns the device; scorers of the lane ``host``
in another. Both lanes work on the same batch at once, and a lane that is done with it starts on the next one.

Only the polling thread touches the cache, the observer and the results; lanes hand their outcomes over under one lock.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from agent.clock import Clock, thread_cpu
from agent.errors import ConfigError, ModelError
from agent.events import Direction
from agent.scores import ScoreRow
from agent.scoring.base import Batch, Lane, Scorer, audit_share_of, finds_attacks, only_sampled, uses_context
from agent.scoring.cache import ScoreCache
from agent.scoring.lanes import CallState, CpuClock, LaneWorker, ScorerCall
from agent.scoring.plan import BatchPlan, Unit
from agent.scoring.results import Answer, BatchResult, ScoringObserver, SilentObserver
from agent.scoring.settling import Settler

__all__ = ["CAPACITY", "Answer", "BatchResult", "Executor", "ScoringObserver", "SilentObserver"]

CAPACITY = 2
"""Batches that the executor takes: one that is running and one prefetched."""

_SHORTEST_WAIT_SECONDS = 0.001
_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Flight:
    """A batch on its way. `remaining` counts pending calls; changed under the lock only."""

    batch: Batch
    trigger: str
    rows: list[dict[str, Answer]]
    calls: list[ScorerCall] = field(default_factory=list)
    remaining: int = 0


class Executor:
    """Scores batches with several scorers. All methods belong to one thread, the polling thread.

    A scorer's failure costs its own rows and nothing else. A scorer that overruns its deadline loses its rows for that
    batch; its thread is abandoned and replaced, and it is left alone (its rows missing, ``busy``) until it comes back.
    A scorer that is merely not given the processor has more time, see `ScorerCall.left`: meanwhile no batch is taken.

    Parameters
    ----------
    scorers
        At least their names must differ. An empty sequence is allowed: batches then come back as they are.
    deadline_seconds
        How long one call of one scorer may take, counted from its own start: a slow neighbour does not use it up. In
        seconds of the processor for a scorer that uses it, and at the most ten times as much on the clock.
    cache
        Owned by the executor from now on.
    on_done
        Wakes the polling thread: called from a lane's thread when a batch is complete, or from `offer` itself when
        nothing had to be computed. Not called for a batch that its deadline completes: sleep for `due_in_seconds`.
    observer
        Where counts go.
    cpu_clock
        Tells the processor time of the lanes' threads.

    Raises
    ------
    ConfigError
        When two scorers have one name, or the deadline is not positive.
    """

    def __init__(
        self,
        scorers: Sequence[Scorer],
        deadline_seconds: float,
        cache: ScoreCache,
        clock: Clock,
        on_done: Callable[[], None] | None = None,
        observer: ScoringObserver | None = None,
        cpu_clock: CpuClock = thread_cpu,
    ) -> None:
        if len({scorer.name for scorer in scorers}) != len(scorers):
            raise ConfigError("executor: a scorer is listed twice")
        if not deadline_seconds > 0.0:
            raise ConfigError("executor: the scoring deadline must be more than 0 seconds")
        self._scorers = tuple(scorers)
        self._deadline_seconds = deadline_seconds
        self._cache = cache
        self._clock = clock
        self._on_done = on_done
        self._observer = observer or SilentObserver()
        self._drawing = frozenset(scorer.name for scorer in scorers if audit_share_of(scorer) is not None)
        self._settler = Settler(cache, clock, self._observer, self._drawing)
        self._in_context = frozenset(scorer.name for scorer in scorers if uses_context(scorer))
        self._of_passages = frozenset(scorer.name for scorer in scorers if finds_attacks(scorer))
        self._sampled = frozenset(scorer.name for scorer in scorers if only_sampled(scorer))
        directions = {scorer.directions for scorer in scorers if scorer.name not in self._sampled}
        self._uniform: frozenset[Direction] | None = directions.pop() if len(directions) == 1 else None
        self._lock = threading.Lock()
        self._progress = threading.Condition(self._lock)
        self._lanes: dict[Lane, LaneWorker] = {
            lane: LaneWorker(lane, clock, self._lock, self._call_done, cpu_clock) for lane in ("device", "host")
        }
        # Read by the polling thread as it likes; changed by it, and read by lanes, under the lock only.
        self._flights: deque[_Flight] = deque()
        self._stuck: dict[str, ScorerCall] = {}
        self._closed = False

    @property
    def uses_context(self) -> bool:
        """Whether a scorer wants to know what the models had been given."""
        return bool(self._in_context)

    @property
    def draws(self) -> bool:
        """Whether a scorer looks at some texts by the lot of their call."""
        return bool(self._drawing)

    @property
    def reads_passages(self) -> bool:
        """Whether a scorer wants to see retrieved passages."""
        return bool(self._of_passages)

    def warm_up(self) -> None:
        """Warm up every scorer, one after another, in the calling thread.

        Raises
        ------
        ModelError
            When a scorer cannot load.
        ConfigError
            When a scorer is pointed at the wrong thing.
        """
        for scorer in self._scorers:
            try:
                scorer.warm_up()
            except (ConfigError, ModelError):
                raise
            except Exception as error:
                raise ModelError(f"scorer {scorer.name}: warm-up failed ({type(error).__name__})") from error

    def offer(self, batch: Batch, trigger: str) -> bool:
        """Start on a batch; False when `CAPACITY` batches are under way (or waiting for `poll`), and after `close`."""
        if self._closed or len(self._flights) >= CAPACITY:
            return False
        in_context = self._cache.digest_in_context if self._in_context else None
        plan = BatchPlan(
            batch,
            self._cache.digest,
            self._uniform,
            in_context,
            sampled=bool(self._sampled),
            drawn=bool(self._drawing),
        )
        hits, lookups = self._cache.hits, self._cache.lookups
        known = {digest: rows for digest in plan.digests() if (rows := self._cache.rows(digest))}
        self._observer.cache_lookups(self._cache.hits - hits, self._cache.lookups - lookups)
        flight = _Flight(batch, trigger, [{} for _ in batch.items])
        started: list[ScorerCall] = []
        for scorer in self._scorers:
            call = self._prepare(scorer, plan, known, flight.rows)
            if call is None:
                continue
            flight.calls.append(call)
            if self._is_stuck(scorer.name):
                call.give_up("busy")
            else:
                started.append(call)
        flight.remaining = len(started)
        with self._lock:  # a lane may be looking for the flight of its call right now
            self._flights.append(flight)
        for call in started:
            self._lanes[call.scorer.lane].put(call)
        if not started:
            self._wake()
        return True

    def poll(self) -> list[BatchResult]:
        """The batches that are complete, in the order in which they were offered. Does not block."""
        self._expire_overdue()
        results: list[BatchResult] = []
        while self._flights and self._flights[0].remaining == 0:
            with self._lock:
                flight = self._flights.popleft()
            seconds = self._settler.settle(flight.calls, flight.trigger, flight.rows, flight.batch.items)
            results.append(BatchResult(flight.batch, flight.trigger, flight.rows, seconds))
        return results

    def due_in_seconds(self) -> float | None:
        """Seconds after which `poll` should be called even if `on_done` is not; None when nothing is under way."""
        if not self._flights:
            return None
        if self._flights[0].remaining == 0:
            return 0.0
        with self._lock:
            return self._next_deadline()

    def close(self) -> None:
        """Take no more batches. What is under way goes on."""
        if not self._closed:
            self._closed = True
            for lane in self._lanes.values():
                lane.stop()

    def join(self, timeout_seconds: float) -> bool:
        """Wait until all batches under way are complete; `poll` then returns them.

        Deadlines hold while waiting.

        Returns
        -------
        bool
            False when the time ran out first.
        """
        left = timeout_seconds
        while True:
            self._expire_overdue()
            with self._lock:
                if not any(flight.remaining for flight in self._flights):
                    return True
                if left <= 0.0:
                    return False
                chunk = min(left, max(self._next_deadline(), _SHORTEST_WAIT_SECONDS))
                began = self._clock.monotonic()
                # A wait that timed out took `chunk`, whatever an injected clock says about it.
                notified = self._progress.wait(chunk)
                left -= self._clock.monotonic() - began if notified else chunk

    def terminate(self) -> None:
        """Drop everything under way and stop, without waiting. Records behind dropped batches are not acknowledged."""
        with self._lock:
            for call in self._calls():
                if call.pending:
                    call.give_up("deadline")
            self._flights.clear()
        self.close()

    def _prepare(
        self,
        scorer: Scorer,
        plan: BatchPlan,
        known: Mapping[bytes, Mapping[str, ScoreRow]],
        rows: list[dict[str, Answer]],
    ) -> ScorerCall | None:
        """Write the rows that are known; the call that gets the others, None when all were known."""
        name = scorer.name
        parts: list[Batch] = []
        asked: list[Unit] = []
        for units in self._units(scorer, plan):
            unknown: list[Unit] = []
            for unit in units:
                row = known[unit[0]].get(name) if unit[0] in known else None
                if row is None:
                    unknown.append(unit)
                else:
                    for place in unit[1]:
                        rows[place][name] = row
            if unknown:
                parts.append(plan.cut(unknown))
                asked += unknown
        return ScorerCall(scorer, parts, asked) if parts else None

    def _units(self, scorer: Scorer, plan: BatchPlan) -> Sequence[Sequence[Unit]]:
        if scorer.name in self._sampled:
            return (plan.units_sampled(),)
        if scorer.name in self._in_context:
            return (plan.units_in_context(),)
        return plan.units(scorer.directions, passages=scorer.name in self._of_passages)

    def _is_stuck(self, name: str) -> bool:
        call = self._stuck.get(name)
        if call is None:
            return False
        if not call.returned:
            return True
        del self._stuck[name]
        return False

    def _calls(self) -> list[ScorerCall]:
        return [call for flight in self._flights for call in flight.calls]

    def _next_deadline(self) -> float:
        """Seconds until a call may be overdue. The lock must be held."""
        now, deadline = self._clock.monotonic(), self._deadline_seconds
        running = (call for call in self._calls() if call.state is CallState.RUNNING)
        return min((call.left(now, deadline) for call in running), default=deadline)

    def _expire_overdue(self) -> None:
        with self._lock:
            now, deadline = self._clock.monotonic(), self._deadline_seconds
            overdue: list[ScorerCall] = []
            for flight in self._flights:
                for call in flight.calls:
                    if call.state is CallState.RUNNING and not call.left(now, deadline):
                        call.give_up("deadline")
                        flight.remaining -= 1
                        self._stuck[call.scorer.name] = call
                        overdue.append(call)
                    elif call.state is CallState.QUEUED and call.scorer.name in self._stuck:
                        # In the batch behind the one where it got stuck: flights are in order.
                        call.give_up("busy")
                        flight.remaining -= 1
        for call in overdue:
            self._lanes[call.scorer.lane].replace()

    def _call_done(self, call: ScorerCall) -> None:
        """In a lane's thread."""
        with self._lock:
            # Gone only after `terminate`.
            flight = next((flight for flight in self._flights if call in flight.calls), None)
            if flight is None:
                return
            flight.remaining -= 1
            complete = flight.remaining == 0
            self._progress.notify_all()
        if complete:
            self._wake()

    def _wake(self) -> None:
        if self._on_done is None:
            return
        try:
            self._on_done()
        # Most likely an event loop that is closed already. The lane has to outlive it: others may still poll.
        except Exception as error:
            _logger.warning("scoring.wake_failed error_type=%s", type(error).__name__)
