"""The metrics of several processes as those of one worker.

Each process counts from zero and tells what it has come to; here only the growth since it was last heard is added. So
what a process has told stays when it dies, a counter never falls, and the next process in its place begins from zero
again. Label sets find their place, or share `other`, as in a single worker: by the same caps and the same budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from prometheus_client import CollectorRegistry

from agent.metrics.catalogue import CATALOGUE, LIMITS, MetricSpec
from agent.metrics.exposition import Exposition
from agent.metrics.series import Child, Family, Histogram, Labels, Number, SeriesBudget
from agent.metrics.snapshot import HistogramRow, NumberRow, Snapshot
from agent.metrics.worker_gauges import WorkerGauges

__all__ = ["MergedMetrics", "ProcessLife"]

_OTHER_SERIES: Final = "harmwatch_other_series_total"

Values: TypeAlias = Mapping[Labels, float]


class ProcessLife:
    """What one process has told so far, from its start to its death.

    Attributes
    ----------
    fresh
        It has answered of late. What one told that has not is believed only where nobody else says anything.
    """

    __slots__ = ("counters", "fresh", "gauges", "histograms")

    def __init__(self) -> None:
        self.fresh = True
        self.counters: dict[str, dict[Labels, float]] = {}
        self.histograms: dict[str, dict[Labels, HistogramRow]] = {}
        self.gauges: dict[str, dict[Labels, float]] = {}


class _MergedFamily(Family[Child]):
    """Label values have been cleaned where they came from: written out again they would be others."""

    __slots__ = ()

    @staticmethod
    def _clean(value: str) -> str:
        return value


class MergedMetrics(Exposition, WorkerGauges):
    """Of one worker that is several processes. Not thread-safe, as `agent.metrics.recorder.Metrics` is not.

    Parameters
    ----------
    series_budget, model_budget
        Those of a worker: the processes share them here, however many series each of them keeps.
    """

    def __init__(self, registry: CollectorRegistry, *, series_budget: int, model_budget: int) -> None:
        self._budget = SeriesBudget(series_budget, model_budget, self._drop_model)
        self._numbers = {}
        self._histograms = {}
        for name, spec in CATALOGUE.items():
            if spec.kind == "histogram":
                self._histograms[name] = _MergedFamily(spec, Histogram, self._budget)
            else:
                self._numbers[name] = _MergedFamily(spec, Number, self._budget)
        self._families = (*self._numbers.values(), *self._histograms.values())
        self._folded: dict[str, int] = {}
        self._measured: frozenset[str] = frozenset()
        registry.register(self)

    def keep_models(self, models: Iterable[str]) -> None:
        """Models that the configuration names never lose their places to others."""
        for model in models:
            self._budget.keep_model(model)

    def take(self, life: ProcessLife, snapshot: Snapshot) -> None:
        """Add what a process counts beyond what it has told before, and remember its gauges."""
        for name, rows in snapshot.numbers.items():
            family = self._numbers.get(name)
            if family is None:
                continue
            if family.spec.kind == "gauge":
                life.gauges[name] = dict(rows)
            else:
                life.counters[name] = _add_numbers(family, life.counters.get(name, {}), rows)
        for name, buckets in snapshot.histograms.items():
            histograms = self._histograms.get(name)
            if histograms is not None:
                life.histograms[name] = _add_histograms(histograms, life.histograms.get(name, {}), buckets)

    def merge_gauges(self, lives: Sequence[ProcessLife]) -> None:
        """Make the gauges those of the processes that live now.

        Parameters
        ----------
        lives
            The one to be believed first of what all tell alike is the first.
        """
        for name, spec in CATALOGUE.items():
            if spec.merge is None or spec.merge in ("own", "limit"):
                continue
            told = [(life.fresh, life.gauges.get(name, {})) for life in lives]
            if spec.merge != "over_limit":
                self._set(spec, _merged(spec, told))
                continue
            limit = LIMITS[name]
            values, limits = _furthest(told, [life.gauges.get(limit, {}) for life in lives])
            self._set(spec, values)
            self._set(CATALOGUE[limit], limits)
        measured = frozenset(
            labels[0]
            for life in lives
            for name, values in life.gauges.items()
            if CATALOGUE[name].labels[:1] == ("model",)
            for labels in values
        )
        # As in a worker: a model without any open window may have to give its place to a new one.
        for model in self._measured - measured:
            self._budget.forget_model(model)
        self._measured = measured

    def _set(self, spec: MetricSpec, values: Values) -> None:
        family = self._numbers[spec.name]
        for labels in [labels for labels, _ in family.rows() if labels not in values]:
            family.drop(labels)
        for labels, value in values.items():
            family.child(labels).value = value

    def _count_series(self) -> None:
        """Those that the processes folded have been added up; here come those that found no place in this budget."""
        other = self._numbers[_OTHER_SERIES]
        for family in self._families:
            name = family.spec.name
            more = family.folded - self._folded.get(name, 0)
            if more and family is not other:
                self._folded[name] = family.folded
                other.child((name,)).value += more
        self._numbers["harmwatch_series"].child(()).value = float(self._budget.used)


def _add_numbers(family: Family[Number], told: Values, rows: Sequence[NumberRow]) -> dict[Labels, float]:
    """What was told now. A series that has begun anew, since its model had gone meanwhile, adds its whole value."""
    found: dict[Labels, float] = {}
    for labels, value in rows:
        before = told.get(labels)
        found[labels] = value
        if before is None:
            family.child(labels).value += value
        elif value != before:
            family.child(labels).value += value - before if value > before else value
    return found


def _add_histograms(
    family: Family[Histogram], told: Mapping[Labels, HistogramRow], rows: Sequence[HistogramRow]
) -> dict[Labels, HistogramRow]:
    found: dict[Labels, HistogramRow] = {}
    for row in rows:
        before = told.get(row.labels)
        found[row.labels] = row
        if before == row or len(row.counts) != len(family.spec.buckets) + 1:
            continue
        child = family.child(row.labels)
        if before is not None and all(map(int.__le__, before.counts, row.counts)):
            growth: Iterator[int] = map(int.__sub__, row.counts, before.counts)
            child.total += row.total - before.total
        else:
            growth = iter(row.counts)
            child.total += row.total
        child.counts = list(map(int.__add__, child.counts, growth))
        for bucket, exemplar in row.exemplars.items():
            held = child.exemplars.get(bucket)
            if held is None or exemplar[2] >= held[2]:
                child.exemplars[bucket] = exemplar
    return found


def _merged(spec: MetricSpec, told: Sequence[tuple[bool, Values]]) -> Values:
    if spec.merge == "sum":
        sums: dict[Labels, float] = {}
        for _, values in told:
            for labels, value in values.items():
                sums[labels] = sums.get(labels, 0.0) + value
        return sums
    fresh = [values for is_fresh, values in told if is_fresh]
    stale = [values for is_fresh, values in told if not is_fresh]
    if spec.merge == "fleet":
        return _first(fresh or stale)
    choose: Callable[[float, float], float] = max if spec.merge == "max" else min
    return {**_chosen(stale, choose), **_chosen(fresh, choose)}


def _first(told: Sequence[Values]) -> Values:
    found: dict[Labels, float] = {}
    for values in told:
        for labels, value in values.items():
            found.setdefault(labels, value)
    return found


def _chosen(told: Sequence[Values], choose: Callable[[float, float], float]) -> Values:
    found: dict[Labels, float] = {}
    for values in told:
        for labels, value in values.items():
            held = found.get(labels)
            found[labels] = value if held is None else choose(held, value)
    return found


def _furthest(told: Sequence[tuple[bool, Values]], limits: Sequence[Values]) -> tuple[Values, Values]:
    """By label set the value that is furthest over its own limit, or nearest below it, and that limit."""
    best: dict[Labels, tuple[bool, float, float, float | None]] = {}
    for (fresh, values), limit_of in zip(told, limits, strict=True):
        for labels, value in values.items():
            limit = limit_of.get(labels)
            rank = (fresh, value if limit is None else value - limit, value, limit)
            held = best.get(labels)
            if held is None or rank[:2] > held[:2]:
                best[labels] = rank
    return (
        {labels: found[2] for labels, found in best.items()},
        {labels: found[3] for labels, found in best.items() if found[3] is not None},
    )
