"""Metrics of `harmwatch probe`: no process exposes them, ``--metrics-out`` writes them (`agent.metrics.textfile`)."""

from __future__ import annotations

from agent.metrics.catalogue import MetricSpec

__all__ = ["PROBE_METRICS"]


def _gauge(name: str, labels: str, text: str) -> MetricSpec:
    return MetricSpec(name, "gauge", tuple(labels.split()), text)


PROBE_METRICS: dict[str, MetricSpec] = {
    spec.name: spec
    for spec in (
        _gauge(
            "harmwatch_probe_success_ratio",
            "model set goal attack language bound",
            "Share of attacked items on which an attack succeeded; bound is value, or lower and upper of its interval.",
        ),
        _gauge("harmwatch_probe_items", "model set goal attack language", "Items behind the share."),
        _gauge("harmwatch_probe_queries", "model set goal attack", "Tries of an attack that were put to the model."),
        _gauge("harmwatch_probe_requests", "model", "Requests of the run, repeated ones included."),
        _gauge("harmwatch_probe_complete", "model", "1 when all items were probed, 0 when the budget ended the run."),
        _gauge("harmwatch_probe_timestamp_seconds", "model", "When the run ended, Unix time."),
    )
}
