"""Turns the accumulators into prometheus_client's families at scrape time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prometheus_client.core import Exemplar, Metric
from prometheus_client.samples import Sample

from agent.metrics.catalogue import MetricSpec
from agent.metrics.series import Family, Histogram, Number

__all__ = ["empty_family", "histogram_family", "number_family"]

#: What tracing systems use. Anything else is a payload in disguise, and OpenMetrics allows 128 characters in all.
_TRACE_ID = re.compile(r"[0-9A-Za-z_\-]{1,64}")


def empty_family(spec: MetricSpec) -> Metric:
    """Name, type, help and unit; no samples."""
    unit = "seconds" if spec.name.endswith("_seconds") else ""
    name = spec.name.removesuffix("_total") if spec.kind == "counter" else spec.name
    return Metric(name, spec.help, spec.kind, unit)


def number_family(family: Family[Number]) -> Metric:
    """A counter or gauge with all its label sets."""
    metric = empty_family(family.spec)
    name = family.spec.name
    metric.samples = [Sample(name, child.labels, child.value) for child in family]
    return metric


def histogram_family(family: Family[Histogram]) -> Metric:
    """A histogram with cumulative buckets; only the OpenMetrics form shows the exemplars."""
    metric = empty_family(family.spec)
    edges = [repr(bound) for bound in family.spec.buckets] + ["+Inf"]
    for child in family:
        metric.samples.extend(_histogram_samples(family.spec.name, edges, child))
    return metric


def _histogram_samples(name: str, edges: list[str], child: Histogram) -> Iterator[Sample]:
    labels = child.labels
    bucket_name = name + "_bucket"
    seen = 0
    for index, (edge, count) in enumerate(zip(edges, child.counts, strict=True)):
        seen += count
        yield Sample(bucket_name, {**labels, "le": edge}, float(seen), None, _exemplar(child, index))
    yield Sample(name + "_count", labels, float(seen))
    yield Sample(name + "_sum", labels, child.total)


def _exemplar(child: Histogram, index: int) -> Exemplar | None:
    found = child.exemplars.get(index)
    if found is None or not _TRACE_ID.fullmatch(found[0]):
        return None
    trace_id, value, time = found
    return Exemplar({"trace_id": trace_id}, value, time)
