"""The hot path: records from a source through the pipeline to the sink, offsets back when everything is flushed.

One record's way: decode, submit, scored, published (queued in the sink), acknowledged; then, every commit interval, one
checkpoint for all of them: window state and messages flushed, and only then the offsets committed. A crash at any
moment replays at most what was not committed; ids make repeated verdicts harmless, and window state knows what it
covers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections import deque
from collections.abc import Mapping, Sequence

import msgspec

from agent.clock import Clock
from agent.errors import DecodeError, HarmwatchError, TransportError
from agent.events import InferenceEvent
from agent.joining import Origin
from agent.metrics import Metrics
from agent.pipeline import Pipeline, RecordOutcome
from streams.checkpoint import Checkpointer
from streams.config import WorkerConfig
from streams.contact import BrokerContact
from streams.dead_letter import DeadLetterLimits, dead_letter_message
from streams.ending import StopRequest
from streams.formats import Decoder
from streams.label_feed import LabelFeed
from streams.lag import LagWatch
from streams.overload import OverloadWatch
from streams.ports import Partition, Record, Sink, Source, StateReader, TapObserver
from streams.published import messages_of
from streams.state_owner import StateOwner
from streams.takeover import Takeover, read_takeovers, restore_windows
from streams.turns import in_turns
from streams.watchdog import Watchdog

__all__ = ["Tap"]

_logger = logging.getLogger(__name__)

_IDLE_SECONDS = 0.2
_BUSY_SECONDS = 0.01
#: Records are taken, and published, for so long before it is the turn of the loop's other work, such as scrapes.
_TURN_SECONDS = 0.003
_HOUSEKEEPING_SECONDS = 1.0
_RAREST_HOUSEKEEPING_SECONDS = 5.0


class Tap:
    """Drives one source, one pipeline and one sink. It is the source's rebalance listener.

    Everything runs on one event loop; only `wake` may be called from other threads.

    Parameters
    ----------
    state_reader
        Reads a partition of the topics of state when a source partition is assigned.
    label_feed
        Runs beside the tap, for a pipeline that waits for labels.
    observer
        Told what is published and what is measured.
    """

    def __init__(
        self,
        *,
        config: WorkerConfig,
        source: Source,
        sink: Sink,
        state_reader: StateReader,
        label_feed: LabelFeed | None = None,
        observer: TapObserver | None = None,
        decoder: Decoder,
        pipeline: Pipeline,
        metrics: Metrics,
        watchdog: Watchdog,
        contact: BrokerContact,
        clock: Clock,
    ) -> None:
        self._config = config
        self._source = source
        self._sink = sink
        self._state_reader = state_reader
        self._label_feed = label_feed
        self.observer = observer
        self._decoder = decoder
        self._pipeline = pipeline
        self._metrics = metrics
        self._watchdog = watchdog
        self._clock = clock
        self.checkpoints = Checkpointer(
            config, source, sink, pipeline.windows, pipeline.late_labels, metrics, watchdog, contact, clock
        )
        elsewhere = Partition(config.topics.events[0], 0)
        self._lag = LagWatch(source, self.checkpoints, elsewhere, contact, watchdog, metrics, clock)
        self.overload = (
            None
            if pipeline.sampler is None
            else OverloadWatch(
                pipeline.sampler,
                taken=self._reached,
                told=self._lag,
                works=lambda: not self._sink_is_full,
                metrics=metrics,
                clock=clock,
            )
        )
        for topic in config.topics.events:
            metrics.records(topic, 0)
        self._limits = DeadLetterLimits(config.dead_letters)
        self._backlog: deque[Record] = deque()
        self._resume_at: dict[Partition, int] = {}
        # Of the record taken last, the offset after it and its time; not the record, whose texts would stay.
        self._taken: dict[Partition, tuple[int, float]] = {}
        self._encode = msgspec.json.Encoder().encode
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.stop = StopRequest()
        self._failure: HarmwatchError | None = None
        self.verdicts = 0
        self.dead_letters = 0

    @property
    def assigned(self) -> bool:
        """True once partitions are assigned and their state is restored."""
        return bool(self._resume_at)

    @property
    def waiting_since(self) -> float | None:
        """The stamp of the next record to be scored, Unix seconds; None while none with a stamp waits."""
        due = (r for r in self._backlog if r.offset >= self._resume_at.get(Partition(*r[:2]), math.inf))
        return next((record.time for record in due if record.time > 0.0), None)

    @property
    def stopping(self) -> bool:
        """True after `request_stop`."""
        return self.stop.asked

    @property
    def committed(self) -> dict[Partition, int]:
        """Offsets given back, by assigned partition."""
        return dict(self.checkpoints.committed)

    @property
    def lags(self) -> Mapping[Partition, int]:
        """Records not yet committed, by assigned partition; of those where it is known."""
        return self._lag.lags

    def wake(self) -> None:
        """A batch is complete: publish it now. Thread-safe."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    def request_stop(self) -> None:
        """Drain and return from `run`: take no more records, finish those in flight, flush, commit."""
        self.stop.ask()
        self._woken.set()

    async def run(self) -> None:
        """Work until `request_stop`.

        Raises
        ------
        DeadLetterLimit
            Too many undecodable records.
        TopicUnavailable, TransportError
            What was scored cannot be delivered. Nothing undelivered is committed.
        """
        self._loop = asyncio.get_running_loop()
        background: list[asyncio.Task[None]] = []
        try:
            await self.stop.unless_asked(self._start())
            beside = [
                self.checkpoints.run_forever(),
                self._lag.run_forever(lambda p: not any(r[:2] == p for r in self._backlog)),
                self._keep_house(),
            ]
            if self.overload is not None:
                beside.append(self.overload.run_forever())
            if self._label_feed is not None:
                beside.append(self._label_feed.run(lambda: self._lag.scored_until(self._reached())))
            background = [asyncio.create_task(work) for work in beside]
            while not self.stopping:
                self._raise_failure(background)
                await self._turn()
            await self._drain()
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            self._pipeline.terminate()
            try:
                await self._source.stop()
            finally:
                await self._sink.stop()

    async def _start(self) -> None:
        await self._sink.start()
        await self._source.start(self)

    # -- one turn of the loop ----------------------------------------------------------------------------------------

    async def _turn(self) -> None:
        until = self._clock.monotonic() + _TURN_SECONDS
        while self._backlog and not self._pipeline.full and self._clock.monotonic() < until:
            self._take(self._backlog.popleft())
        published = self._publish(self._pipeline.poll(seconds=_TURN_SECONDS))
        if self._backlog:
            await (asyncio.sleep(0) if published or not self._pipeline.full else self._sleep_until_woken(_BUSY_SECONDS))
            return
        if self._sink_is_full:
            # The broker takes nothing: hold the source, so that memory stays bounded while the sink keeps trying.
            await self._sleep_until_woken(_IDLE_SECONDS)
            return
        busy = self._pipeline.in_flight > 0
        started = self._clock.monotonic()
        records = await self._source.getmany(self._config.tap.max_poll_records, 0.0 if busy else _IDLE_SECONDS)
        if self.overload is not None:
            self.overload.polled(bool(records))
        if records:
            self._metrics.stage("fetch", self._clock.monotonic() - started)
            self._backlog.extend(records)
        elif busy and not published:
            due = self._pipeline.due_in_seconds()
            await self._sleep_until_woken(_BUSY_SECONDS if due is None else min(due, _BUSY_SECONDS))
        else:
            await asyncio.sleep(0)

    @property
    def _sink_is_full(self) -> bool:
        most = self._config.tap
        return (
            self.checkpoints.unflushed >= most.max_unflushed_records
            or self._sink.queued_bytes >= most.max_unflushed_bytes
        )

    async def _sleep_until_woken(self, seconds: float) -> None:
        self._woken.clear()
        # Not wait_for: before Python 3.12 it swallows a cancellation that meets a completion (bpo-37658).
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.0005)):
                await self._woken.wait()

    def _take(self, record: Record) -> None:
        partition = Partition(record.topic, record.partition)
        resume_at = self._resume_at.get(partition)
        if resume_at is None:
            return  # revoked while it lay in the backlog; its next owner reads it again
        origin = Origin(record.topic, record.partition, record.offset)
        if record.offset < resume_at:
            self._remember(record, origin)
            return
        self.checkpoints.track(partition, record.offset)
        self._taken[partition] = (record.offset + 1, record.time)
        self._metrics.records(record.topic)
        events: Sequence[InferenceEvent] = ()
        started = self._clock.monotonic()
        try:
            events = self._decoder.decode(record)
            self._limits.good()
        except DecodeError as error:
            events = error.rest
            self._dead_letter(record, error)
        self._metrics.stage("decode", self._clock.monotonic() - started)
        self._pipeline.submit(origin, record.time, events)

    def _remember(self, record: Record, origin: Origin) -> None:
        """A record from before the committed offset, read again only to know ids and open halves after a restart."""
        try:
            events = self._decoder.decode(record)
        except DecodeError as error:
            events = error.rest  # the record became a dead letter the first time
        self._pipeline.remember(origin, record.time, events)

    def _dead_letter(self, record: Record, error: DecodeError) -> None:
        self._limits.refused(record, error)
        self._metrics.dead_letter(record.topic, error.reason)
        self.dead_letters += 1
        most = self._config.tap.max_record_bytes
        self._sink.send(dead_letter_message(record, error, self._config.topics.dlq, self._clock.now(), most))

    def _publish(self, outcomes: Sequence[RecordOutcome]) -> bool:
        topics, most = self._config.topics, self._config.tap.max_record_bytes
        for outcome in outcomes:
            for message in messages_of(outcome, topics, most, self._encode):
                self._sink.send(message)
            self.verdicts += len(outcome.verdicts)
            if self.observer is not None:
                self.observer.take(outcome)
            origin = outcome.origin
            self.checkpoints.done(Partition(origin.topic, origin.partition), origin.offset)
        return bool(outcomes)

    # -- the end -------------------------------------------------------------------------------------------------------

    async def _drain(self) -> None:
        """Finish what is in flight and commit it, within ``drain_seconds``. What is left over comes again."""
        self._backlog.clear()
        self._pipeline.close()
        deadline = self._clock.monotonic() + self._config.tap.drain_seconds
        await self._finish_in_flight(deadline)
        try:
            async with asyncio.timeout(max(1.0, deadline - self._clock.monotonic())):
                await self.checkpoints.checkpoint()
        except TimeoutError:
            raise TransportError("the broker did not take what was scored last; it is scored again next time") from None

    async def _finish_in_flight(self, deadline: float) -> None:
        while self._pipeline.in_flight and self._clock.monotonic() < deadline:
            if not self._publish(self._pipeline.poll(drain=True)):
                await self._sleep_until_woken(_BUSY_SECONDS)

    # -- rebalances --------------------------------------------------------------------------------------------------

    async def on_assigned(self, partitions: Sequence[Partition]) -> None:
        patience = self._config.tap.sink_patience_seconds
        owner, panes = StateOwner.of(self._config), self._config.topics.panes
        decisions = None if self._pipeline.late_labels is None else self._config.topics.decisions
        try:
            for takeover in await read_takeovers(
                self._source, self._state_reader, owner, panes, decisions, partitions, self._clock, patience
            ):
                await self._adopt(takeover)
            if self._label_feed is not None:
                self._label_feed.open()
        except HarmwatchError as error:
            # A source would go on without the listener's state: stop the worker instead.
            self._failure = error
            self._woken.set()

    async def _adopt(self, takeover: Takeover) -> None:
        partition, resume_at = takeover.partition, takeover.resume_at
        restore_windows(self._pipeline.windows, takeover)
        late = self._pipeline.late_labels
        if late is not None:
            waiting = late.restore(partition, takeover.decisions)
            offered = self._pipeline.windows.label_offsets(partition)
            if late.owes(partition) or waiting or offered:
                # Labels that came while nobody held the partition, or were not saved with it.
                late.rewind(offered)
        self.on_deleted(partition, resume_at - takeover.deleted, resume_at)
        self.checkpoints.open(partition, resume_at)
        await self._source.seek(partition, max(0, resume_at - self._config.tap.rewind_records))
        self._resume_at[partition] = resume_at
        _logger.info("partition_assigned topic=%s partition=%d offset=%d", partition.topic, partition.number, resume_at)

    async def on_revoked(self, partitions: Sequence[Partition]) -> None:
        deadline = self._clock.monotonic() + self._config.tap.revoke_seconds
        lost = set(partitions)
        self._backlog = deque(r for r in self._backlog if Partition(r.topic, r.partition) not in lost)
        try:
            await self._finish_in_flight(deadline)
            async with asyncio.timeout(max(0.5, deadline - self._clock.monotonic())):
                await self.checkpoints.checkpoint()
        except (TimeoutError, TransportError) as error:
            _logger.warning("revoked_without_commit partitions=%d reason=%s", len(lost), type(error).__name__)
        finally:
            self._pipeline.forget(lost)
            for partition in lost:
                self._release(partition)

    def on_deleted(self, partition: Partition, start: int, end: int) -> None:
        # What was scored before a restart, and is only read again, has had its verdicts.
        self._lag.deleted(partition, end - max(start, self._resume_at.get(partition, start)))

    def _release(self, partition: Partition) -> None:
        self._resume_at.pop(partition, None)
        self._taken.pop(partition, None)
        self.checkpoints.close(partition)
        self._metrics.drop_partition(partition.topic, partition.number)
        self._watchdog.forget(partition)
        self._lag.forget(partition)

    # -- housekeeping ------------------------------------------------------------------------------------------------

    async def _keep_house(self) -> None:
        pause = _HOUSEKEEPING_SECONDS
        while True:
            await asyncio.sleep(pause)
            readings, spent = await in_turns(self._pipeline.keep_house_in_pieces(), self._clock)
            # With hundreds of models the gauges are set less often, rather than a quarter of all time be spent on them.
            pause = min(max(_HOUSEKEEPING_SECONDS, 9.0 * spent), _RAREST_HOUSEKEEPING_SECONDS)
            if self.observer is not None:
                self.observer.sample(readings)

    def _reached(self) -> dict[Partition, tuple[int, float]]:
        """By partition, the next offset to take, and the stamp of the record before; 0 where none was taken yet."""
        return {p: self._taken.get(p, (offset, 0.0)) for p, offset in self._resume_at.items()}

    def _raise_failure(self, background: Sequence[asyncio.Task[None]]) -> None:
        if self._failure is not None:
            raise self._failure
        for task in background:
            if task.done():
                task.result()
