"""Copies in the tap's process, from the data plane to their sink: made into records, held until they are durable."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Sequence
from typing import Final, Protocol

from agent.clock import Clock
from agent.errors import DecodeError, Overloaded
from streams.ports import Message
from streams.proxy.capture import Captured
from streams.proxy.events import EventMaker

__all__ = ["Custody", "TapSink"]

_logger = logging.getLogger(__name__)

_BATCH_RECORDS: Final = 200
_BATCH_BYTES: Final = 512 * 1024
_WARN_SECONDS: Final = 60.0


class TapSink(Protocol):
    """Where taps go."""

    async def start(self) -> None: ...

    async def deliver(self, messages: Sequence[Message]) -> int:
        """Take records, the first so many of them: return when these are durable.

        Raises
        ------
        Overloaded
            When it takes none now.
        """

    async def stop(self) -> None: ...


class Custody:
    """A bounded queue before a sink.

    Attributes
    ----------
    settled
        Copies that the sink has, or that were dropped.
    dropped
        By reason.
    queued_bytes
        Of records that the sink has not taken.
    """

    def __init__(self, sink: TapSink, maker: EventMaker, most_bytes: int, clock: Clock) -> None:
        self._sink = sink
        self._maker = maker
        self._most = most_bytes
        self._clock = clock
        self._queue: deque[Message] = deque()
        self._arrived = asyncio.Event()
        self._emptied = asyncio.Event()
        self._warned = float("-inf")
        self._handed = 0  # so many of the first are with the sink, which has not said yet what it took
        self._ended = False
        self.settled = 0
        self.dropped: Counter[str] = Counter()
        self.queued_bytes = 0

    def take(self, captured: Captured) -> None:
        """Queue a copy, or drop it when the queue is full: older ones are kept, since they are nearer to their sink."""
        if self.queued_bytes >= self._most:
            self._drop("sink_full")
            return
        try:
            message = self._maker.make(captured)
        except DecodeError:
            self._drop("unreadable")
            return
        except Exception as error:  # hostile bytes that nobody thought of must not end the process
            self._warn("tap_not_made", type(error).__name__)
            self._drop("unreadable")
            return
        self._queue.append(message)
        self.queued_bytes += len(message.value or b"")
        self._arrived.set()

    async def run(self) -> None:
        """Bring what is queued to the sink, until `finish` has lost its patience."""
        while not self._ended:
            batch = self._batch()
            if not batch:
                self._emptied.set()
                self._arrived.clear()
                await self._arrived.wait()
                continue
            self._emptied.clear()
            self._handed = len(batch)
            try:
                taken = await self._sink.deliver(batch)
            except Overloaded as refused:
                self._handed = 0
                if not self._ended:
                    self._warn("taps_wait", str(refused))
                    await asyncio.sleep(min(refused.retry_after_seconds, 1.0))
                continue
            self._handed = 0
            for _ in range(taken):
                self.queued_bytes -= len(self._queue.popleft().value or b"")
            self.settled += taken
        self._give_up()

    async def finish(self, seconds: float) -> None:
        """Wait until the queue is empty; what is left after so long is dropped.

        But for what the sink is taking just then, of which it has yet to say what it has: that is settled by `run`.
        """
        self._emptied.clear()
        self._arrived.set()
        try:
            async with asyncio.timeout(seconds):
                await self._emptied.wait()
        except TimeoutError:
            self._ended = True
            self._give_up()

    def _give_up(self) -> None:
        lost = len(self._queue) - self._handed
        if lost:
            _logger.error("taps_lost_at_the_end taps=%d", lost)
        for _ in range(lost):
            self.queued_bytes -= len(self._queue.pop().value or b"")
            self._drop("sink_full")

    def _batch(self) -> list[Message]:
        batch: list[Message] = []
        size = 0
        for message in self._queue:
            size += len(message.value or b"")
            if batch and (size > _BATCH_BYTES or len(batch) >= _BATCH_RECORDS):
                break
            batch.append(message)
        return batch

    def _drop(self, reason: str) -> None:
        self.dropped[reason] += 1
        self.settled += 1
        self._warn("taps_dropped", reason)

    def _warn(self, what: str, reason: str) -> None:
        now = self._clock.monotonic()
        if now - self._warned >= _WARN_SECONDS:
            self._warned = now
            _logger.warning("%s reason=%r", what, reason)
