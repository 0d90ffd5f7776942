"""What a scrape sees of the accumulators: a copy of their values, or prometheus_client's families."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Exemplar, Metric
from prometheus_client.samples import Sample

from agent.metrics.catalogue import CATALOGUE, MetricSpec
from agent.metrics.frozen import FrozenHistogram, FrozenMetrics, is_trace_id
from agent.metrics.series import Family, Histogram, Labels, Number, SeriesBudget

__all__ = ["Exposition", "empty_family"]


class Exposition:
    """A part of `Metrics`: what is read of it. All families with their samples as of now, in the catalogue's order."""

    _numbers: dict[str, Family[Number]]
    _histograms: dict[str, Family[Histogram]]
    _families: tuple[Family[Number] | Family[Histogram], ...]
    _budget: SeriesBudget

    def freeze(self) -> FrozenMetrics:
        """A copy of all values, to be made into text elsewhere: a millisecond or two at 20,000 series."""
        self._count_series()
        return FrozenMetrics(
            {name: (list(family), [child.value for child in family]) for name, family in self._numbers.items()},
            {name: list(map(_copy, family)) for name, family in self._histograms.items()},
        )

    @property
    def series_in_use(self) -> int:
        """Time series exposed, whether somebody scrapes them or not."""
        return self._budget.used

    def describe(self) -> Iterator[Metric]:
        """Names and types, so that the registry refuses a second collector with the same names."""
        for spec in CATALOGUE.values():
            yield empty_family(spec)

    def collect(self) -> Iterator[Metric]:
        """For prometheus_client, whose text is that of `freeze`, made more slowly.

        The worker's own ``/metrics`` does without. This is what any exporter of prometheus_client, or whoever else
        holds the registry, is given; and what `freeze` is held against, byte for byte, in its test.
        """
        self._count_series()
        for name in CATALOGUE:
            numbers = self._numbers.get(name)
            yield _number_family(numbers) if numbers is not None else _histogram_family(self._histograms[name])

    # For the console and the demo: far cheaper than all of them.

    def rows(self, name: str) -> dict[Labels, float]:
        """Values of a counter or gauge by its label values, in the catalogue's order of labels."""
        return {labels: child.value for labels, child in self._numbers[name].rows()}

    def total(self, name: str) -> float:
        """Sum of a counter or gauge over all its label sets, of a counter also those that have gone; 0 for none."""
        family = self._numbers[name]
        return sum(child.value for child in family) + sum(family.gone.values())

    def rows_since_start(self, name: str) -> dict[Labels, float]:
        """`rows` of a counter by model, with what models that have gone had come to under ``other``."""
        family = self._numbers[name]
        found = self.rows(name)
        for labels, value in family.gone.items():
            found[labels] = found.get(labels, 0.0) + value
        return found

    def timings(self, name: str) -> dict[Labels, tuple[int, float]]:
        """Count and sum, in the metric's unit, of a histogram by its label values."""
        return {labels: (sum(child.counts), child.total) for labels, child in self._histograms[name].rows()}

    def _drop_model(self, model: str) -> None:
        for family in self._families:
            family.drop_model(model)

    def _count_series(self) -> None:
        other = self._numbers["harmwatch_other_series_total"]
        for family in self._families:
            if family.folded:
                other.child((family.spec.name,)).value = float(family.folded)
        self._numbers["harmwatch_series"].child(()).value = float(self._budget.used)


def _copy(child: Histogram) -> FrozenHistogram:
    return FrozenHistogram(child, child.counts.copy(), child.total, child.exemplars.copy())


def empty_family(spec: MetricSpec) -> Metric:
    """Name, type, help and unit; no samples."""
    name = spec.name.removesuffix("_total") if spec.kind == "counter" else spec.name
    return Metric(name, spec.help, spec.kind, spec.unit)


def _number_family(family: Family[Number]) -> Metric:
    """A counter or gauge with all its label sets."""
    metric = empty_family(family.spec)
    name = family.spec.name
    metric.samples = [Sample(name, child.labels, child.value) for child in family]
    return metric


def _histogram_family(family: Family[Histogram]) -> Metric:
    """A histogram with cumulative buckets; only the OpenMetrics form shows the exemplars."""
    metric = empty_family(family.spec)
    for child in family:
        metric.samples.extend(_histogram_samples(family.spec, child))
    return metric


def _histogram_samples(spec: MetricSpec, child: Histogram) -> Iterator[Sample]:
    name, labels = spec.name, child.labels
    bucket_name = name + "_bucket"
    seen = 0
    for index, (edge, count) in enumerate(zip(spec.edges, child.counts, strict=True)):
        seen += count
        yield Sample(bucket_name, {**labels, "le": edge}, float(seen), None, _exemplar(child, index))
    yield Sample(name + "_count", labels, float(seen))
    yield Sample(name + "_sum", labels, child.total)


def _exemplar(child: Histogram, index: int) -> Exemplar | None:
    found = child.exemplars.get(index)
    if found is None or not is_trace_id(found[0]):
        return None
    trace_id, value, time = found
    return Exemplar({"trace_id": trace_id}, value, time)
