"""A whole tap on the in-memory broker, for tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from agent.clock import Clock, SystemClock
from agent.config import validate
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, build_pipeline
from agent.pipeline.build import build_windows
from agent.scoring.base import Scorer
from agent.windows.engine import WindowEngine
from streams.config import WorkerConfig
from streams.contact import BrokerContact
from streams.formats import Decoder
from streams.label_feed import LabelFeed
from streams.memory import MemoryBroker, MemoryLogReader, MemorySink, MemorySource
from streams.tap import Tap
from streams.watchdog import Watchdog
from tests.builders import WordScorer

__all__ = ["TOPICS", "Rig", "make_broker", "make_config"]

TOPICS = {
    "inference.events": 2,
    "inference.labels": 2,
    "harm.verdicts": 1,
    "harm.evidence": 1,
    "harm.panes": 2,
    "harm.decisions": 2,
    "harm.dlq": 1,
}


def make_broker() -> MemoryBroker:
    return MemoryBroker(TOPICS)


def make_config(**over: Any) -> WorkerConfig:
    plain: dict[str, Any] = {
        "batching": {"max_wait_seconds": 0.005},
        "tap": {"commit_interval_seconds": 0.02, "sink_patience_seconds": 0.3, "drain_seconds": 5.0},
    }
    return validate(WorkerConfig, plain | over, "test")


class Rig:
    """One worker's tap, its parts within reach."""

    def __init__(
        self,
        broker: MemoryBroker,
        config: WorkerConfig | None = None,
        scorers: Sequence[Scorer] | None = None,
        *,
        from_the_end: bool = False,
    ) -> None:
        self.broker = broker
        self.config = config or make_config()
        clock = SystemClock()
        self.metrics = Metrics(new_registry(), clock=clock)
        chosen = list(scorers) if scorers is not None else [WordScorer()]
        self.pipeline: Pipeline = build_pipeline(
            self.config,
            metrics=self.metrics,
            clock=clock,
            scorers=chosen,
            max_records=self.config.tap.max_in_flight_records,
            on_done=lambda: self.tap.wake(),
            filtering=self.config.topics.filtered is not None,
            sanitising=self.config.topics.sanitised is not None,
            late_labels=self.config.topics.labels is not None,
        )
        self.sink = MemorySink(broker)
        self.source = MemorySource(broker, self.config.topics.events, from_the_end=from_the_end)
        self.tap = Tap(
            config=self.config,
            source=self.source,
            sink=self.sink,
            state_reader=broker.read_partition,
            label_feed=self._label_feed(clock),
            decoder=Decoder({}, self.config.tap.max_record_bytes),
            pipeline=self.pipeline,
            metrics=self.metrics,
            watchdog=Watchdog(clock, 30.0),
            contact=BrokerContact(clock, self.metrics),
            clock=clock,
        )

    def _label_feed(self, clock: Clock) -> LabelFeed | None:
        topic, late = self.config.topics.labels, self.pipeline.late_labels
        if topic is None or late is None:
            return None
        return LabelFeed(MemoryLogReader(self.broker, topic), late, clock)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        """Run the tap; drain it at the end, and pass on what it died of."""
        task = asyncio.create_task(self.tap.run())
        try:
            yield task
        finally:
            self.tap.request_stop()
            await task

    async def crash(self, task: asyncio.Task[None]) -> None:
        """What kill -9 leaves: nothing is flushed or committed any more."""
        self.sink.send = lambda message: None  # type: ignore[method-assign]
        self.source.commit = _refuse  # type: ignore[method-assign]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def verdicts(self) -> list[dict[str, Any]]:
        return [json.loads(record.value) for record in self.broker.log("harm.verdicts") if record.value]

    def committed(self) -> int:
        """Sum of the group's committed offsets."""
        partitions = self.broker.partitions("inference.events")
        return sum(self.broker.committed("harmwatch", partition) or 0 for partition in partitions)


async def _refuse(offsets: object) -> None:
    return None


def merged_windows(broker: MemoryBroker, config: WorkerConfig) -> WindowEngine:
    """What the pane topic alone knows."""
    engine: WindowEngine = build_windows(config, SystemClock())
    for record in broker.log("harm.panes"):
        if record.value is not None:
            engine.absorb(record.value)
    return engine


def window_totals(broker: MemoryBroker, config: WorkerConfig) -> dict[str, float]:
    """Events by model, from the pane topic alone."""
    readings = merged_windows(broker, config).total_measurements()
    return {reading.model: reading.results["harm"].events for reading in readings}


async def until(condition: Any, seconds: float = 10.0) -> None:
    """Wait for a condition on real threads; fails the test when it does not come true."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not condition():
        assert loop.time() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.005)
