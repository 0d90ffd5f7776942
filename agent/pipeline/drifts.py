"""Feeds drift detectors with scores, decisions and features of judged halves, and sets their metrics."""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Protocol

from agent.clock import Clock
from agent.config import DriftConfig
from agent.drift.places import Places
from agent.drift.reference_file import References, category_name
from agent.drift.series import Series
from agent.drift.vector_process import VectorWatch
from agent.drift.watch import DriftWatch, WatchPlan
from agent.events import Direction, FeatureValue
from agent.metrics import Metrics
from agent.pipeline.embeddings import vector_of
from agent.pipeline.judge import Judgement
from agent.pipeline.pending import Half
from agent.scoring.embedding import Vector
from agent.scoring.embedding.projection import components
from agent.windows.bounded import short_name

__all__ = ["VECTORS", "DriftMonitor", "HalfWatcher", "WatchedFeatures"]

_logger = logging.getLogger(__name__)

_LONGEST_NAME = 256

#: The label ``scorer`` of vectors that detectors did not get.
VECTORS = "embedding_detectors"
#: Ten windows of alibi-detect's detectors; and for MMD a kernel of a megabyte a series.
_FEWEST_VECTORS, _MOST_VECTORS = 200, 500
_MOST_MODELS = 8
_WARNING_SECONDS = 300.0


class HalfWatcher(Protocol):
    """Sees every half that has been judged."""

    def note(self, half: Half, judgement: Judgement) -> Sequence[tuple[str, float | str]]:
        """Take one half; gives what the windows are to count of it."""

    def look(self) -> None:
        """Called about once a second."""

    def close(self) -> None:
        """Called when the pipeline ends."""


class WatchedFeatures:
    """What is watched of a half.

    Features are named ``<direction>.<category>`` (scores), ``output.score`` and ``output.decision`` (of a deciding
    model), ``<direction>.features.<name>``, and ``<direction>.embedding.<number>`` (components of the vector).

    Parameters
    ----------
    names
        Names, or beginnings with a star after them.
    categories
        Of each scorer, by its name: a category that a scorer looked for and did not find has the score 0.
    components
        Of vectors of texts.
    directions
        Of the halves that a scorer looks at, by its name; both where it is not named.
    audits
        Of cascades, by name: the share of the calls that they see whole. Scores of others are no fair sample.
    """

    def __init__(
        self,
        names: Collection[str],
        categories: Mapping[str, Collection[str]],
        components: int = 8,
        directions: Mapping[str, Collection[Direction]] = {},
        audits: Mapping[str, float] = {},
    ) -> None:
        self._audits = audits
        self._categories = categories
        self._directions = directions
        self._components = components
        self._names = frozenset(name for name in names if not name.endswith("*"))
        self._prefixes = tuple(name[:-1] for name in names if name.endswith("*"))

    def of(self, half: Half, judgement: Judgement, vector: Vector | None = None) -> list[tuple[str, float | str]]:
        """Features by name: numbers, and names of categories. ``vector`` is that of the half's texts."""
        return [
            (feature, value)
            for feature, value in (*_given(half), *self._scores(half, judgement), *self._of_vector(half, vector))
            if len(feature) <= _LONGEST_NAME and self.takes(feature)
        ]

    def closed(self) -> list[str]:
        """Scores and decisions that there can be for everybody, by name, if every scorer looks at every half.

        What events name is not among them, nor are components.
        """
        scores = {
            f"{direction}.{category}"
            for scorer, categories in self._categories.items()
            for direction in self._directions.get(scorer, ("input", "output"))
            for category in categories
        }
        return sorted(filter(self.takes, {*scores, "output.score", "output.decision"}))

    def takes(self, feature: str) -> bool:
        """Whether a feature of that name is watched."""
        return feature in self._names or feature.startswith(self._prefixes)

    def _scores(self, half: Half, judgement: Judgement) -> Iterator[tuple[str, float]]:
        for scorer in judgement.verdict.scores:
            if self._audits and half.lot >= self._audits.get(scorer, 2.0):
                continue
            for category in self._categories[scorer]:
                yield f"{half.direction}.{category}", judgement.categories.get(category, 0.0)

    def _of_vector(self, half: Half, vector: Vector | None) -> Iterator[tuple[str, float]]:
        if vector is not None:
            for number, value in enumerate(components(vector, self._components)):
                yield f"{half.direction}.embedding.{number}", value


class DriftMonitor:
    """One for a pipeline. What it has learnt does not survive a restart, but for a reference from a file.

    Parameters
    ----------
    references
        For everybody; groups learn their own.

    Raises
    ------
    ConfigError
        For an unknown detector, or one whose package is not installed.
    """

    def __init__(
        self,
        config: DriftConfig,
        metrics: Metrics,
        features: WatchedFeatures,
        clock: Clock,
        references: References | None = None,
    ) -> None:
        embeddings = config.embeddings
        watches_vectors = embeddings.encoder is not None and bool(embeddings.detectors)
        plan = WatchPlan(
            numbers=config.numbers,
            categories=config.categories,
            first=config.first,
            # Those of vectors are as many again, and all together have one false alarm in that time.
            ert_hours=config.ert_hours * (2.0 if watches_vectors else 1.0),
            events_per_hour=config.events_per_hour,
            max_series_per_model=config.max_series,
            max_models=config.max_models,
            embedded_share=embeddings.share,
            components=len(config.components),
        )
        self._watch = DriftWatch(plan, references, clock)
        self._vectors = VectorWatch(_of_vectors(plan, config), clock) if watches_vectors else None
        self._places: list[Places] = [self._watch.places, *([self._vectors.places] if self._vectors else ())]
        self._clock = clock
        self._warn_at = clock.monotonic()
        self._metrics = metrics
        self._features = features
        self._attributes = frozenset(map(short_name, config.attributes))
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
        vector = vector_of(half, self._metrics.missing)
        watched = self._features.of(half, judgement, vector)
        if not half.call.representative:
            return watched  # detectors know no weights; what would be scored in any stratum is a fair sample
        for feature, value in watched:
            self._feed(Series(model, feature), value, time)
        for attribute, group in groups:
            for feature, value in watched:
                self._feed(Series(model, feature, attribute, group), value, time)
        if self._vectors is not None and vector is not None:
            feature = f"{half.direction}.embedding"
            if self._features.takes(feature):
                for series in (Series(model, feature), *(Series(model, feature, *group) for group in groups)):
                    offered = self._vectors.offer(series, vector, time)
                    if offered in ("busy", "error"):
                        self._metrics.missing(VECTORS, offered)
        return watched

    def _feed(self, series: Series, value: float | str, time: float) -> None:
        for detector in self._watch.observe(series, value, time):
            self._metrics.drift_detected(series.model, detector, series.label)

    def look(self) -> None:
        """Set the gauges, and tell what is not watched. Called about once a second."""
        if self._vectors is not None:
            for series, detector in self._vectors.reports():
                self._metrics.drift_detected(series.model, detector, series.label)
        shown: dict[tuple[Series, str], int] = {}
        of_vectors = () if self._vectors is None else self._vectors.readings()
        for series, detector, reading in chain(self._watch.readings(), of_vectors):
            key = (series, detector)
            if reading.observations != self._shown.get(key):
                self._metrics.set_drift(series.model, detector, series.label, reading.statistic, reading.threshold)
            shown[key] = reading.observations
        for series, detector in self._shown.keys() - shown.keys():
            self._metrics.set_drift(series.model, detector, series.label, None, None)
        self._shown = shown
        self._tell_who_has_no_place()

    def _tell_who_has_no_place(self) -> None:
        is_due = self._clock.monotonic() >= self._warn_at
        for places in self._places:
            for reason, observations in places.take_observations().items():
                self._metrics.drift_not_watched(reason, observations)
            if not is_due:
                continue
            models, series = places.take_names()
            if models or series:
                self._warn_at = self._clock.monotonic() + _WARNING_SECONDS
                _logger.warning(
                    "drift_not_watched models=%r series=%r see=drift.features,drift.max_series,drift.max_models",
                    models,
                    series,
                )

    def close(self) -> None:
        """End the process that watches vectors."""
        if self._vectors is not None:
            self._vectors.close()


def _of_vectors(plan: WatchPlan, config: DriftConfig) -> WatchPlan:
    most = config.embeddings.max_series
    halves = sum(map(config.watches, config.vectors))
    if not config.attributes:
        most = min(most, halves)
    elif most > halves:
        # Whole groups: places that are never filled would have their share of the false alarms.
        most -= most % halves
    return plan._replace(
        numbers=(),
        categories=(),
        vectors=config.embeddings.detectors,
        first=min(max(plan.first, _FEWEST_VECTORS), _MOST_VECTORS),
        max_series_per_model=most,
        components=0,
        max_models=min(plan.max_models, _MOST_MODELS),
    )


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
