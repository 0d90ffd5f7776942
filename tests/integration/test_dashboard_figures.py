"""What Prometheus answers to queries of the dashboards where several installations are chosen at once."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.brokers.layers import find_promtool
from tests.dashboards import COMMITTED, EXAMPLE, filled, panels, read

pytestmark = pytest.mark.layer("promtool")


def expressions(dashboard: str, panel: str, **chosen: str) -> list[str]:
    (file,) = (file for file in COMMITTED if file.stem == dashboard)
    (found,) = (one for one in panels(read(file)) if one["title"] == panel)
    return [filled(target["expr"], {**EXAMPLE, **chosen}) for target in found["targets"]]


def series(name: str, job: str, value: float, **labels: str) -> dict[str, str]:
    told = ", ".join(f'{label}="{given}"' for label, given in {"job": job, **labels}.items())
    return {"series": f"{name}{{{told}}}", "values": f"{value:g}x10"}


def counter(name: str, a_minute: float, **labels: str) -> dict[str, str]:
    return series(name, "one", 0.0, **labels) | {"values": f"0+{a_minute:g}x10"}


def prometheus_answers(tmp_path: Path, given: list[dict[str, str]], answers: dict[str, dict[str, float]]) -> None:
    """That each query gives exactly these samples, by their labels."""
    asked: list[dict[str, Any]] = [
        {
            "expr": query,
            "eval_time": "5m",
            "exp_samples": [{"labels": labels, "value": value} for labels, value in samples.items()],
        }
        for query, samples in answers.items()
    ]
    one = {"interval": "1m", "input_series": given, "promql_expr_test": asked}
    file = tmp_path / "test.yaml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "1m", "tests": [one]}), encoding="utf-8")
    done = subprocess.run([find_promtool(), "test", "rules", str(file)], capture_output=True, text=True, timeout=60.0)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("odd_ones", "further"), [(0, 0.0), (1, 1.0)])
def test_two_installations_with_a_file_each_run_no_further_files(tmp_path: Path, odd_ones: int, further: float) -> None:
    refused, files = expressions("pipeline", "Configuration")
    given = []
    for job, number in (("one", 1001), ("two", 2002)):
        for worker in range(3):
            told = {"instance": f"{job}-{worker}"}
            odd = job == "two" and worker < odd_ones
            given += [
                series("harmwatch_config_hash", job, number + odd, **told),
                series("harmwatch_config_last_reload_successful", job, 1.0, **told),
                series("harmwatch_sampling_ratio", job, 1.0, **told),
            ]
    prometheus_answers(tmp_path, given, {refused: {"{}": 0.0}, files: {"{}": further}})


def test_precision_is_of_one_installation(tmp_path: Path) -> None:
    """The right ones of the one by the marks of the other would be the precision of nobody."""
    marked, precision = expressions("overview", "Are the findings right? By operators' marks")
    given = [
        series(
            "harmwatch_feedback_findings", job, number,
            instance=f"{job}-{worker}", dimension="privacy", category="pii.email", mark=mark,
        )
        for job, right, wrong in (("one", 90, 10), ("two", 5, 15), ("three", 9, 0))
        for worker in range(2)
        for mark, number in (("right", right), ("wrong", wrong))
    ]  # fmt: skip
    by_job = {job: f'{{job="{job}", dimension="privacy", category="pii.email"}}' for job in ("one", "two", "three")}
    prometheus_answers(
        tmp_path,
        given,
        {
            marked: {by_job["one"]: 100.0, by_job["two"]: 20.0, by_job["three"]: 9.0},
            precision: {by_job["one"]: 0.9, by_job["two"]: 0.25},
        },
    )


@pytest.mark.parametrize("dashboard", ["overview", "pipeline"])
def test_scores_that_are_missing_are_a_share_of_all_that_were_due(tmp_path: Path, dashboard: str) -> None:
    """Whichever model is chosen: what is missing has none. What the sender removed, and embeddings, were not due."""
    missing = "harmwatch_missing_scores_total"
    given = [
        series("harmwatch_sampling_ratio", "one", 1.0),
        counter("harmwatch_scored_total", 9, model="small", direction="output", scorer="toxicity"),
        counter("harmwatch_scored_total", 981, model="large", direction="output", scorer="toxicity"),
        counter(missing, 10, scorer="toxicity", reason="deadline"),
        counter(missing, 500, scorer="toxicity", reason="redacted"),
        counter(missing, 500, scorer="embedding", reason="busy"),
    ]
    (chosen,), (all_of_them,) = (expressions(dashboard, "Scores missing", model=model) for model in ("small", ".+"))
    prometheus_answers(tmp_path, given, {chosen: {"{}": 0.01}, all_of_them: {"{}": 0.01}})


def test_all_scores_missing_and_all_records_dead_are_no_zero(tmp_path: Path) -> None:
    """A scorer that never scored, and a topic of which nothing was ever decoded, have no counter beside the losses."""
    (scores,), (records,) = expressions("overview", "Scores missing"), expressions("overview", "Dead letters")
    given = [
        series("harmwatch_sampling_ratio", "one", 1.0),
        counter("harmwatch_missing_scores_total", 10, scorer="toxicity", reason="error"),
        counter("harmwatch_records_total", 10, topic="events"),
        counter("harmwatch_dead_letters_total", 10, topic="events", reason="format"),
    ]
    prometheus_answers(tmp_path, given, {scores: {"{}": 1.0}, records: {"{}": 1.0}})
    prometheus_answers(tmp_path, given[:1], {scores: {"{}": 0.0}, records: {"{}": 0.0}})


def test_gaps_in_units_of_scores_are_not_among_shares(tmp_path: Path) -> None:
    """A gap of 200 (of a model of prices, say) would make 20,000 % of the axis."""
    (gaps,) = expressions("bias-drift", "Fairness: lower bounds of gaps")
    told = {"model": "m", "attribute": "age", "bound": "lower"}
    given = [series("harmwatch_fairness", "one", 0.2, measure="spd", **told)]
    given += [series("harmwatch_fairness", "one", 200.0, measure=measure, **told) for measure in ("mean_gap", "dir")]
    prometheus_answers(tmp_path, given, {gaps: {'{model="m", attribute="age", measure="spd"}': 0.2}})


@pytest.mark.parametrize(
    ("dashboard", "panel", "metric", "told"),
    [
        ("privacy", "Personal data in outputs, in the chosen time", "disclosures", {"origin": "leak"}),
        ("adversarial", "Findings in the chosen time", "findings", {"dimension": "adversarial"}),
    ],
)
def test_the_first_finding_of_a_kind_is_in_the_table(
    tmp_path: Path, dashboard: str, panel: str, metric: str, told: dict[str, str]
) -> None:
    """A counter begins with it, at 1: the tile beside says 1, and the table said 0."""
    (table,) = expressions(dashboard, panel, __range="4m")
    labels = {"model": "m", "category": "c", **told}
    given = [series(f"harmwatch_{metric}_total", "one", 1.0, instance="a", **labels) | {"values": "_x3 1x7"}]
    shown = ", ".join(f'{label}="{value}"' for label, value in labels.items() if label != "dimension")
    prometheus_answers(tmp_path, given, {table: {f"{{{shown}}}": 1.0}})


@pytest.mark.parametrize(
    ("panel", "figure", "labels"),
    [
        ("Unequal treatment: evidence by its threshold", "parity_evidence", {"attribute": "sex"}),
        ("Drift: statistic by its threshold, the ten largest", "drift_statistic", {"detector": "ks", "feature": "f"}),
    ],
)
@pytest.mark.parametrize("dashboard", ["overview", "bias-drift"])
def test_an_alarm_of_one_worker_is_no_less_by_the_threshold_of_another(
    tmp_path: Path, dashboard: str, panel: str, figure: str, labels: dict[str, str]
) -> None:
    """Thresholds are each worker's own: they go by the pairs of groups that it has seen, and by its events an hour."""
    (ratios,) = expressions(dashboard, panel, __range="4m")
    threshold = f"{figure.partition('_')[0]}_threshold"
    told = {"model": "m", **labels}
    given = [
        series(f"harmwatch_{name}", "one", value, instance=worker, **told)
        for worker, values in (("few-groups", (13.5, 13.2)), ("many-groups", (1.0, 15.9)))
        for name, value in zip((figure, threshold), values, strict=True)
    ]
    shown = ", ".join(f'{label}="{value}"' for label, value in told.items())
    prometheus_answers(tmp_path, given, {ratios: {f"{{{shown}}}": 13.5 / 13.2}})
