"""The file of metrics that a probe writes."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent.metrics.catalogue import CATALOGUE
from agent.metrics.catalogue_probe import PROBE_METRICS
from agent.metrics.textfile import probe_textfile


def test_samples_are_read_back_with_any_label() -> None:
    name = 'a "quoted"\\ model\n'
    content = probe_textfile([("harmwatch_probe_requests", {"model": name}, 7.0)]).decode()
    (family,) = text_string_to_metric_families(content)
    assert (family.name, family.type) == ("harmwatch_probe_requests", "gauge")
    assert [(sample.labels, sample.value) for sample in family.samples] == [({"model": name}, 7.0)]


def test_nothing_measured_is_an_empty_file() -> None:
    assert probe_textfile([]) == b""


def test_other_names_and_labels_are_bugs() -> None:
    with pytest.raises(KeyError):
        probe_textfile([("harmwatch_events_total", {}, 1.0)])
    with pytest.raises(ValueError, match="takes the labels model"):
        probe_textfile([("harmwatch_probe_requests", {"set": "x"}, 1.0)])


def test_the_worker_exposes_none_of_them() -> None:
    assert not set(PROBE_METRICS) & set(CATALOGUE)
