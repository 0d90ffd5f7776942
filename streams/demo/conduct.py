"""Conducts the demo: broker, simulated model servers, the real worker, a reader of its verdicts, the table."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer

from agent.clock import Clock
from agent.config import validate
from agent.errors import HarmwatchError, TransportError
from agent.pipeline.export import components_of
from agent.scores import DIMENSIONS
from agent.windows.engine import Reading
from agent.windows.harm import HarmMeasurement
from streams.access.clients import client_options
from streams.config import WorkerConfig
from streams.demo.broker import EmbeddedBroker
from streams.demo.detect import IncidentDetector
from streams.demo.fairness import FairnessSteps, fairness_of
from streams.demo.outcome import judge
from streams.demo.port import first_free
from streams.demo.publish import publish_paced
from streams.demo.table import DemoStatus, DemoTable, FairnessStatus, IncidentStatus, ModelStatus
from streams.demo.traffic import Traffic
from streams.front import web_port
from streams.kafka_sink import KafkaSink
from streams.worker import Worker

__all__ = ["Demo", "DemoOptions", "calls_of_reference", "demo_config", "harm_of"]

_logger = logging.getLogger(__name__)

_TOPIC = "inference.events"
_PARTITIONS = 3
_REFRESH_SECONDS = 0.5
_READY_SECONDS = 60.0
_SETTLE_SECONDS = 60.0
_LEAD_SECONDS = 0.5
_HISTORY = 60
_MAX_MESSAGE_BYTES = 1 << 20
#: What the planted incidents move, and features that they leave alone. All scores together would cost more.
_WATCHED = ["output.score", "output.decision", "output.toxicity", "input.adversarial", "input.features.*"]


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How much traffic in how many seconds.

    Attributes
    ----------
    keep
        Leaves everything running afterwards, until interrupted.
    web_port
        None takes the documented one, or a free one when somebody listens there; 0 takes a free one.
    """

    events: int = 20_000
    seconds: float = 25.0
    seed: int = 7
    keep: bool = False
    web_port: int | None = None


@dataclass(slots=True)
class _Progress:
    finished: bool = False
    newest_at: float = 0.0
    verdict_ids: set[str] = field(default_factory=set)
    findings: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    histories: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))


class Demo:
    """One run. Everything but the traffic and the broker is what ``harmwatch run`` runs."""

    def __init__(
        self,
        options: DemoOptions,
        table: DemoTable,
        clock: Clock,
        on_ready: Callable[[str], None],
        on_summary: Callable[[dict[str, Any], str], None],
    ) -> None:
        self._on_ready = on_ready
        self._on_summary = on_summary
        self._options = options
        self._table = table
        self._clock = clock
        self._progress = _Progress()
        self._detector = IncidentDetector.for_run(options.seconds)
        self._started = 0.0
        self._broker: EmbeddedBroker | None = None
        self.url = ""

    async def run(self) -> dict[str, Any]:
        """The summary, as `streams.demo.table.render_summary` takes it; handed to ``on_summary`` before it waits.

        Raises
        ------
        ConfigError
            When the embedded broker is not installed.
        HarmwatchError
            When the worker fails, or does not get ready.
        """
        async with EmbeddedBroker(clock=self._clock) as broker:
            self._broker = broker
            await broker.create_topics({_TOPIC: _PARTITIONS})
            config = demo_config(self._options, broker.bootstrap_servers)
            front = first_free if self._options.web_port is None else web_port
            worker = Worker.build(config, self._clock, front=front)
            working = asyncio.create_task(worker.run())
            try:
                await self._until_ready(worker, working)
                self.url = f"http://{config.web.host}:{worker.web.port}/"
                self._on_ready(self.url)
                return await self._watch(config, worker, working)
            finally:
                worker.tap.request_stop()
                if broker.pid is None:
                    working.cancel()  # nobody is left to drain to
                await asyncio.gather(working, return_exceptions=True)

    async def _until_ready(self, worker: Worker, working: asyncio.Task[None]) -> None:
        deadline = self._clock.monotonic() + _READY_SECONDS
        while not worker.status.readiness().ready:
            if working.done():
                working.result()
                raise HarmwatchError("the worker ended before it was ready; this is a bug")
            if self._clock.monotonic() > deadline:
                missing = ", ".join(worker.status.readiness().missing)
                raise TransportError(f"the worker was not ready in {_READY_SECONDS:g} s; still missing: {missing}")
            await asyncio.sleep(0.05)

    async def _watch(self, config: WorkerConfig, worker: Worker, working: asyncio.Task[None]) -> dict[str, Any]:
        self._started = self._clock.now() + _LEAD_SECONDS
        options = self._options
        traffic = Traffic(options.seed, options.events, self._started, options.seconds)
        steps = FairnessSteps(self._detector, config.windows.windows_seconds[0], self._started, options.seconds)
        tasks = [
            asyncio.create_task(self._publish(config, traffic)),
            asyncio.create_task(self._read_verdicts(config)),
        ]
        try:
            with self._table:
                while not self._settled(traffic):
                    if self._broker is not None and self._broker.pid is None:
                        raise TransportError("the embedded broker ended before the demo did")
                    self._look(worker, steps)
                    for task in (working, *tasks):
                        if task.done() and task.exception() is not None:
                            task.result()
                    await asyncio.sleep(_REFRESH_SECONDS)
                self._look(worker, steps, ended=True)
            self._detector.finish(self._clock.now())
            summary = self._summary(worker, traffic)
            self._on_summary(summary, self.url)
            if options.keep:
                await working  # until a signal cancels us
            return summary
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _settled(self, traffic: Traffic) -> bool:
        """All verdicts are there; or none has come for a minute, however long those before it took."""
        if not self._progress.finished:
            return False
        everything = len(self._progress.verdict_ids) >= traffic.expected.directions
        newest_at = max(self._progress.newest_at, self._started + self._options.seconds)
        return everything or self._clock.now() > newest_at + _SETTLE_SECONDS

    async def _publish(self, config: WorkerConfig, traffic: Traffic) -> None:
        sink = KafkaSink(config.kafka, patience_seconds=30.0, max_message_bytes=_MAX_MESSAGE_BYTES, clock=self._clock)
        try:
            await sink.start()
            await publish_paced(traffic, sink, _TOPIC, self._clock)
        finally:
            await sink.stop()
        self._progress.finished = True

    async def _read_verdicts(self, config: WorkerConfig) -> None:
        """As any other reader of the topic would."""
        decode = msgspec.json.Decoder(dict[str, Any]).decode
        async for value in _values(config, config.topics.verdicts):
            verdict = decode(value)
            if verdict["id"] not in self._progress.verdict_ids:
                self._progress.newest_at = self._clock.now()
                self._progress.verdict_ids.add(verdict["id"])
                for finding in verdict["findings"]:
                    self._progress.findings[finding["category"]] += 1
            self._detector.feed(verdict, self._clock.now())

    # -- what is shown -----------------------------------------------------------------------------------------------

    def _look(self, worker: Worker, steps: FairnessSteps, *, ended: bool = False) -> None:
        now = self._clock.now()
        steps.take(worker.pipeline.windows, now, ended=ended)
        shortest, _ = self._readings(worker)
        fairness = [row for reading in shortest.values() for row in fairness_of(reading)]
        self._table.update(self._status(worker, shortest, fairness, now))

    def _readings(self, worker: Worker) -> tuple[dict[str, Reading], dict[str, Reading]]:
        """By model, the reading of the shortest and of the longest window; they end with the traffic at the latest.

        Windows move on with the wall clock, and those of a short run would be empty before all of it is scored.
        """
        event_time = min(worker.pipeline.windows.event_now(), self._started + self._options.seconds)
        shortest: dict[str, Reading] = {}
        longest: dict[str, Reading] = {}
        for reading in worker.pipeline.windows.measurements(event_time):
            shortest.setdefault(reading.model, reading)
            longest[reading.model] = reading
        return shortest, longest

    def _status(
        self, worker: Worker, shortest: Mapping[str, Reading], fairness: list[FairnessStatus], now: float
    ) -> DemoStatus:
        elapsed = max(0.0, now - self._started)
        events = int(worker.metrics.total("harmwatch_events_total"))
        return DemoStatus(
            elapsed_seconds=elapsed,
            total_seconds=self._options.seconds,
            events=events,
            events_per_second=events / max(elapsed, 1.0),
            verdicts=worker.tap.verdicts,
            lag_records=sum(worker.tap.lags.values()),
            lag_seconds=worker.status.recent().lag_seconds,
            dead_letters=worker.tap.dead_letters,
            models=[self._model(reading) for _, reading in sorted(shortest.items())],
            findings=dict(self._progress.findings),
            fairness=fairness,
            incidents=[
                IncidentStatus(
                    name=found.name,
                    model=found.model,
                    at_seconds=max(0.0, found.seen_at - self._started),
                    share=found.share,
                    baseline=found.baseline,
                    detail=found.detail,
                )
                for found in self._detector.detections
            ],
        )

    def _model(self, reading: Reading) -> ModelStatus:
        components, index = components_of(reading)
        harm: Any = reading.results.get("harm")
        events = int(harm.events) if isinstance(harm, HarmMeasurement) else 0
        shares: dict[str, float | None] = {}
        history = self._progress.histories[reading.model]
        for dimension in DIMENSIONS:
            component = components.get(dimension)
            value = component.value if component is not None and component.sufficient else None
            shares[dimension] = value
            history[dimension].append(value or 0.0)
            del history[dimension][:-_HISTORY]
        return ModelStatus(
            model=reading.model,
            events=events,
            events_per_second=events / (reading.window_seconds or 1.0),
            shares=shares,
            history={dimension: list(values) for dimension, values in history.items()},
            harm_index=index.sum.value if index is not None and index.sufficient else None,
        )

    def _summary(self, worker: Worker, traffic: Traffic) -> dict[str, Any]:
        events = int(worker.metrics.total("harmwatch_events_total"))
        elapsed = max(1e-3, self._clock.now() - self._started)
        outcome = judge(self._detector.detections, traffic.incidents, grace_seconds=self._options.seconds)
        _, longest = self._readings(worker)
        return {
            "events": events,
            "verdicts": len(self._progress.verdict_ids),
            "dead_letters": worker.tap.dead_letters,
            "events_per_second": round(events / elapsed, 1),
            "findings": dict(sorted(self._progress.findings.items())),
            "incidents": outcome.incidents,
            "false_alarms": len(outcome.false_alarms),
            "harm": {model: harm_of(reading) for model, reading in sorted(longest.items())},
            "expected": {
                "events": traffic.expected.calls,
                "verdicts": traffic.expected.directions,
                "dead_letters": traffic.expected.dead_letters,
            },
        }


def demo_config(options: DemoOptions, bootstrap_servers: str) -> WorkerConfig:
    """What the demo's worker is configured with; everything else is as it is by default."""
    # A disparity lasts for nearly half of the run: a third lies within it, however short the run. The other window
    # holds all of the run, and for some seconds more.
    window, all_of_it = options.seconds / 3, max(18.0, options.seconds * 4)
    plain = {
        "kafka": {"bootstrap_servers": bootstrap_servers, "worker_name": "demo", "group_id": "harmwatch-demo"},
        "topics": {"verdict_partitions": 1, "replication_factor": 1},
        "tap": {"commit_interval_seconds": 0.3},
        "windows": {"pane_seconds": min(1.0, options.seconds / 25), "windows_seconds": [window, all_of_it]},
        "web": {} if options.web_port is None else {"port": options.web_port},
        # Eight hundred calls a second on whatever machine this is: more than the encoders read on one core.
        "scorers": {"toxicity": {"kind": "ngrams"}},
        "drift": {
            "enabled": True,
            "features": _WATCHED,
            "attributes": ["gender"],
            "first": calls_of_reference(options.events),
            "ert_hours": 1.0,  # false alarms of a series; the run is over long before
        },
    }
    return validate(WorkerConfig, plain, "demo")


def calls_of_reference(events: int) -> int:
    """How many of the first calls of a model, and of a group, are what drift is measured against."""
    return max(20, min(1_000, events // 50))


async def _values(config: WorkerConfig, topic: str) -> AsyncIterator[bytes]:
    """Every value of a topic, from its beginning, as it comes."""
    consumer = AIOKafkaConsumer(topic, auto_offset_reset="earliest", **client_options(config.kafka))
    await consumer.start()
    try:
        async for message in consumer:
            if message.value is not None:
                yield message.value
    finally:
        await consumer.stop()


def harm_of(reading: Reading) -> dict[str, Any]:
    """H and its components; None for what docs/harm-index.md calls absent."""
    components, index = components_of(reading)
    return {
        "index": round(index.sum.value, 4) if index is not None and index.sufficient else None,
        "components": {
            name: round(part.value, 4) if part.value is not None and part.sufficient else None
            for name, part in components.items()
        },
    }
