"""The buffer between requests and harmwatch, and the one thread that empties it.

`Sender.offer` is what a request pays: two comparisons and an append. It takes a lock that the same thread may take
again (a signal handler or a finaliser that logs in the middle of it does not lock itself out), and wakes the thread by
a `SimpleQueue`, which is reentrant too; neither a `Condition` nor an `Event` is.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Protocol

from harmwatch_client.events import Event, Malformed
from harmwatch_client.limits import Limits
from harmwatch_client.process import at_the_end_of_a_child
from harmwatch_client.stats import Stats
from harmwatch_client.transport import Outcome, Transport
from harmwatch_client.warner import Warner

__all__ = ["Deferred", "Sender", "Skip"]

#: The longest pause that the other side may ask for.
_MOST_PATIENCE_SECONDS = 600.0
#: After a thread could not be started, how long until it is tried again.
_THREAD_PAUSE_SECONDS = 1.0


class Skip(Exception):
    """What was kept for later turns out to hold nothing to judge."""


class Deferred(Protocol):
    """What is made into an event by the thread, since a request must not wait for it."""

    @property
    def size(self) -> int:
        """Bytes that it takes in the buffer."""

    def build(self) -> Event:
        """The event. Raises `Skip`, `Malformed`, or anything else where the content is strange."""


class Sender:
    """Keeps events until they are acknowledged, within ``limits``; when it is full, the newest is not taken.

    Not the oldest is dropped: so what `offer` answers stays true, what was taken comes in order and without gaps, and a
    tap whose other side is away costs a request a comparison and no work that is thrown away afterwards.
    """

    def __init__(self, connect: Callable[[], Transport], limits: Limits, warner: Warner) -> None:
        self._connect = connect
        self._limits = limits
        self._warner = warner
        self._lock = threading.RLock()
        self._items: deque[Event | Deferred] = deque()
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._settled = threading.Condition(threading.Lock())
        self._transport: Transport | None = None
        self._thread: threading.Thread | None = None
        self._starting = False
        self._no_thread_until = 0.0
        self._asleep = True
        self._hurry = 0
        self._closing = False
        self._abandoned = False
        self._chance = False
        self._counts: dict[str, int] = dict.fromkeys(Stats.__dataclass_fields__, 0)
        del self._counts["last_error"]
        self._last_error = ""
        self._told: dict[str, int] = {}
        # Items that were taken, that the thread has, and those of which nothing is open: they are settled in order.
        self._taken = self._fetched = self._done = 0

    # ------------------------------------------------------------ where requests are served

    def takes_none(self) -> bool:
        """Whether there is no place now, so that making an event would be for nothing."""
        counts, limits = self._counts, self._limits
        full = counts["pending"] >= limits.max_events or counts["pending_bytes"] >= limits.max_bytes
        return full or self._closing

    def offer(self, item: Event | Deferred) -> bool:
        """Take an event, or say that there is no place for it."""
        size = item.size
        with self._lock:
            counts = self._counts
            counts["logged"] += 1
            if self._closing:
                counts["dropped_closed"] += 1
                return False
            if counts["pending"] >= self._limits.max_events or counts["pending_bytes"] + size > self._limits.max_bytes:
                counts["dropped_full"] += 1
                return False
            if isinstance(item, Event):
                counts["cut"] += item.cut
                counts["mended"] += item.mended
            self._taken += 1
            counts["pending"] += 1
            counts["pending_bytes"] += size
            self._items.append(item)
            ring = self._asleep or counts["pending"] == self._limits.batch_events
            self._asleep = False
        if ring or self._thread is None:
            self._wake()
        return True

    def lost(self, reason: str) -> None:
        """Count a call that gave no event: ``dropped_full``, ``dropped_malformed`` or ``skipped``."""
        with self._lock:
            self._counts["logged"] += 1
            self._counts["dropped_closed" if self._closing else reason] += 1
            ring = self._asleep and reason == "dropped_malformed"
            self._asleep = self._asleep and not ring
        if ring:
            self._wake()

    def stats(self) -> Stats:
        """A consistent copy of the counts."""
        with self._lock:
            return Stats(**self._counts, last_error=self._last_error)

    def _wake(self) -> None:
        if self._thread is None:
            self._start()
        self._bell.put(None)

    def _start(self) -> None:
        with self._lock:
            # The lock lets a signal handler in, which would start a second thread while the first is being started.
            if self._starting or self._thread is not None:
                return
            self._starting = True
            try:
                if self._abandoned or time.monotonic() < self._no_thread_until:
                    return
                thread = threading.Thread(target=self._run, name="harmwatch-tap", daemon=True)
                thread.start()
                self._thread = thread
            except RuntimeError:  # too many threads, or the interpreter is ending
                self._no_thread_until = time.monotonic() + _THREAD_PAUSE_SECONDS
                return
            finally:
                self._starting = False
        at_the_end_of_a_child()

    # ------------------------------------------------------------ waiting, where somebody wants to

    def flush(self, timeout_seconds: float, *, at_once: bool = False) -> bool:
        """Wait until all that was taken before is settled. False when time was up first.

        ``at_once``: a pause that is going on ends now, whatever the other side asked for.
        """
        with self._lock:
            target = self._taken
            self._hurry += 1
            self._chance = self._chance or at_once
        self._wake()
        try:
            # Not taken less pending: what gives no event is settled before what came earlier and is on its way.
            return self._wait(lambda: self._done >= target or self._counts["pending"] == 0, timeout_seconds)
        finally:
            with self._lock:
                self._hurry -= 1

    def flush_at_end(self, timeout_seconds: float) -> bool:
        """Wait as long for what is there, since the process may end without another word; say what is left then."""
        if self._counts["pending"] == 0 or self.flush(timeout_seconds, at_once=True):
            return True
        left = self._counts["pending"]
        self._warner.warn("ended", f"{left} events are not delivered while the server ends; {self._why()}")
        return False

    def _why(self) -> str:
        return self._last_error or "no answer in time"

    def begin_to_close(self) -> None:
        """Take nothing more, and let the thread send what is there; `close` is to follow."""
        with self._lock:
            self._chance = self._chance or not self._closing
            self._closing = True
        if self._thread is not None or self._items:
            self._wake()

    def close(self, timeout_seconds: float) -> bool:
        """Take nothing more, send what is there until the time is up, count the rest as lost. True when nothing was."""
        end = time.monotonic() + timeout_seconds
        self.begin_to_close()
        if self._thread is None:
            self._send_here(end)
        everything = self._wait(lambda: self._counts["pending"] == 0, end - time.monotonic())
        thread = self._thread
        with self._lock:
            first, self._abandoned = not self._abandoned, True
            left = self._counts["pending"]
            self._counts["dropped_closed"] += left
            self._counts["pending"] = self._counts["pending_bytes"] = 0
            self._items.clear()
        self._bell.put(None)
        if thread is None:
            self._disconnect()
        elif everything and thread is not threading.current_thread():
            thread.join(max(end - time.monotonic(), 0.0))
        if first and left:
            self._warner.warn("closed", f"{left} events were not delivered when the tap closed; {self._why()}")
        return everything

    def _send_here(self, end: float) -> None:
        """Where no thread can be started any more, at the interpreter's end: one attempt for each batch, no pauses."""
        while self._items and time.monotonic() < end:
            batch = self._next_batch()
            outcome = self._attempt(batch)
            self._settle(batch, outcome)
            if outcome.again:
                return

    def _wait(self, done: Callable[[], bool], timeout_seconds: float) -> bool:
        if threading.current_thread() is self._thread:
            return done()
        with self._settled:
            return self._settled.wait_for(done, max(timeout_seconds, 0.0))

    def forget(self) -> None:
        """In a forked child: let go of what belongs to the parent. The object is not used afterwards."""
        if self._transport is not None:
            self._transport.forget()

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        while not self._abandoned:
            try:
                batch = self._next_batch()
                if batch:
                    self._deliver(batch)
                elif self._closing:
                    break
            except Exception as error:
                # A bug of ours must not end the tap for good; the type alone is said, a message may quote a payload.
                self._warner.warn("internal", f"the tap failed with {type(error).__name__} and goes on")
                self._pause(self._limits.max_retry_seconds)
        self._disconnect()

    def _disconnect(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            with suppress(Exception):
                transport.close()

    def _next_batch(self) -> list[Event]:
        """Wait for events, and a moment more for others to come along."""
        with self._lock:
            self._asleep = not self._items
        self._tell_drops()
        if not self._items and not self._closing:
            self._bell.get()
        end = time.monotonic() + self._limits.linger_seconds
        while not (self._closing or self._hurry or len(self._items) >= self._limits.batch_events):
            if not self._rung_before(end):
                break
        batch: list[Event] = []
        size = 0
        while len(batch) < self._limits.batch_events:
            with self._lock:
                if not self._items or (batch and size + self._items[0].size > self._limits.batch_bytes):
                    break
                item = self._items.popleft()
                self._fetched += 1
            event = item if isinstance(item, Event) else self._built(item)
            if event is not None:
                batch.append(event)
                size += event.size
        if not batch:
            with self._settled:
                self._done = self._fetched
                self._settled.notify_all()
        return batch

    def _built(self, item: Deferred) -> Event | None:
        reason = "dropped_malformed"
        event = None
        size = item.size
        try:
            event = item.build()
        except Skip:
            reason = "skipped"
        except Malformed:
            reason = "dropped_malformed"
        except Exception as error:
            self._warner.warn("malformed", f"an exchange could not be made into an event ({type(error).__name__})")
        with self._lock:
            if self._abandoned:
                return None
            if event is None:
                self._counts[reason] += 1
                self._counts["pending"] -= 1
                self._counts["pending_bytes"] -= size
            else:
                self._counts["pending_bytes"] += event.size - size
                self._counts["cut"] += event.cut
                self._counts["mended"] += event.mended
        if event is None:
            with self._settled:
                self._settled.notify_all()
        return event

    def _deliver(self, batch: Sequence[Event]) -> None:
        attempt = 0
        while batch and not self._abandoned:
            outcome = self._attempt(batch)
            self._settle(batch, outcome)
            if len(outcome.again) < len(batch):
                attempt = 0  # the other side moves
            batch = outcome.again
            if batch:
                self._warner.warn("away", f"events wait: {outcome.reason}; {self._counts['pending']} are in memory")
                self._tell_drops()
                self._pause(self._delay(attempt, outcome.after_seconds))
                attempt += 1

    def _attempt(self, batch: Sequence[Event]) -> Outcome:
        try:
            if self._transport is None:
                self._transport = self._connect()
            return self._transport.send(batch)
        except Exception as error:
            return Outcome(again=batch, reason=type(error).__name__)

    def _settle(self, batch: Sequence[Event], outcome: Outcome) -> None:
        open_size = sum(event.size for event in batch) - sum(event.size for event in outcome.again)
        with self._lock:
            if outcome.reason:
                self._last_error = outcome.reason
            if self._abandoned:
                return
            counts = self._counts
            counts["pending"] -= len(batch) - len(outcome.again)
            counts["pending_bytes"] -= open_size
            counts["dropped_refused"] += len(outcome.refused)
            counts["sent"] += len(batch) - len(outcome.again) - len(outcome.refused)
            counts["retries"] += bool(outcome.again)
        with self._settled:
            if not outcome.again:
                self._done = self._fetched
            self._settled.notify_all()
        if outcome.refused:
            self._warner.warn("refused", f"{len(outcome.refused)} events were refused: {outcome.reason}")

    def _delay(self, attempt: int, after_seconds: float) -> float:
        limits = self._limits
        delay = min(limits.retry_seconds * 2.0 ** min(attempt, 30), limits.max_retry_seconds)
        # Jitter, so that the workers of all servers do not come back together; never earlier than was asked for.
        asked = min(after_seconds, _MOST_PATIENCE_SECONDS) * random.uniform(1.0, 1.1)
        return max(delay * random.uniform(0.5, 1.0), asked)

    def _pause(self, seconds: float) -> None:
        """Wait, unless the tap ends: then the last chance is taken at once, whatever the other side asked for."""
        end = time.monotonic() + seconds
        while not self._abandoned:
            if self._chance:
                self._chance = False
                return
            if not self._rung_before(end):
                return

    def _rung_before(self, end: float) -> bool:
        try:
            self._bell.get(timeout=max(end - time.monotonic(), 0.0))
        except Empty:
            return False
        return True

    def _tell_drops(self) -> None:
        counts = self._counts
        for reason, why in (
            ("dropped_full", "the buffer is full"),
            ("dropped_malformed", "no event could be made of what was logged"),
        ):
            total = counts[reason]
            if total > self._told.get(reason, 0):
                self._told[reason] = total
                self._warner.warn(reason, f"{total} events dropped so far: {why}")
