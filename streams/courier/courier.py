"""`Courier.deliver` returns when Kafka or the spool has the records durably, and raises `Overloaded` when neither can.

Records go to Kafka at once while it takes them and nothing older waits on the disk. Otherwise they go behind what
waits there, and one drainer brings the oldest to Kafka, in order. So order is kept but for what a failure repeats. Many
calls share one write to Kafka or one sync of the disk: the next batch is what came while the last one was under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

from agent.clock import Clock
from agent.errors import HarmwatchError, MessageTooLarge, Overloaded, SpoolFull
from streams.courier.link import Carried, CourierSink, Link
from streams.courier.spool import Spool, SpoolState
from streams.ports import Message

__all__ = ["Courier", "CourierCounts", "CourierState", "Held"]

_BATCH_BYTES: Final = 1024 * 1024
_BATCH_RECORDS: Final = 2000
_FIRST_RETRY_SECONDS: Final = 0.25
_AWAY_RETRY_AFTER_SECONDS: Final = 5.0
_BUSY_RETRY_AFTER_SECONDS: Final = 1.0
#: A spool with less room is full: what has a usual size finds none in it.
_LEAST_ROOM: Final = 8 * 1024
_FULL: Final = "the spool is full"
#: So long a disk counts as full after it has refused.
_DISK_SECONDS: Final = 10.0
_WARN_SECONDS: Final = 60.0
#: Of a record beside its bytes: objects.
_RECORD_OVERHEAD: Final = 512

_logger = logging.getLogger(__name__)

#: Who has a record.
Held: TypeAlias = Literal["kafka", "spool"]


@dataclass(slots=True)
class CourierCounts:
    """Records since the start. ``drained`` went by way of the spool; ``refused`` calls, by why: busy, spool, away."""

    to_kafka: int = 0
    to_spool: int = 0
    drained: int = 0
    too_large: int = 0
    refused: dict[str, int] = field(default_factory=lambda: {"busy": 0, "spool": 0, "away": 0})


class CourierState(NamedTuple):
    """How things stand.

    Attributes
    ----------
    connected
        Kafka took what it was last given.
    problem
        What is wrong otherwise: one line that names no content.
    accepting
        Whether a small record would be taken now.
    pending_bytes
        In memory, and neither in Kafka nor on the disk yet.
    spool
        None without a spool.
    """

    connected: bool
    problem: str
    accepting: bool
    pending_bytes: int
    spool: SpoolState | None


@dataclass(slots=True, eq=False)
class _Parcel:
    """The records of one call, which are taken all together or not at all."""

    messages: Sequence[Message]
    size: int
    done: asyncio.Future[Held | HarmwatchError]

    def settle(self, outcome: Held | HarmwatchError) -> None:
        """An error is a result here: a future that raises keeps frames alive, and with them all records."""
        if not self.done.done():
            self.done.set_result(outcome)


class Courier:
    """Brings records to Kafka. All methods belong to the event loop that `start` was called on.

    Parameters
    ----------
    new_sink
        A sink that is not started yet; its flush should give up after a few seconds, for so long a call may wait.
    topics
        Where records go: they must be there for Kafka to count as connected.
    spool
        None takes nothing while Kafka is away. It is closed by `stop`.
    pending_bytes
        Records in memory; more is refused.
    patience_seconds
        How long a connection may take.
    retry_seconds
        The longest pause between attempts to reach Kafka.
    """

    def __init__(
        self,
        new_sink: Callable[[], CourierSink],
        topics: Sequence[str],
        spool: Spool | None,
        clock: Clock,
        *,
        pending_bytes: int,
        patience_seconds: float = 5.0,
        retry_seconds: float = 5.0,
    ) -> None:
        self._link = Link(new_sink, topics, patience_seconds, clock)
        self._spool = spool
        self._max_pending = pending_bytes
        self._retry_seconds = retry_seconds
        self._waiting: deque[_Parcel] = deque()
        self._pending = 0
        self._something = asyncio.Event()
        self._attention = asyncio.Event()  # something waits on the disk, or the connection is gone
        self._ending = asyncio.Event()
        self._disk_problem = ""
        self._disk_refused_at = float("-inf")
        self._warned = float("-inf")
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self.counts = CourierCounts()

    async def start(self) -> None:
        """Connect, for as long as patience lasts; without Kafka it starts as well."""
        await self._link.connect()
        self._tasks = [
            asyncio.create_task(self._carry(), name="courier-carry"),
            asyncio.create_task(self._keep(), name="courier-keep"),
        ]

    async def deliver(self, messages: Sequence[Message]) -> Held:
        """Return once Kafka (acks=all) or the disk (synced) has all of these records.

        Who is cancelled while waiting must not conclude that they were not taken.

        Raises
        ------
        Overloaded
            When they were not taken, or only in part: try again after its ``retry_after_seconds``. Then some may come
            twice, with the same bytes.
        MessageTooLarge
            When Kafka takes none of this size.
        """
        outcome = await self._outcome(messages)
        if not isinstance(outcome, HarmwatchError):
            return outcome
        try:
            raise outcome
        finally:
            del outcome, messages  # else the error holds this frame, the frame the error, and both the records

    async def _outcome(self, messages: Sequence[Message]) -> Held | HarmwatchError:
        size = sum(map(_size, messages))
        if self._stopping:
            return Overloaded("this process is ending", _BUSY_RETRY_AFTER_SECONDS)
        if self._pending and self._pending + size > self._max_pending:
            self.counts.refused["busy"] += 1
            return Overloaded("more records wait than may", _BUSY_RETRY_AFTER_SECONDS, busy=True)
        parcel = _Parcel(messages, size, asyncio.get_running_loop().create_future())
        self._pending += size
        self._waiting.append(parcel)
        self._something.set()
        return await parcel.done

    def state(self) -> CourierState:
        """How things stand; never waits."""
        return CourierState(
            self._link.connected,
            self._problem(),
            not self._stopping and self._pending < self._max_pending and self._takes(),
            self._pending,
            self._spool.state() if self._spool is not None else None,
        )

    def refusal(self) -> Overloaded:
        """What `deliver` would say now that it does not accept; counted as if it had."""
        if self._pending >= self._max_pending:
            self.counts.refused["busy"] += 1
            return Overloaded("more records wait than may", _BUSY_RETRY_AFTER_SECONDS, busy=True)
        if self._stopping:
            return Overloaded("this process is ending", _BUSY_RETRY_AFTER_SECONDS)
        self.counts.refused["away" if self._spool is None else "spool"] += 1
        return Overloaded(self._problem() or _FULL, _AWAY_RETRY_AFTER_SECONDS)

    def give_up(self) -> None:
        """Instead of `start`: let go of the spool's directory."""
        if self._spool is not None:
            self._spool.close()

    def _problem(self) -> str:
        if self._link.connected and self._nothing_to_drain():
            return ""  # whatever the disk said last, it is not needed
        full = _FULL if self._spool is not None and self._spool.room < _LEAST_ROOM else ""
        return self._disk_problem or full or self._link.problem

    def _takes(self) -> bool:
        spool = self._spool
        if self._link.connected and (spool is None or spool.empty):
            return True
        if spool is None or spool.room < _LEAST_ROOM:
            return False
        # Nobody tells when a full disk has room again but the next that is tried.
        return self._clock.monotonic() - self._disk_refused_at > _DISK_SECONDS

    async def stop(self) -> None:
        """Bring to Kafka or to the disk what was accepted, then end; the spool keeps what it has."""
        self._stopping = True
        self._something.set()
        self._attention.set()
        self._ending.set()
        if self._tasks:
            carry, keep = self._tasks
            await asyncio.wait([carry])
            await asyncio.wait([keep], timeout=self._patience_seconds)
            keep.cancel()
            await asyncio.gather(carry, keep, return_exceptions=True)
            self._tasks = []
        await self._link.close()
        if self._spool is not None:
            await asyncio.to_thread(self._spool.close)

    # -- what comes in

    async def _carry(self) -> None:
        while True:
            parcels = self._next_parcels()
            if not parcels:
                if self._stopping:
                    return
                self._something.clear()
                await self._something.wait()
                continue
            await self._carry_safely(parcels)

    async def _carry_safely(self, parcels: Sequence[_Parcel]) -> None:
        """In a frame of its own, which ends: a variable of the loop would keep the last records until the next come."""
        try:
            await self._carry_parcels(parcels)
        except Exception as error:  # whatever it is, nobody may wait for ever
            _logger.error("courier_failed error=%s", type(error).__name__)
        finally:
            for parcel in parcels:
                if not parcel.done.done():
                    parcel.settle(Overloaded("it is not known whether the records arrived"))
            self._pending -= sum(parcel.size for parcel in parcels)

    def _next_parcels(self) -> list[_Parcel]:
        taken: list[_Parcel] = []
        size = records = 0
        while self._waiting:
            parcel = self._waiting[0]
            size += parcel.size
            records += len(parcel.messages)
            if taken and (size > _BATCH_BYTES or records > _BATCH_RECORDS):
                break
            taken.append(self._waiting.popleft())
        return taken

    async def _carry_parcels(self, parcels: Sequence[_Parcel]) -> None:
        carried = Carried([message for parcel in parcels for message in parcel.messages], ())
        if self._link.connected and self._nothing_to_drain():
            sent = len(carried.undelivered)
            carried = await self._link.send(carried.undelivered)
            self.counts.to_kafka += sent - len(carried.undelivered) - len(carried.refused)
            self.counts.too_large += len(carried.refused)
            if carried.undelivered:
                self._attention.set()
        refused = {id(message): message for message in carried.refused}
        left = {id(message) for message in carried.undelivered}
        waiting: list[_Parcel] = []
        for parcel in parcels:
            too_large = next((refused[id(each)] for each in parcel.messages if id(each) in refused), None)
            if too_large is not None:
                parcel.settle(MessageTooLarge(too_large.topic, len(too_large.value or b"")))
            elif left.isdisjoint(map(id, parcel.messages)):
                parcel.settle("kafka")
            else:
                waiting.append(parcel)
        if waiting:
            await self._spool_parcels(waiting, left)

    async def _spool_parcels(self, parcels: Sequence[_Parcel], left: set[int]) -> None:
        if self._spool is None:
            self.counts.refused["away"] += len(parcels)
            for parcel in parcels:
                parcel.settle(Overloaded("Kafka is away, and there is no spool", _AWAY_RETRY_AFTER_SECONDS))
            return
        fitting, room = [], self._spool.room
        for parcel in parcels:  # one that is too large for what is left does not keep the others out
            if parcel.size <= room:
                fitting.append(parcel)
                room -= parcel.size
        problem = "the records are larger than what is left of the spool" if len(fitting) < len(parcels) else ""
        if fitting:
            messages = [message for parcel in fitting for message in parcel.messages if id(message) in left]
            failure = await asyncio.to_thread(_try_append, self._spool, messages)
            if not failure:
                self.counts.to_spool += len(messages)
                self._attention.set()
                for parcel in fitting:
                    parcel.settle("spool")
            else:
                self._disk_refused_at = self._clock.monotonic()
            problem = failure or problem
            self._disk_problem = failure
        if problem:
            self._warn_of(problem)
        for parcel in parcels:
            if not parcel.done.done():
                self.counts.refused["spool"] += 1
                parcel.settle(Overloaded(problem, _AWAY_RETRY_AFTER_SECONDS))

    def _warn_of(self, problem: str) -> None:
        if self._clock.monotonic() - self._warned >= _WARN_SECONDS:
            self._warned = self._clock.monotonic()
            _logger.warning("courier_refuses problem=%r", problem)

    # -- what waits on the disk

    async def _keep(self) -> None:
        """Connect again after failures, and bring to Kafka what waits."""
        pause = _FIRST_RETRY_SECONDS
        while not self._stopping:
            well = False
            try:
                if await self._link.connect():
                    well = await self._drain()
            except Exception as error:  # a disk that cannot be read, above all
                self._disk_problem = f"the spool cannot be read ({type(error).__name__})"
                _logger.error("courier_drain_failed error=%s", type(error).__name__)
            if not well:
                await self._pause(pause)
                pause = min(pause * 2.0, self._retry_seconds)
                continue
            pause = _FIRST_RETRY_SECONDS
            if self._nothing_to_drain():
                self._attention.clear()
                if self._link.connected and self._nothing_to_drain():  # still: nothing came before the clearing
                    await self._attention.wait()

    def _nothing_to_drain(self) -> bool:
        return self._spool is None or self._spool.empty

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()

    async def _drain(self) -> bool:
        """Bring the oldest batch to Kafka; False when it did not take all of it."""
        if self._spool is None or self._spool.empty:
            return True
        batch = await asyncio.to_thread(self._spool.peek, _BATCH_RECORDS, _BATCH_BYTES)
        if batch is None:
            return True
        carried = await self._link.send(batch.messages)
        if carried.undelivered:
            return False
        if carried.refused:
            _logger.warning("courier_set_aside records=%d", len(carried.refused))
            await asyncio.to_thread(self._spool.set_aside, carried.refused)
            self.counts.too_large += len(carried.refused)
        await asyncio.to_thread(self._spool.advance, batch)
        self.counts.drained += len(batch.messages) - len(carried.refused)
        self._disk_problem = ""
        return True


def _size(message: Message) -> int:
    beside = len(message.key or b"") + sum(len(name) + len(content) for name, content in message.headers)
    return len(message.value or b"") + beside + _RECORD_OVERHEAD


def _try_append(spool: Spool, messages: Sequence[Message]) -> str:
    """What is wrong, "" when they are on the disk. An error that came over from a thread would hold the records."""
    try:
        spool.append(messages)
    except SpoolFull as error:
        return str(error)
    return ""
