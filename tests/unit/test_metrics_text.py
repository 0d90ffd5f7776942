"""The text of a scrape is prometheus_client's, byte for byte, and stays what it was when it was frozen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client import exposition as plain
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from agent.clock import ManualClock
from agent.metrics import Metrics
from tests.hostile import hostile_name
from tests.unit.test_metrics import exercise

NAMES = st.one_of(st.text(max_size=130), st.integers(0, 500).map(hostile_name))
#: Around the points where prometheus_client changes how it writes a number, and those that are none.
NUMBERS = st.one_of(
    st.floats(), st.integers(-(10**7), 10**7).map(float), st.sampled_from((0.0, -0.0, 999_999.5, 1e6, 1e21, 5e-324))
)


def new_metrics() -> tuple[Metrics, CollectorRegistry]:
    registry = CollectorRegistry()
    return Metrics(registry, clock=ManualClock(1_790_000_000.25)), registry


def assert_the_same(metrics: Metrics, registry: CollectorRegistry) -> None:
    frozen = metrics.freeze()
    assert frozen.text(openmetrics=True).encode() == openmetrics.generate_latest(registry)
    assert frozen.text(openmetrics=False).encode() == plain.generate_latest(registry)


@given(
    st.lists(st.tuples(NAMES, NAMES, NUMBERS, st.text(max_size=70)), max_size=8),
    st.integers(0, 3 * 10**6),
)
def test_lines_are_those_of_prometheus_client(rows: list[tuple[str, str, float, str]], many: int) -> None:
    metrics, registry = new_metrics()
    exercise(metrics)
    for model, other, number, trace in rows:
        metrics.event_decoded(model, other, many)
        metrics.score(model, "output", other, number, trace)
        metrics.set_fairness(model, other, "spd", number)
        metrics.set_parity(model, other, number, number)
        metrics.decision(model, other, other, other)
        metrics.event_lag(model, number)
    assert_the_same(metrics, registry)


def test_large_counts_of_histograms_as_well() -> None:
    metrics, registry = new_metrics()
    child = metrics._score.child(("m", "output", "c"))
    child.counts[3], child.counts[7], child.total = 999_999, 1, 1e21
    assert_the_same(metrics, registry)


@pytest.mark.parametrize("form", [True, False])
def test_hostile_names_parse(form: bool) -> None:
    metrics, _ = new_metrics()
    for number in range(40):
        metrics.score(hostile_name(number), "output", hostile_name(number), 0.5, "0af7651916cd43dd8448eb211c80319c")
    text = metrics.freeze().text(openmetrics=form)
    parse = text_string_to_metric_families if form else parse_plain
    samples = [sample for family in parse(text) for sample in family.samples]
    assert len(samples) == metrics.total("harmwatch_series")
    assert sum(sample.value for sample in samples if sample.name == "harmwatch_score_count") == 40


def test_what_is_frozen_stays_as_it_was() -> None:
    metrics, _ = new_metrics()
    exercise(metrics)
    frozen = metrics.freeze()
    before = frozen.text(openmetrics=True)
    exercise(metrics)
    metrics.forget_model("llama")
    assert frozen.text(openmetrics=True) == before
    assert metrics.freeze().text(openmetrics=True) != before
