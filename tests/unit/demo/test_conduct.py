"""streams.demo.conduct: what the demo's worker takes for normal."""

from __future__ import annotations

import pytest

from agent.windows.base import Component
from agent.windows.disparity import BiasMeasurement
from agent.windows.engine import Reading
from streams.demo.conduct import calls_of_reference, harm_of
from streams.demo.traffic import MODELS, Traffic


@pytest.mark.parametrize("events", [1_000, 4_000, 20_000])
def test_the_reference_of_drift_is_full_before_a_model_has_its_first_incident(events: int) -> None:
    """Else what is planted would pass for normal. Either gender, of whom the loan model sees as many, has its own."""
    traffic = Traffic(7, events, 0.0, 25.0)
    assert list(traffic)
    for model in MODELS:
        begins = min(incident.start_time for incident in traffic.incidents.values() if incident.model == model) / 25.0
        assert calls_of_reference(events) <= 0.9 * begins * traffic.expected.calls_by_model[model] / 2


def test_a_model_without_scores_of_texts_has_no_h_as_everywhere_else() -> None:
    bias = BiasMeasurement(Component("bias", 0.18, 0.15, 0.21, 4000.0, True), (), 0.0)
    assert harm_of(Reading("loan-scorer", 100.0, {"bias": bias})) == {"index": None, "components": {"bias": 0.18}}
