"""What reads the metrics from inside, and the page that documents them."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from agent.clock import ManualClock
from agent.metrics import CATALOGUE, Metrics

DOCUMENTED = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_table_of_the_documentation_is_the_catalogue() -> None:
    rows = [line.split("|")[1:5] for line in DOCUMENTED.read_text("utf-8").splitlines() if line.startswith("| `")]
    documented = [tuple(cell.strip() for cell in row) for row in rows]
    assert documented == [
        (f"`{spec.name}`", spec.kind, ", ".join(spec.labels), spec.help) for spec in CATALOGUE.values()
    ]


def test_rows_totals_and_timings() -> None:
    metrics = Metrics(CollectorRegistry(), clock=ManualClock())
    metrics.finding("a", "input", "privacy", "pii.email", 2)
    metrics.finding("b", "output", "output", "toxicity", 3)
    metrics.stage("decode", 0.25)
    metrics.stage("decode", 0.5)
    assert metrics.rows("harmwatch_findings_total") == {
        ("a", "input", "privacy", "pii.email"): 2.0,
        ("b", "output", "output", "toxicity"): 3.0,
    }
    assert metrics.total("harmwatch_findings_total") == 5.0
    assert metrics.total("harmwatch_dead_letters_total") == 0.0
    assert metrics.timings("harmwatch_stage_seconds") == {("decode",): (2, 0.75)}


@pytest.mark.parametrize("weight", [1.5, 2.5, 10 / 3])
def test_each_series_of_scores_counts_its_own_weights(weight: float) -> None:
    """What was left over of a request's weight went to its answer: 1 and 2 for two of 1.5, in each call."""
    metrics = Metrics(CollectorRegistry(), clock=ManualClock())
    for _ in range(1_000):
        metrics.scores("m", "input", {"toxicity": 0.1, "insult": 0.5}, weight=weight)
        metrics.scores("m", "output", {"toxicity": 0.1}, weight=weight)
    counts = [count for count, _ in metrics.timings("harmwatch_score").values()]
    assert len(counts) == 3
    assert all(abs(count - 1_000 * weight) <= 1 for count in counts)


def test_what_models_had_come_to_that_gave_their_place_away_stays_in_the_totals() -> None:
    metrics = Metrics(CollectorRegistry(), clock=ManualClock(), model_budget=2)
    for number in range(50):
        metrics.finding(f"m{number}", "output", "privacy", "pii.email", 2)
        metrics.finding(f"m{number}", "output", "output", "toxicity", 1)
        metrics.forget_model(f"m{number}")
        assert metrics.total("harmwatch_findings_total") == 3.0 * (number + 1)
    rows = metrics.rows_since_start("harmwatch_findings_total")
    assert rows["other", "output", "privacy", "pii.email"] == 96.0
    assert rows["m49", "output", "privacy", "pii.email"] == 2.0
    assert len(metrics.rows("harmwatch_findings_total")) == 4
    assert "other" not in {labels[0] for labels in metrics.rows("harmwatch_findings_total")}


def test_what_is_kept_of_models_that_have_gone_is_bounded() -> None:
    metrics = Metrics(CollectorRegistry(), clock=ManualClock(), model_budget=1)
    for number in range(1500):
        metrics.decision(f"m{number}", "place", f"group-{number}", "yes")
        metrics.forget_model(f"m{number}")
    assert metrics.total("harmwatch_decisions_total") == 1500.0
    assert len(metrics.rows_since_start("harmwatch_decisions_total")) <= 1002


def test_a_model_that_was_refused_is_taken_once_there_is_a_place() -> None:
    metrics = Metrics(CollectorRegistry(), clock=ManualClock(), model_budget=1)
    metrics.event_decoded("first", "native")
    for _ in range(3):
        metrics.event_decoded("second", "native")
        metrics.scores("second", "output", {"toxicity": 0.5})
        metrics.set_harm("second", "5m", {"output": 0.5}, {"sum": 0.5})
    assert metrics.rows("harmwatch_events_total") == {("first", "native"): 1.0, ("other", "native"): 3.0}
    assert metrics.rows("harmwatch_harm_component") == {}
    metrics.forget_model("first")
    metrics.event_decoded("second", "native")
    metrics.set_harm("second", "5m", {"output": 0.5}, {"sum": 0.5})
    assert metrics.rows("harmwatch_events_total") == {("second", "native"): 1.0, ("other", "native"): 3.0}
    assert list(metrics.rows("harmwatch_harm_component")) == [("second", "5m", "output")]
