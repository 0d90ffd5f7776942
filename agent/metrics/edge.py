"""Metrics of a process that is no worker: a catalogue of its own, the same accumulators and the same text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from agent.metrics.catalogue import MetricSpec
from agent.metrics.frozen import FrozenHistogram, FrozenMetrics
from agent.metrics.series import Family, Histogram, Number, SeriesBudget

__all__ = ["EdgeMetrics"]

_SERIES = 2000


class EdgeMetrics:
    """Counters, gauges and histograms by name. Label values must be few: no name out of traffic.

    Not thread-safe: all calls belong to one event loop.
    """

    def __init__(self, catalogue: Mapping[str, MetricSpec]) -> None:
        self._catalogue = catalogue
        budget = SeriesBudget(_SERIES, 1, lambda _: None)
        self._numbers = {n: Family(s, Number, budget) for n, s in catalogue.items() if s.kind != "histogram"}
        self._histograms = {n: Family(s, Histogram, budget) for n, s in catalogue.items() if s.kind == "histogram"}
        for spec in catalogue.values():
            if not spec.labels and spec.kind == "counter":
                self.add(spec.name, 0)

    def add(self, name: str, n: float, *labels: str) -> None:
        """To a counter."""
        self._numbers[name].child(labels).value += n

    def set(self, name: str, value: float, *labels: str) -> None:
        """A gauge, or a counter that somebody else counts."""
        self._numbers[name].child(labels).value = value

    def observe(self, name: str, value: float, *labels: str) -> None:
        """One value of a histogram."""
        child = self._histograms[name].child(labels)
        child.counts[bisect_left(child.bounds, value)] += 1
        child.total += max(value, 0.0)

    def value(self, name: str, *labels: str) -> float:
        """Of a counter or gauge."""
        return self._numbers[name].child(labels).value

    def freeze(self) -> FrozenMetrics:
        """A copy, to be made into text elsewhere."""
        return FrozenMetrics(
            {name: (list(family), [child.value for child in family]) for name, family in self._numbers.items()},
            {
                name: [FrozenHistogram(c, c.counts.copy(), c.total, {}) for c in family]
                for name, family in self._histograms.items()
            },
            self._catalogue,
        )
