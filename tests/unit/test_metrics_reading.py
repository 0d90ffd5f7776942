"""What reads the metrics from inside, and the page that documents them."""

from __future__ import annotations

from pathlib import Path

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
