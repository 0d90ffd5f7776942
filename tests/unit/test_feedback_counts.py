"""agent.metrics.feedback_counts: operators' marks as numbers."""

from __future__ import annotations

from agent.clock import ManualClock
from agent.metrics import Metrics, new_registry


def test_marks_of_categories_that_nobody_knows_take_no_places_of_those_that_are_found() -> None:
    metrics = Metrics(new_registry(), clock=ManualClock())
    for number in range(1000):
        metrics.set_feedback("output", f"forged-{number}", 1, 0)
    metrics.finding("chat", "output", "privacy", "pii.email")
    assert len(metrics.rows("harmwatch_feedback_findings")) == 400
    assert metrics.rows("harmwatch_findings_total")["chat", "output", "privacy", "pii.email"] == 1


def test_a_category_without_marks_is_not_shown() -> None:
    metrics = Metrics(new_registry(), clock=ManualClock())
    metrics.set_feedback("output", "toxicity", 0, 3)
    assert metrics.rows("harmwatch_feedback_findings") == {
        ("output", "right", "toxicity"): 0,
        ("output", "wrong", "toxicity"): 3,
    }
    metrics.set_feedback("output", "toxicity", 0, 0)
    assert metrics.rows("harmwatch_feedback_findings") == {}
