"""What changed between two runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigError
from agent.probe.compare import changes, read_earlier
from agent.probe.score import corrected, share


def report(
    hits: int, n: int = 200, *, method: str = "choice", name: str = "s", benchmark: str = "crows_pairs"
) -> dict[str, Any]:
    scores, _ = corrected([("preferred", share(hits, n, even=True))])
    found = {"benchmark": benchmark, "scores": scores, "counts": {"method": method}}
    return {"task": "bias", "target": {"name": "t"}, "run": {"created": "then"}, "sets": {name: found}}


def test_equal_runs_do_not_differ() -> None:
    change = changes(report(120), report(120))["sets"]["s"]["scores"]["preferred"]
    assert change["difference"]["value"] == 0.0 and change["p_adjusted"] == 1.0 and not change["significant"]
    low, high = change["difference"]["interval"]
    assert low < 0.0 < high


@pytest.mark.parametrize("hits", [20, 100, 130, 134, 140, 199])
def test_a_change_is_significant_where_its_interval_leaves_zero(hits: int) -> None:
    change = changes(report(120), report(hits))["sets"]["s"]["scores"]["preferred"]
    low, high = change["difference"]["interval"]
    assert low <= change["difference"]["value"] <= high
    assert change["significant"] == (low > 0.0 or high < 0.0) == (change["p"] < 0.05)
    turned = changes(report(hits), report(120))["sets"]["s"]["scores"]["preferred"]
    assert turned["difference"]["value"] == -change["difference"]["value"] and turned["p"] == pytest.approx(change["p"])


@pytest.mark.parametrize(
    "earlier", [report(1, method="log_likelihood"), report(1, name="other"), report(1, benchmark="bbq")]
)
def test_what_was_not_measured_alike_is_left_out(earlier: dict[str, Any]) -> None:
    found = changes(earlier, report(120))
    assert (found["sets"], found["left_out"], found["tests"]) == ({}, ["s"], 0)


def attacked(*attacks: str, similarity: float = 0.5, seed: int = 0) -> dict[str, Any]:
    """A report on attacks that all had the same success."""
    names = ("original", "any", "harmless_answered", *attacks)
    scores, _ = corrected([(name, share(30, 100)) for name in names])
    found = {"benchmark": "adversarial", "scores": scores, "counts": {"method": "comply"}}
    return {
        "task": "adversarial",
        "sanitised": False,
        "limits": {"seed": seed, "queries": 32, "similarity": similarity},
        "sets": {"s": {**found, "attacks": {name: {} for name in attacks}}},
    }


@pytest.mark.parametrize(
    ("earlier", "alike", "left_out"),
    [
        (attacked("hex", "greedy", seed=7), {"original", "any", "harmless_answered", "hex", "greedy"}, []),
        (attacked("hex", "url", "greedy"), {"original", "harmless_answered", "hex"}, ["s (any)", "s (greedy)"]),
        (attacked("hex"), {"original", "harmless_answered", "hex"}, ["s (any)"]),
        (
            attacked("hex", "greedy", similarity=0.9),
            {"original", "harmless_answered"},
            ["s (any)", "s (hex)", "s (greedy)"],
        ),
    ],
)
def test_only_what_the_same_attacks_did_within_the_same_limits_is_compared(
    earlier: dict[str, Any], alike: set[str], left_out: list[str]
) -> None:
    """Any of forty attacks succeeds more often than any of two: no change of the model."""
    found = changes(earlier, attacked("hex", "greedy"))
    assert (found["sets"]["s"]["scores"].keys(), found["left_out"]) == (alike, left_out)
    assert found["sanitised"] is False


@pytest.mark.parametrize(
    "score",
    [None, {}, {"value": None, "interval": None}, {"value": 1, "interval": [2, 3]}, {"value": "1", "interval": [0, 1]}],
)
def test_a_figure_that_is_none_is_not_compared(score: Any) -> None:
    earlier = report(120)
    earlier["sets"]["s"]["scores"]["preferred"] = score
    assert changes(earlier, report(120))["sets"]["s"]["scores"] == {}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"task": "bias"}', '{"task": "pii", "sets": {}}', "[" * 100_000])
def test_other_files_are_no_reports(tmp_path: Path, content: str) -> None:
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(ConfigError, match="is no report"):
        read_earlier(tmp_path / "r.json", "bias")


def test_a_report_is_read(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(report(3)))
    assert read_earlier(tmp_path / "r.json", "bias") == report(3)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_earlier(tmp_path / "none.json", "bias")
