"""What the web port tells: alive, ready, and the console's figures."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection
from typing import Any

from agent import __version__
from agent.clock import Clock
from agent.errors import StateError
from agent.metrics import Metrics
from agent.metrics.frozen import FrozenMetrics
from agent.pipeline import Pipeline
from agent.pipeline.build import build_windows
from agent.pipeline.export import components_of, window_name
from agent.scores import DIMENSIONS
from agent.windows.base import Component
from agent.windows.codec import peek
from agent.windows.engine import Reading, WindowEngine
from agent.windows.harm import HarmMeasurement
from streams.config import WorkerConfig
from streams.console import ConsoleWatch
from streams.console.counted import categories_found, stages_timed
from streams.console.judged import judged_ever
from streams.console.rates import Recent
from streams.contact import BrokerContact
from streams.ports import Headers, Partition
from streams.state_owner import StateOwner
from streams.tap import Tap
from streams.watchdog import Watchdog
from streams.web import Health, Readiness
from streams.web import Status as StatusPage
from streams.web.status import (
    ComponentState,
    ComponentStatus,
    ModelStatus,
    PartitionStatus,
    PipelineStatus,
)

__all__ = ["Status"]

_logger = logging.getLogger(__name__)

_HISTORY = 60
_WARNING_SECONDS = 300.0


class Status:
    """Reads the worker's parts; changes nothing.

    Attributes
    ----------
    warm
        Models are loaded.
    fleet
        Window state of all workers, merged from the pane topic.
    console
        What the console remembers; the tap's observer.
    """

    def __init__(
        self,
        config: WorkerConfig,
        pipeline: Pipeline,
        tap: Tap,
        watchdog: Watchdog,
        contact: BrokerContact,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._config = config
        self._pipeline = pipeline
        self._tap = tap
        self._watchdog = watchdog
        self._contact = contact
        self._metrics = metrics
        self._clock = clock
        self._started = clock.now()
        self._owner = StateOwner.of(config)
        self._warn_at = -math.inf
        self.warm = False
        self.fleet = build_windows(config, clock)
        pipeline.read_from(self.merged)
        self.console = ConsoleWatch(
            self.merged,
            metrics,
            clock,
            config.campaigns.quiet_seconds,
            marks=config.topics.feedback is not None,
            evidence=lambda: pipeline.rules.current.publishes,
        )

    def health(self) -> Health:
        """Alive: offsets move or lag is zero, and a broker says so."""
        silence = self._contact.silence()
        if silence > self._config.tap.stall_seconds:
            return Health(False, f"no broker has answered for {silence:.0f} s")
        return Health(self._watchdog.alive(), self._watchdog.reason())

    def liveness(self) -> Health:
        """Whether a restart would not help: so it asks for none because of a broker, which no restart brings back.

        Partitions that stand still are held against the worker for the time in which brokers answered, and told that
        records wait in them: that a partition has no leader is told by `health`.
        """
        if self._contact.silent:
            return Health(True, f"no broker has answered for {self._contact.silence():.0f} s: a restart would not help")
        if hung := self._watchdog.hung(self._contact.steady_since):
            return Health(False, self._watchdog.reason(hung))
        return Health(True, "running")

    def readiness(self) -> Readiness:
        """Ready: models warm, partitions assigned and restored, a broker answers, not draining."""
        missing = []
        if not self.warm:
            missing.append("models")
        if not self._tap.assigned:
            missing.append("partitions")
        if self._contact.silent:
            missing.append("broker")
        if self._tap.stopping:
            missing.append("draining")
        return Readiness(not missing, tuple(missing))

    def freeze_metrics(self) -> FrozenMetrics:
        """What a scrape sees, readiness as of now included."""
        self._metrics.ready(self.readiness().ready)
        return self._metrics.freeze()

    def snapshot(self, *, nearly_all_signs: bool = False) -> StatusPage:
        """Everything the console shows, and `demo` at its end. For ``nearly_all_signs`` see `streams.console.signs`."""
        pipeline = self._pipeline_status()
        return StatusPage(
            version=__version__,
            now=self._clock.now(),
            started=self._started,
            pipeline=pipeline,
            signs=self.console.signs(self.health(), self.readiness(), pipeline, nearly_all=nearly_all_signs),
            windows=self.console.windows(),
            models=self._models(),
            findings=categories_found(self._metrics),
            partitions=[
                PartitionStatus(topic=partition.topic, partition=partition.number, lag=lag)
                for partition, lag in sorted(self._lags().items())
            ],
            stages=stages_timed(self._metrics),
            configuration=self.console.configuration(),
        )

    def _pipeline_status(self) -> PipelineStatus:
        def number(name: str) -> int:
            return round(self._metrics.total(f"harmwatch_{name}_total"))

        recent, lags = self.recent(), self._lags()
        known = [lag for lag in lags.values() if lag is not None]
        return PipelineStatus(
            events=number("events"),
            events_per_second=recent.events_per_second,
            scored=number("scored"),
            findings=number("findings"),
            missing_scores=number("missing_scores"),
            dead_letters=number("dead_letters"),
            duplicates=number("duplicates"),
            lag_records=sum(known) if len(known) == len(lags) else None,
            lag_seconds=self._lag_seconds(recent),
            queue_depth=self._pipeline.in_flight,
            queue_capacity=self._config.tap.max_in_flight_records,
            sampling_ratio=1.0 if (sampler := self._pipeline.sampler) is None else sampler.ratio,
            shedding=sampler is not None and sampler.is_shedding,
            series=self._metrics.series_in_use,
            series_budget=self._config.metrics.max_series,
        )

    def _lags(self) -> dict[Partition, int | None]:
        """By assigned partition; None where it is not known."""
        return {partition: self._tap.lags.get(partition) for partition in self._tap.committed}

    def _lag_seconds(self, recent: Recent) -> float | None:
        """Of what was finished, or of what waits: while nothing is finished the latter alone says how it is."""
        since = self._tap.waiting_since
        waiting = None if since is None else max(0.0, self._clock.now() - since)
        return max((lag for lag in (recent.lag_seconds, waiting) if lag is not None), default=None)

    def recent(self) -> Recent:
        """Rates of the last ten seconds."""
        return self.console.rates.recent()

    def take_pane(self, value: bytes, headers: Headers = ()) -> None:
        """A value of the pane topic, of whichever worker; passed over when it is no state of this group and topics."""
        stranger = self._owner.stranger(headers)
        if stranger is not None:
            self._warn_of(stranger)
            return
        try:
            if peek(value).topic in self._owner.topics:
                self.fleet.absorb(value)
        except StateError as error:
            _logger.warning("pane_unreadable reason=%s", error)

    def _warn_of(self, stranger: str) -> None:
        if self._clock.monotonic() >= self._warn_at:
            self._warn_at = self._clock.monotonic() + _WARNING_SECONDS
            topic = self._config.topics.panes
            _logger.error("panes_of_another_group topic=%s group=%r set=topics.panes", topic, stranger)

    def merged(self) -> WindowEngine:
        """The window state of all workers; this one's own, which is a little newer, where there are no others."""
        own = self._pipeline.windows
        return self.fleet if set(self.fleet.partitions) - set(own.partitions) else own

    def _models(self) -> list[ModelStatus]:
        """The longest window of each model; of all workers together when there are others."""
        longest = self.console.longest()
        judged = judged_ever(self.merged(), {name for name, reading in longest.items() if not _events(reading)})
        return [self._model(reading, judged.get(name, set())) for name, reading in longest.items()]

    def _model(self, reading: Reading, judged: Collection[str]) -> ModelStatus:
        """``judged`` is what was measured before, of a model without events of late."""
        components, index = components_of(reading)
        harm: Any = reading.results.get("harm")
        known = isinstance(harm, HarmMeasurement)
        if index is not None and not index.sufficient:
            index = None  # as /metrics has it: too few events give no figure rather than a noisy one
        length = reading.window_seconds or 0.0
        return ModelStatus(
            name=reading.model,
            window=window_name(length),
            # Both with weights: beside what was found in a sample stands what it was found in, and not the sample.
            events=round(harm.weight) if known else 0,
            findings=round(sum(sum(by_category.values()) for by_category in harm.categories.values())) if known else 0,
            index={
                "sum": index.sum.value if index is not None else None,
                "union": index.union.value if index is not None else None,
            },
            bounds={"lower": index.sum.lower, "upper": index.sum.upper} if index is not None else {},
            components={name: _component(components.get(name), name in judged) for name in DIMENSIONS},
            without_texts=known and harm.without_texts,
            history=self.console.histories.sums(reading.model, length, _HISTORY),
        )


def _events(reading: Reading) -> float:
    harm = reading.results.get("harm")
    return harm.events if isinstance(harm, HarmMeasurement) else 0.0


def _component(part: Component | None, judged: bool) -> ComponentStatus:
    if part is None or part.value is None:
        # Traffic that has ended is not traffic that nobody judges.
        state: ComponentState = "too_few" if judged else "not_measured"
        return ComponentStatus(state=state, value=None, lower=None, upper=None, n=0)
    return ComponentStatus(
        state="measured" if part.sufficient else "too_few",
        value=part.value if part.sufficient else None,
        lower=part.lower,
        upper=part.upper,
        n=int(part.count),
    )
