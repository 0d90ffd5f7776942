"""streams.demo.conduct: what the demo's worker takes for normal."""

from __future__ import annotations

import pytest

from agent.windows.base import Component, FinishContext, Observation
from agent.windows.disparity import BiasMeasurement
from agent.windows.engine import Reading
from agent.windows.harm import HarmAggregator
from streams.demo.conduct import DemoOptions, calls_of_reference, demo_config, harm_of
from streams.demo.traffic import CHAT, LOANS, SUPPORT, Traffic


@pytest.mark.parametrize("events", [500, 1_000, 4_000, 20_000])
def test_the_reference_of_drift_is_full_before_a_model_has_its_first_incident(events: int) -> None:
    """Else what is planted would pass for normal. Either gender, of whom the loan model sees as many, has its own."""
    traffic = Traffic(7, events, 0.0, 25.0)
    records = list(traffic)
    for model, wanted in ((CHAT, 1), (SUPPORT, 1), (LOANS, 2)):
        begins = min(incident.start_time for incident in traffic.incidents.values() if incident.model == model)
        before = sum(record.time < begins and record.key == model.encode() for record in records)
        # A sixth of the chats' records are second halves.
        assert wanted * calls_of_reference(events) <= 0.8 * before


@pytest.mark.parametrize(("missing", "index"), [(0, 0.18), (1, None)])
def test_h_of_a_model_without_texts_is_its_bias_and_without_scores_of_texts_it_has_none(
    missing: int, index: float | None
) -> None:
    bias = BiasMeasurement(Component("bias", 0.18, 0.15, 0.21, 4000.0, True), (), {})
    made = HarmAggregator()
    state = made.empty()
    made.add(state, Observation(model="loan-scorer", time=0.0, scored_dimensions=(), missing=missing))
    harm = made.finish(state, FinishContext("loan-scorer"))
    told = harm_of(Reading("loan-scorer", 100.0, {"bias": bias, "harm": harm}))
    assert told == {"index": index, "components": {"bias": 0.18, **dict.fromkeys(("output", "privacy", "adversarial"))}}


@pytest.mark.parametrize(
    ("seconds", "pane", "windows"),
    [
        (25.0, 1.0, (25 / 3, 100.0)),
        (12.0, 0.48, (4.0, 48.0)),
        (2.0, 0.08, (2 / 3, 18.0)),
        (0.1, 0.004, (0.1 / 3, 18.0)),
    ],
)
def test_the_short_window_lies_within_the_disparity_however_short_the_run(
    seconds: float, pane: float, windows: tuple[float, float]
) -> None:
    config = demo_config(DemoOptions(seconds=seconds), "nobody:9092").windows
    assert config.pane_seconds == pytest.approx(pane)
    assert config.windows_seconds == pytest.approx(windows)


@pytest.mark.parametrize(("asked", "port"), [(None, 9464), (0, 0), (8_080, 8_080)])
def test_without_a_port_it_is_the_documented_one(asked: int | None, port: int) -> None:
    assert demo_config(DemoOptions(web_port=asked), "nobody:9092").web.port == port
