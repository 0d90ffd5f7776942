"""What the web port tells: alive, ready, and the console's figures."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, cast

from agent import __version__
from agent.clock import Clock
from agent.metrics import Metrics
from agent.pipeline import Pipeline
from agent.pipeline.build import build_windows
from agent.pipeline.export import components_of, window_name
from agent.scores import Dimension
from agent.windows.engine import Reading
from agent.windows.harm import HarmMeasurement
from streams.config import WorkerConfig
from streams.tap import Tap
from streams.watchdog import Watchdog
from streams.web import Health, Readiness
from streams.web import Status as StatusPage
from streams.web.status import CategoryStatus, ComponentStatus, ModelStatus, PartitionStatus, PipelineStatus

__all__ = ["Status"]

_HISTORY = 60


class Status:
    """Reads the worker's parts; changes nothing but its own history of H.

    Attributes
    ----------
    warm
        Models are loaded.
    fleet
        Window state of all workers, merged from the pane topic.
    side_restarts
        How often the Faust application had to be built anew.
    """

    def __init__(
        self,
        config: WorkerConfig,
        pipeline: Pipeline,
        tap: Tap,
        watchdog: Watchdog,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._config = config
        self._pipeline = pipeline
        self._tap = tap
        self._watchdog = watchdog
        self._metrics = metrics
        self._clock = clock
        self._started = clock.now()
        self._history: dict[str, list[float]] = defaultdict(list)
        self.warm = False
        self.side_restarts = 0
        self.fleet = build_windows(config, clock)

    def health(self) -> Health:
        """Alive: offsets move or lag is zero."""
        return Health(self._watchdog.alive(), self._watchdog.reason())

    def readiness(self) -> Readiness:
        """Ready: models warm, partitions assigned and restored, not draining."""
        missing = []
        if not self.warm:
            missing.append("models")
        if not self._tap.assigned:
            missing.append("partitions")
        if self._tap.stopping:
            missing.append("draining")
        return Readiness(not missing, tuple(missing))

    def snapshot(self) -> StatusPage:
        """Everything the console shows, and `demo` at its end."""
        totals = self.totals()
        return StatusPage(
            version=__version__,
            now=self._clock.now(),
            started=self._started,
            pipeline=self._pipeline_status(totals),
            models=self._models(),
            findings=self._findings(),
            partitions=[
                PartitionStatus(topic=partition.topic, partition=partition.number, lag=lag)
                for partition, lag in sorted(self._tap.lags.items())
            ],
        )

    def totals(self) -> dict[str, float]:
        """Sum of each counter and gauge of ours over its labels, by sample name."""
        totals: dict[str, float] = defaultdict(float)
        for family in self._metrics.collect():
            if family.type in ("counter", "gauge"):
                for sample in family.samples:
                    totals[sample.name] += sample.value
        return dict(totals)

    def _pipeline_status(self, totals: dict[str, float]) -> PipelineStatus:
        def number(name: str) -> int:
            return int(totals.get(name, 0.0))

        elapsed = max(1e-3, self._clock.now() - self._started)
        return PipelineStatus(
            events=number("harmwatch_events_total"),
            events_per_second=totals.get("harmwatch_events_total", 0.0) / elapsed,
            scored=number("harmwatch_scored_total"),
            findings=number("harmwatch_findings_total"),
            missing_scores=number("harmwatch_missing_scores_total"),
            dead_letters=number("harmwatch_dead_letters_total"),
            duplicates=number("harmwatch_duplicates_total"),
            lag_records=sum(self._tap.lags.values()),
            queue_depth=self._pipeline.in_flight,
            queue_capacity=self._config.tap.max_in_flight_records,
            sampling_ratio=1.0,
            series=number("harmwatch_series"),
            series_budget=self._config.metrics.max_series,
        )

    def _models(self) -> list[ModelStatus]:
        """The longest window of each model."""
        longest: dict[str, Reading] = {}
        for reading in self._pipeline.windows.measurements():
            longest[reading.model] = reading
        return [self._model(reading) for _, reading in sorted(longest.items())]

    def _model(self, reading: Reading) -> ModelStatus:
        components, index = components_of(reading)
        harm: Any = reading.results.get("harm")
        known = isinstance(harm, HarmMeasurement)
        total = index.sum.value if index is not None else None
        history = self._history[reading.model]
        if total is not None:
            history.append(total)
            del history[:-_HISTORY]
        return ModelStatus(
            name=reading.model,
            window=window_name(reading.window_seconds or 0.0),
            events=int(harm.events) if known else 0,
            findings=int(sum(sum(by_category.values()) for by_category in harm.categories.values())) if known else 0,
            index={"sum": total, "union": index.union.value if index is not None else None},
            components={
                name: ComponentStatus(
                    value=part.value if part.sufficient else None,
                    lower=part.lower,
                    upper=part.upper,
                    n=int(part.count),
                )
                for name, part in components.items()
            },
            history=list(history),
        )

    def _findings(self) -> list[CategoryStatus]:
        counts: dict[tuple[str, str], int] = defaultdict(int)
        for family in self._metrics.collect():
            if family.name == "harmwatch_findings":
                for sample in family.samples:
                    counts[sample.labels["category"], sample.labels["dimension"]] += int(sample.value)
        return [
            CategoryStatus(category=category, dimension=cast(Dimension, dimension), count=count)
            for (category, dimension), count in sorted(counts.items(), key=lambda item: -item[1])
        ]
