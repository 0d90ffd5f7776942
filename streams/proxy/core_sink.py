"""The agent's core behind the proxy: scores what was tapped and keeps the figures, without Kafka.

It is the worker's own tap, with a source that holds what was handed to it and a sink that keeps nothing: verdicts are
counted and shown in the console, and forgotten.
"""

from __future__ import annotations

import asyncio
import platform
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from agent import __version__
from agent.clock import Clock
from agent.errors import Overloaded
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from streams.collector import calm_the_collector
from streams.config import WorkerConfig
from streams.contact import BrokerContact
from streams.formats import Decoder
from streams.ports import Message, Partition, RebalanceListener, Record
from streams.status import Status
from streams.tap import Tap
from streams.watchdog import Watchdog

__all__ = ["CoreSink", "HandedSource", "NoSink"]

_RETRY_SECONDS: Final = 0.05


class HandedSource:
    """One partition, of records that somebody hands over; taken once, in order.

    Parameters
    ----------
    most_bytes
        Of values that wait to be taken.
    """

    def __init__(self, topic: str, most_bytes: int, clock: Clock) -> None:
        self._partition = Partition(topic, 0)
        self._most = most_bytes
        self._clock = clock
        self._records: deque[Record] = deque()
        self._next = 0
        self._committed: int | None = None
        self._arrived = asyncio.Event()
        self._paused = False
        self.waiting_bytes = 0

    def hand(self, message: Message) -> bool:
        """Take a record; False when there is no room."""
        value = message.value or b""
        if self._records and self.waiting_bytes + len(value) > self._most:
            return False
        now = self._clock.now()
        self._records.append(Record(self._partition.topic, 0, self._next, now, message.key, value, message.headers))
        self._next += 1
        self.waiting_bytes += len(value)
        self._arrived.set()
        return True

    async def start(self, listener: RebalanceListener) -> None:
        await listener.on_assigned([self._partition])

    async def getmany(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        if not self._records and timeout_seconds > 0:
            self._arrived.clear()
            try:
                async with asyncio.timeout(timeout_seconds):
                    await self._arrived.wait()
            except TimeoutError:
                return []
        await asyncio.sleep(0)
        # No pause from here on: what is neither here nor with who asked would look as if all had been taken.
        taken: list[Record] = []
        while self._records and len(taken) < max_records and not self._paused:
            record = self._records.popleft()
            self.waiting_bytes -= len(record.value or b"")
            taken.append(record)
        return taken

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def assignment(self) -> Sequence[Partition]:
        return [self._partition]

    async def seek(self, partition: Partition, offset: int) -> None:
        """Nothing lies behind."""

    async def committed(self, partition: Partition) -> int | None:
        return self._committed

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        self._committed = offsets.get(self._partition, self._committed)

    async def start_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        return dict.fromkeys(partitions, 0)

    async def default_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        return dict.fromkeys(partitions, 0)

    async def position(self, partition: Partition) -> int:
        return self._next - len(self._records)

    async def end_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        return dict.fromkeys(partitions, self._next)

    async def reach(self) -> None:
        """Nobody has to be asked."""

    async def stop(self) -> None:
        self._records.clear()


class NoSink:
    """Keeps nothing."""

    queued_bytes = 0

    async def start(self) -> None: ...

    def send(self, message: Message) -> None: ...

    async def flush(self) -> None: ...

    def discard(self, topic: str, partition: int) -> None: ...

    async def stop(self) -> None: ...


class CoreSink:
    """Scores what is tapped.

    Attributes
    ----------
    status
        What the web port shows.
    """

    where: Final = "core"

    def __init__(self, config: WorkerConfig, topic: str, clock: Clock) -> None:
        # No feedback and no labels: both live in topics.
        topics = config.topics.model_copy(
            update={"events": (topic,), "labels": None, "feedback": None, "filtered": None, "sanitised": None}
        )
        config = config.model_copy(update={"topics": topics})
        metrics = Metrics(
            new_registry(),
            series_budget=config.metrics.max_series,
            model_budget=config.metrics.max_models,
            clock=clock,
        )
        metrics.build_info(__version__, platform.python_version())
        metrics.started(clock.now())
        tap_box: list[Tap] = []
        self._pipeline = build_pipeline(
            config,
            metrics=metrics,
            clock=clock,
            max_records=config.tap.max_in_flight_records,
            on_done=lambda: tap_box[0].wake(),
        )
        watchdog, contact = Watchdog(clock, config.tap.stall_seconds), BrokerContact(clock, metrics)
        self._source = HandedSource(topic, config.proxy.tap.pending_bytes, clock)
        self._tap = Tap(
            config=config,
            source=self._source,
            sink=NoSink(),
            state_reader=_no_state,
            decoder=Decoder({}, max(config.tap.max_record_bytes, config.proxy.tap.max_record_bytes)),
            pipeline=self._pipeline,
            metrics=metrics,
            watchdog=watchdog,
            contact=contact,
            clock=clock,
        )
        tap_box.append(self._tap)
        self.status = Status(config, self._pipeline, self._tap, watchdog, contact, metrics, clock)
        self._tap.observer = self.status.console
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load the models; what is handed over meanwhile waits.

        Raises
        ------
        ModelError
            When one cannot be loaded.
        """
        await asyncio.to_thread(self._pipeline.warm_up)
        self.status.warm = True
        calm_the_collector()
        self._running = asyncio.create_task(self._tap.run())

    async def deliver(self, messages: Sequence[Message]) -> int:
        """Hand records to the tap; gives back how many it took, 0 or more.

        Raises
        ------
        Overloaded
            When it took none.
        HarmwatchError
            What has ended the tap.
        """
        if self._running is not None and self._running.done():
            self._running.result()
        taken = 0
        for message in messages:
            if not self._source.hand(message):
                break
            taken += 1
        if not taken:
            raise Overloaded("the core is behind", _RETRY_SECONDS)
        return taken

    async def stop(self) -> None:
        """Score what was taken, then end."""
        if self._running is None:
            return
        # A tap that stops lets go of what it has read and not begun to score: here nobody would read that again.
        while self._is_behind and not self._running.done():  # noqa: ASYNC110 (the tap takes; it tells nobody)
            await asyncio.sleep(0.02)
        self._tap.request_stop()
        await asyncio.gather(self._running, return_exceptions=True)

    @property
    def _is_behind(self) -> bool:
        return bool(self._source.waiting_bytes) or self._tap.waiting_since is not None


async def _no_state(topic: str, number: int) -> Sequence[Record]:
    return ()
