"""Metrics of processes that are no worker: in the text that Prometheus reads, and in nobody else's catalogue."""

from __future__ import annotations

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from agent.metrics import CATALOGUE
from agent.metrics.catalogue import LABEL_CAPS
from agent.metrics.catalogue_edge import INGEST_METRICS
from agent.metrics.catalogue_probe import PROBE_METRICS
from agent.metrics.edge import EdgeMetrics


def exercised() -> EdgeMetrics:
    metrics = EdgeMetrics(INGEST_METRICS)
    for spec in INGEST_METRICS.values():
        labels = tuple(f"some-{name}" for name in spec.labels)
        if spec.kind == "histogram":
            metrics.observe(spec.name, 0.02, *labels)
        elif spec.kind == "counter":
            metrics.add(spec.name, 2, *labels)
        else:
            metrics.set(spec.name, 7, *labels)
    return metrics


@pytest.mark.parametrize("openmetrics", [True, False])
def test_the_text_has_all_of_them_and_nothing_else(openmetrics: bool) -> None:
    text = exercised().freeze().text(openmetrics=openmetrics)
    families = list((text_string_to_metric_families if openmetrics else parse_plain)(text))
    found = {}
    for family in families:
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[family.name + ("_total" if family.type == "counter" else "")] = (family.type, labels)
    assert found == {spec.name: (spec.kind, set(spec.labels)) for spec in INGEST_METRICS.values()}


def test_values_are_those_that_were_given() -> None:
    text = exercised().freeze().text(openmetrics=False)
    values = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in parse_plain(text)
        for sample in family.samples
    }
    seconds, route = "harmwatch_ingest_request_seconds_bucket", ("route", "some-route")
    assert values[seconds, ("le", "0.03"), route] == 1
    assert values[seconds, ("le", "0.01"), route] == 0
    assert values["harmwatch_ingest_requests_total", ("result", "some-result"), route] == 2


def test_counters_without_labels_and_presets_begin_at_0() -> None:
    text = EdgeMetrics(INGEST_METRICS).freeze().text(openmetrics=False)
    assert "harmwatch_ingest_drained_total 0.0" in text
    assert 'harmwatch_ingest_refused_total{reason="spool"} 0.0' in text


def test_no_worker_exposes_them() -> None:
    assert not set(INGEST_METRICS) & {*CATALOGUE, *PROBE_METRICS}
    assert all(spec.name.startswith("harmwatch_ingest_") for spec in INGEST_METRICS.values())
    assert not any("model" in spec.labels for spec in INGEST_METRICS.values()), LABEL_CAPS
