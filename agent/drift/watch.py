"""Many detectors side by side: one for each model, feature and group, each with a reference of its own.

A series without a given reference makes one of its first observations, and measures the rate of its traffic with them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from math import ceil, isfinite
from typing import Any, NamedTuple, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from agent.clock import Clock, SystemClock
from agent.drift import detector_class
from agent.drift.base import Detector, Feed, Reading, expected_observations
from agent.drift.places import Places
from agent.drift.reference import CategoryReference, NumberReference, Reference, VectorReference, category_code
from agent.drift.reference_file import References
from agent.drift.series import Gone, Series
from agent.drift.thinned import ThinnedDetector
from agent.errors import ConfigError

__all__ = ["DriftWatch", "Series", "Value", "WatchPlan"]

Value: TypeAlias = float | str | NDArray[np.float32]
"""A number, the name of a category, or a vector of shape (d,)."""

_SECONDS_PER_HOUR = 3600.0
#: A burst of a replayed backlog must not make the rate, and so the run time, look endless.
_MOST_PER_HOUR = 10_000_000.0
_FEWEST_WINDOWS = 10.0
_LONGEST = 1e11
#: One in so many times is left out at either end: a caller whose clock stands at 1970 must not make traffic look thin.
_TRIMMED = 20


class WatchPlan(NamedTuple):
    """How to watch.

    Attributes
    ----------
    numbers, categories, vectors
        Rows of `agent.drift.DETECTORS`, fed numbers, categories and vectors.
    first
        Observations that make a reference where none is given.
    ert_hours
        Hours until the first false alarm of a model, on average, over all of its series together.
    events_per_hour
        Of each series; None to measure it while a reference is made. With a given reference it is needed.
    embedded_share
        Share of the events whose texts are embedded: series of embeddings have so many of ``events_per_hour``.
    max_series_per_model, max_models
        What is new beyond them is not watched: a stated false-alarm rate needs them fixed in advance. Who comes
        first, and who gives way: `agent.drift.places`.
    components
        Series of everybody that are components of vectors. They have places of their own, and false alarms too.
    """

    numbers: Sequence[str] = ("cusum",)
    categories: Sequence[str] = ("chi_square",)
    first: int = 1_000
    ert_hours: float = 168.0
    events_per_hour: float | None = None
    max_series_per_model: int = 160
    max_models: int = 100
    vectors: Sequence[str] = ()
    embedded_share: float = 1.0
    components: int = 0

    @property
    def places(self) -> int:
        """Series of a model among which false alarms are shared out."""
        return self.max_series_per_model + self.components

    def names(self, feed: Feed) -> Sequence[str]:
        """The detectors that are fed with it."""
        return {"number": self.numbers, "category": self.categories, "vector": self.vectors}[feed]


class DriftWatch:
    """Feeds detectors, and makes them when their reference is complete. One thread owns it.

    Parameters
    ----------
    references
        For series over everybody; groups always learn their own, since what is normal differs by group.
    clock
        Tells which models are silent.

    Attributes
    ----------
    places
        Who is watched.

    Raises
    ------
    ConfigError
        For an unknown detector, one that is fed something else, or a plan that cannot be kept.
    """

    def __init__(self, plan: WatchPlan, references: References | None = None, clock: Clock | None = None) -> None:
        self._plan = plan
        self._references = references or References()
        if plan.first < 20:
            raise ConfigError("drift: a reference needs at least 20 observations; raise drift.first")
        if not self._references.is_empty and plan.events_per_hour is None:
            raise ConfigError("drift: with a reference from a file set drift.events_per_hour as well")
        _need(plan.numbers, "number")
        _need(plan.categories, "category")
        _need(plan.vectors, "vector")
        self._made: dict[str, dict[Series, _Watched]] = {}
        self.places = Places(plan.max_series_per_model, plan.components, plan.max_models, clock or SystemClock())

    def observe(self, series: Series, value: Value, time: float) -> list[str]:
        """Feed one observation.

        Parameters
        ----------
        value
            A series takes what its reference is of, numbers, categories or vectors: what there are enough of first,
            where none is given. Others are left out.
        time
            When it happened, seconds.

        Returns
        -------
        list of str
            The detectors that reported drift with it.
        """
        has_place = self.places.admit(series)
        for gone in self.places.take_gone():
            self._drop(gone)
        if not has_place:
            return []
        of_model = self._made.setdefault(series.model, {})
        watched = of_model.get(series)
        if watched is None:
            given = self._references.find(series.model, series.feature) if series.attribute is None else None
            watched = of_model[series] = _Watched(series, self._plan, given)
        return watched.observe(value, time)

    def readings(self) -> Iterator[tuple[Series, str, Reading]]:
        """Series, detector and what it knows, of all whose reference is complete."""
        for of_model in self._made.values():
            for series, watched in of_model.items():
                for detector in watched.detectors:
                    yield series, detector.name, detector.reading()

    def readings_of(self, series: Series) -> list[tuple[str, Reading]]:
        """The same of one series; empty as long as its reference is not complete."""
        watched = self._made.get(series.model, {}).get(series)
        return [] if watched is None else [(detector.name, detector.reading()) for detector in watched.detectors]

    def forget(self, gone: Gone) -> None:
        """Drop series, and what was learnt of them."""
        self.places.forget(gone)
        self._drop(gone)

    def _drop(self, gone: Gone) -> None:
        of_model = self._made.get(gone.model, {})
        kept = {series: watched for series, watched in of_model.items() if not gone.holds(series)}
        if kept:
            self._made[gone.model] = kept
        else:
            self._made.pop(gone.model, None)


class _Watched:
    """One series: first its observations are collected, then its detectors are fed."""

    __slots__ = ("_collected", "_feed", "_plan", "_seed", "_share", "detectors")

    def __init__(self, series: Series, plan: WatchPlan, given: Reference | None) -> None:
        self._plan = plan
        self._feed: Feed | None = None
        self._share = plan.embedded_share if series.is_of_embeddings else 1.0
        # The same draws after a restart, and others for each series.
        self._seed = crc32(repr(series).encode("utf-8", "backslashreplace"))
        #: By what they are, with their times: one word where numbers are expected must not decide.
        self._collected: dict[Feed, tuple[list[Any], array[float]]] = {}
        self.detectors: list[Detector | ThinnedDetector] = []
        if given is not None and plan.events_per_hour is not None:
            # The reference says what the feature is; a stream of something else is not fed, and has no reading.
            self._feed = "category" if isinstance(given, CategoryReference) else "number"
            self._make(self._feed, given, plan.events_per_hour * self._share)

    def observe(self, value: Value, time: float) -> list[str]:
        feed = _feed_of(value)
        if self._feed not in (None, feed):
            return []
        if self.detectors:
            return [detector.name for detector in self.detectors if detector.observe(value)]
        if not self._plan.names(feed) or not _is_finite(value):
            return []
        sample, times = self._collected.setdefault(feed, ([], array("d")))
        times.append(time)
        sample.append(category_code(value) if isinstance(value, str) else value)
        if len(sample) == self._plan.first:
            self._feed, self._collected = feed, {}
            self._learn(feed, sample, times)
        return []

    def _learn(self, feed: Feed, sample: Any, times: Sequence[float]) -> None:
        given = self._plan.events_per_hour
        rate = _events_per_hour(times) if given is None else given * self._share
        of_sample: Any = {
            "number": NumberReference.of,
            "category": CategoryReference.of_codes,
            "vector": VectorReference,
        }
        self._make(feed, of_sample[feed](sample), rate)

    def _make(self, feed: Feed, reference: Reference | VectorReference, events_per_hour: float) -> None:
        plan = self._plan
        names = plan.names(feed)
        if not names:
            return
        wanted = expected_observations(plan.ert_hours, events_per_hour, plan.places * len(names))
        for name in names:
            made = detector_class(name)
            # On traffic this thin a run of ten windows is the shortest that can be promised; it is the longer one.
            shortest = max(20.0, _FEWEST_WINDOWS * getattr(made, "default_window", 0))
            longest = getattr(made, "longest", _LONGEST)
            every = ceil(min(wanted, _LONGEST) / longest)
            ert = min(max(wanted / every, shortest), longest)
            detector: Detector = made(reference, ert, seed=self._seed)
            self.detectors.append(detector if every == 1 else ThinnedDetector(detector, every))


def _events_per_hour(times: Sequence[float]) -> float:
    """Of event times as they came, twenty at least: how fast those in the middle follow each other."""
    trimmed = max(1, len(times) // _TRIMMED)
    middle = sorted(times)[trimmed:-trimmed]
    hours = max(middle[-1] - middle[0], 1e-3) / _SECONDS_PER_HOUR
    return min((len(middle) - 1) / hours, _MOST_PER_HOUR)


def _feed_of(value: Value) -> Feed:
    if isinstance(value, str):
        return "category"
    return "vector" if isinstance(value, np.ndarray) else "number"


def _is_finite(value: Value) -> bool:
    if isinstance(value, np.ndarray):
        return bool(np.isfinite(value).all())
    return isinstance(value, str) or isfinite(value)


def _need(names: Sequence[str], feed: Feed) -> None:
    for name in names:
        if detector_class(name).feeds != feed:
            raise ConfigError(f"drift: the detector {name} is not fed with a {feed}")
        # Here and not with the first reference, when events are waiting.
        detector_class(name).prepare()
