"""The composition root: everything `harmwatch run` needs, put together from its configuration."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import platform
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from agent import __version__
from agent.calibration import Calibration
from agent.clock import Clock, SystemClock
from agent.errors import TransportError
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, build_pipeline
from agent.scoring import load_scorer
from agent.scoring.cascade import cascaded
from streams.access.clients import client_options
from streams.access.watch import AccessWatch, explained
from streams.audit import AuditLog, FindingMarked
from streams.collector import calm_the_collector
from streams.config import WorkerConfig
from streams.config_file import ConfigFile
from streams.console import FeedbackDesk, FeedbackFeed
from streams.console.feedback import Feedback
from streams.contact import BrokerContact
from streams.ending import run_to_its_end
from streams.formats import Decoder
from streams.front import Face, Front, web_port
from streams.kafka_log import KafkaLogReader
from streams.kafka_sink import KafkaSink
from streams.kafka_source import KafkaSource
from streams.kafka_state import KafkaStateReader
from streams.label_feed import LabelFeed
from streams.reload import Reloader
from streams.state_owner import StateOwner, refuse_foreign_state
from streams.status import Status
from streams.tap import Tap
from streams.topics import ensure_topics
from streams.trust.files import check_files, look_at_files
from streams.watchdog import Watchdog
from streams.web.access import read_tokens
from streams.web.tls import server_tls

__all__ = ["Worker", "run_worker"]

_logger = logging.getLogger(__name__)

_AUDIT_PATIENCE_SECONDS = 10.0
_AUDIT_BYTES = 64 * 1024


#: An operator who marks a finding waits for the broker no longer than that.
_MARK_SECONDS = 5.0
_LAST_SECONDS = 5.0
_MARK_BYTES = 64 * 1024


class FeedbackParts(NamedTuple):
    """Where marks are written, and where they are read."""

    desk: FeedbackDesk
    feed: FeedbackFeed


@dataclass(slots=True)
class Worker:
    """A worker's parts, for whoever runs or watches one (the command, the demo, tests).

    Attributes
    ----------
    config
        What it was built with.
    reloader
        Has what runs since; None for a worker that has no file.
    source_partitions
        Of the topics of events, once a broker has told; 0 before.
    """

    config: WorkerConfig
    pipeline: Pipeline
    tap: Tap
    web: Front
    status: Status
    metrics: Metrics
    contact: BrokerContact
    reloader: Reloader | None = None
    feedback: FeedbackParts | None = None
    source_partitions: int = 0

    @classmethod
    def build(
        cls,
        config: WorkerConfig,
        clock: Clock | None = None,
        file: ConfigFile | None = None,
        *,
        revise: Callable[[WorkerConfig], WorkerConfig] = lambda config: config,
        front: Callable[[WorkerConfig, Face, Clock], Front] = web_port,
    ) -> Worker:
        """Put a worker together. Connects to nothing and loads no model.

        Parameters
        ----------
        file
            What the configuration was read from, to be watched.
        revise
            Makes of what the file says what ``config`` is; for a worker that runs otherwise than its file has it.
        front
            Makes what shows the worker to the outside.

        Raises
        ------
        ConfigError
            For what only shows when the parts are made: unknown scorers, options, formats, unreadable certificates.
        """
        clock = clock or SystemClock()
        check_files(config, config.trust)
        metrics = Metrics(
            new_registry(),
            series_budget=config.metrics.max_series,
            model_budget=config.metrics.max_models,
            clock=clock,
        )
        metrics.build_info(__version__, platform.python_version())
        tap_box: list[Tap] = []
        pipeline = build_pipeline(
            config,
            metrics=metrics,
            clock=clock,
            max_records=config.tap.max_in_flight_records,
            on_done=lambda: tap_box[0].wake(),
            filtering=config.topics.filtered is not None,
            sanitising=config.topics.sanitised is not None,
            late_labels=config.topics.labels is not None,
        )
        metrics.started(clock.now())
        watchdog, contact = Watchdog(clock, config.tap.stall_seconds), BrokerContact(clock, metrics)
        topics = config.topics
        tap = Tap(
            config=config,
            source=KafkaSource(config.kafka, topics.events, max_record_bytes=config.tap.max_record_bytes),
            sink=KafkaSink(
                config.kafka,
                patience_seconds=config.tap.sink_patience_seconds,
                max_message_bytes=config.tap.max_record_bytes + 1024 * 1024,
                clock=clock,
            ),
            state_reader=KafkaStateReader(config.kafka, rank=StateOwner.of(config).rank),
            label_feed=_label_feed(config, pipeline, clock),
            decoder=Decoder(topics.formats, config.tap.max_record_bytes),
            pipeline=pipeline,
            metrics=metrics,
            watchdog=watchdog,
            contact=contact,
            clock=clock,
        )
        tap_box.append(tap)
        status = Status(config, pipeline, tap, watchdog, contact, metrics, clock)
        tap.observer = status.console
        audit = None if file is None else _audit_log(config, clock)
        reloader = (
            None if file is None or audit is None else _reloader(file, config, pipeline, metrics, clock, audit, revise)
        )
        feedback = _feedback(config, status, metrics, clock, audit)
        face = Face(
            status,
            feedback.desk if feedback else None,
            lambda: audit.recent if audit else (),
            None if reloader is None else lambda by: reloader.look("api", by),
        )
        metrics.config_taken(clock.now(), file.sha256 if file else "")
        return cls(config, pipeline, tap, front(config, face, clock), status, metrics, contact, reloader, feedback)

    def install_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        """SIGTERM and SIGINT drain; a second one ends at once, by Python's default. SIGHUP looks at the file."""

        def drain(number: signal.Signals) -> None:
            _logger.info("draining signal=%s", number.name)
            self.tap.request_stop()
            loop.remove_signal_handler(number)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, drain, number)
        if self.reloader is not None:
            # Not add_signal_handler: when the loop closes, SIGHUP would be left to its default, which ends the process.
            request = self.reloader.request
            signal.signal(signal.SIGHUP, lambda _number, _frame: loop.is_closed() or loop.call_soon_threadsafe(request))

    async def run(self) -> None:
        """Warm up, serve the web port, tap until asked to stop, drain.

        Raises
        ------
        HarmwatchError
            When a model cannot be loaded, topics are wrong, the broker stays away, or dead letters pass their limit.
        """
        from streams.faust_app import Host

        await self.web.start()
        try:
            pane_partitions = await self._ready()
            calm_the_collector()
            if self.tap.stopping:
                return
            async with self._beside():
                await Host(self.config, self.tap, self.status, pane_partitions).run()
        except TransportError as error:
            raise await explained(self.config, error) from None
        finally:
            await self.web.stop()
            if self.feedback:
                await self.feedback.desk.stop()

    @contextlib.asynccontextmanager
    async def _beside(self) -> AsyncIterator[None]:
        """What runs beside the tap: the watches over the file and our access, and the reader of marks."""
        reading = [asyncio.create_task(AccessWatch(self.config, self.contact).run())]
        if self.feedback:
            reading.append(asyncio.create_task(self.feedback.feed.run()))
        try:
            async with contextlib.nullcontext() if self.reloader is None else self.reloader.running():
                yield
        finally:
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)

    async def _ready(self) -> int:
        """Ask the broker while models warm up: a start that takes minutes is no broker that does not answer."""

        async def warm_up() -> None:
            await asyncio.to_thread(self.pipeline.warm_up)
            self.status.warm = True

        asking = asyncio.create_task(self._topics_within(self.config.tap.sink_patience_seconds))
        both = (asyncio.create_task(warm_up()), asking)
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_EXCEPTION)
            for task in both:
                if task.done():
                    task.result()
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
        return asking.result()

    async def _topics_within(self, patience_seconds: float) -> int:
        """A broker that is still starting is waited for, like one that goes away later."""
        deadline = asyncio.get_running_loop().time() + patience_seconds
        while True:
            self.contact.asked()
            try:
                topics = await self.tap.stop.unless_asked(ensure_topics(self.config))
                if topics is None:
                    return 0
                self.source_partitions = topics.events
                self.contact.answered()
                await self.tap.stop.unless_asked(refuse_foreign_state(self.config))
                return topics.panes
            except TransportError as error:
                if asyncio.get_running_loop().time() >= deadline:
                    raise
                _logger.warning("waiting_for_broker reason=%s", error)
                await self.tap.stop.unless_asked(asyncio.sleep(2.0))
                if self.tap.stopping:
                    return 0


def _feedback(
    config: WorkerConfig, status: Status, metrics: Metrics, clock: Clock, audit: AuditLog | None
) -> FeedbackParts | None:
    topic = config.topics.feedback
    if topic is None:
        return None

    def new_sink() -> KafkaSink:
        return KafkaSink(
            config.kafka,
            patience_seconds=_MARK_SECONDS,
            max_message_bytes=_MARK_BYTES,
            clock=clock,
            request_seconds=_MARK_SECONDS / 2,
            missing_seconds=0.0,
        )

    console = status.console

    def noted(mark: Feedback, correct: bool | None) -> None:
        if audit is not None:
            audit.note_mark(_marked(config, mark, correct))

    desk = FeedbackDesk(topic, console.recent, console.book, new_sink, clock, metrics.feedback, noted)
    return FeedbackParts(desk, FeedbackFeed(KafkaLogReader(config.kafka, topic), console.book, clock))


def _label_feed(config: WorkerConfig, pipeline: Pipeline, clock: Clock) -> LabelFeed | None:
    if pipeline.late_labels is None or config.topics.labels is None:
        return None
    reader = KafkaLogReader(config.kafka, config.topics.labels)
    # Where events are read from their beginning, so are labels.
    earlier = None if config.kafka.auto_offset_reset == "earliest" else config.labels.early_seconds
    return LabelFeed(reader, pipeline.late_labels, clock, earlier)


def _marked(config: WorkerConfig, mark: Feedback, correct: bool | None) -> FindingMarked:
    return FindingMarked(
        time=mark.marked_at,
        worker=config.kafka.worker_name,
        group=config.kafka.group_id,
        version=__version__,
        by=mark.marked_by,
        id=mark.id,
        category=mark.category,
        model=mark.model,
        correct=correct,
    )


def _audit_log(config: WorkerConfig, clock: Clock) -> AuditLog:
    def new_sink() -> KafkaSink:
        kafka = config.kafka
        return KafkaSink(kafka, patience_seconds=_AUDIT_PATIENCE_SECONDS, max_message_bytes=_AUDIT_BYTES, clock=clock)

    return AuditLog(new_sink, config.topics.audit)


def _reloader(
    file: ConfigFile,
    config: WorkerConfig,
    pipeline: Pipeline,
    metrics: Metrics,
    clock: Clock,
    audit: AuditLog,
    revise: Callable[[WorkerConfig], WorkerConfig],
) -> Reloader:
    def apply(revised: WorkerConfig) -> None:
        # The tap polls on this same event loop: nothing is ever half judged by one configuration.
        pipeline.rules.revise(revised)
        if pipeline.sampler is not None:
            pipeline.sampler.revise(revised.overload)
        if revised.log_level != reloader.config.log_level:
            logging.getLogger().setLevel(revised.log_level)

    reloader = Reloader(
        file, config, apply=apply, check=_check, audit=audit, metrics=metrics, clock=clock, revise=revise
    )
    return reloader


def _check(config: WorkerConfig) -> None:
    """What would keep a worker from starting, as far as it costs neither much time nor much memory to tell.

    Raises
    ------
    ConfigError
        For unknown scorers, options and formats, and files that cannot be read.
    """
    for name, section in config.scorers.items():
        if section.enabled:
            cascaded(load_scorer(name, section.options, section.kind), section)
            if section.calibration is not None:
                Calibration.load(section.calibration)
    Decoder(config.topics.formats, config.tap.max_record_bytes)
    client_options(config.kafka)
    look_at_files(config, config.trust)
    server_tls(config.web.tls)
    if config.web.tokens_file is not None:
        read_tokens(config.web.tokens_file)


def run_worker(
    config: WorkerConfig,
    file: ConfigFile | None = None,
    revise: Callable[[WorkerConfig], WorkerConfig] = lambda config: config,
) -> Mapping[str, Any]:
    """Run a worker until SIGTERM or SIGINT; gives back the last status.

    Parameters
    ----------
    file
        What the configuration was read from, to be watched.
    revise
        As `Worker.build` has it.
    """

    async def main() -> Mapping[str, Any]:
        worker = Worker.build(config, file=file, revise=revise)
        worker.install_signals(asyncio.get_running_loop())
        await worker.run()
        return worker.status.snapshot()

    return run_to_its_end(main(), _LAST_SECONDS)
