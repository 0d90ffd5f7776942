"""Feeds drift detectors with scores, decisions and features of judged halves, and sets their metrics."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping

from agent.config import DriftConfig
from agent.drift.reference_file import References, category_name
from agent.drift.watch import DriftWatch, Series, WatchPlan
from agent.events import FeatureValue
from agent.metrics import Metrics
from agent.pipeline.judge import Judgement
from agent.pipeline.pending import Half
from agent.windows.bounded import short_name

__all__ = ["DriftMonitor"]

_LONGEST_NAME = 256


class DriftMonitor:
    """One for a pipeline. What it has learnt does not survive a restart, but for a reference from a file.

    Features are named ``<direction>.<category>`` (scores), ``output.score`` and ``output.decision`` (of a deciding
    model), and ``<direction>.features.<name>``.

    Parameters
    ----------
    categories
        Of each scorer, by its name: a category that a scorer looked for and did not find has the score 0.
    references
        For everybody; groups learn their own.

    Raises
    ------
    ConfigError
        For an unknown detector.
    """

    def __init__(
        self,
        config: DriftConfig,
        metrics: Metrics,
        categories: Mapping[str, Collection[str]],
        references: References | None = None,
    ) -> None:
        plan = WatchPlan(
            numbers=config.numbers,
            categories=config.categories,
            first=config.first,
            ert_hours=config.ert_hours,
            events_per_hour=config.events_per_hour,
            max_series_per_model=config.max_series,
            max_models=config.max_models,
        )
        self._watch = DriftWatch(plan, references)
        self._metrics = metrics
        self._categories = categories
        self._attributes = frozenset(map(short_name, config.attributes))
        self._names = frozenset(name for name in config.features if not name.endswith("*"))
        self._prefixes = tuple(name[:-1] for name in config.features if name.endswith("*"))
        # Observations of each series when its gauges were last set: what stands still is not set again, so that the
        # gauges of a model that has gone stay away.
        self._shown: dict[tuple[Series, str], int] = {}

    def note(self, half: Half, judgement: Judgement) -> list[tuple[str, float | str]]:
        """Feed one half that has been judged; gives what is watched of it."""
        model, time = half.call.model, half.time
        attributes = half.event.attributes or half.call.attributes
        # Under the names that fairness figures have.
        named = [(short_name(name), short_name(group)) for name, group in attributes.items()]
        groups = [(name, group) for name, group in named if group and name in self._attributes]
        watched = [
            (feature, value)
            for feature, value in (*_given(half), *self._scores(half, judgement))
            if len(feature) <= _LONGEST_NAME and (feature in self._names or feature.startswith(self._prefixes))
        ]
        for feature, value in watched:
            self._feed(Series(model, feature), value, time)
            for attribute, group in groups:
                self._feed(Series(model, feature, attribute, group), value, time)
        return watched

    def _feed(self, series: Series, value: float | str, time: float) -> None:
        for detector in self._watch.observe(series, value, time):
            self._metrics.drift_detected(series.model, detector, series.label)

    def _scores(self, half: Half, judgement: Judgement) -> Iterator[tuple[str, float]]:
        for scorer in judgement.verdict.scores:
            for category in self._categories[scorer]:
                yield f"{half.direction}.{category}", judgement.categories.get(category, 0.0)

    def look(self) -> None:
        """Set the gauges. Called about once a second."""
        shown: dict[tuple[Series, str], int] = {}
        for series, detector, reading in self._watch.readings():
            key = (series, detector)
            if reading.observations != self._shown.get(key):
                self._metrics.set_drift(series.model, detector, series.label, reading.statistic, reading.threshold)
            shown[key] = reading.observations
        for series, detector in self._shown.keys() - shown.keys():
            self._metrics.set_drift(series.model, detector, series.label, None, None)
        self._shown = shown


def _given(half: Half) -> Iterator[tuple[str, float | str]]:
    """What the event itself holds."""
    direction = half.direction
    payload = half.event.payload(direction)
    if payload is None:
        return
    if direction == "output":
        if payload.score is not None:
            yield "output.score", payload.score
        if payload.decision is not None:
            yield "output.decision", payload.decision
    for name, value in (payload.features or {}).items():
        if value is not None:
            yield f"{direction}.features.{name}", _plain(value)


def _plain(value: FeatureValue) -> float | str:
    if isinstance(value, (str, bool)):
        return category_name(value)
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:  # an integer of more than 308 digits
        return sys.float_info.max if value > 0 else -sys.float_info.max  # type: ignore[operator]
