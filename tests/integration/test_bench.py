"""``harmwatch bench``: the promised keys, and figures that can be true."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.layer("embedded")

ROOT = Path(__file__).parents[2]
SCORERS = ("pii", "toxicity", "adversarial")
STAGES = ("decode", "normalise", "batch", "judge", "windows", "metrics", "publish", *SCORERS)
FORMATS = ("cloudevents", "oip", "otlp", "litellm", "openai")


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streams.cli", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    finished = bench("--short", "--json", "--events", "2000", "--partitions", "6")
    assert finished.returncode == 0, finished.stderr[-2000:]
    lines = finished.stdout.splitlines()
    assert len(lines) == 1  # one object, and nothing else on standard output
    found: dict[str, Any] = json.loads(lines[0])
    return found


@pytest.mark.slow
def test_stages_add_up(result: dict[str, Any]) -> None:
    stages = result["stages"]
    assert set(STAGES) <= set(stages)
    assert {f"decode_{name}" for name in FORMATS} <= set(stages)
    assert all(row["per_second"] > 0.0 for name, row in stages.items() if name != "loop")
    assert all(0.0 <= row["share"] <= 1.0 for row in stages.values())
    shares = [row["share"] for name, row in stages.items() if name != "whole"]
    assert sum(shares) == pytest.approx(1.0, abs=0.005)
    assert all(stages[f"decode_{name}"]["share"] == 0.0 for name in FORMATS)


@pytest.mark.slow
def test_end_to_end_says_what_was_measured_on_what(result: dict[str, Any]) -> None:
    section = result["end_to_end"]
    assert section["events"] == 2000
    assert section["partitions"] == 6
    assert section["events_per_second"] > 0.0
    assert section["events_per_second_without_cache"] > 0.0
    assert "noida-db" in section["broker"]
    assert section["ratio_to_bare_consumer"] == section["tap_ratio"] > 0.0
    assert "tap alone" in section["note"]
    assert 0.0 <= section["cache_hit_rate"] < 0.2


@pytest.mark.slow
def test_rivals_and_machine(result: dict[str, Any]) -> None:
    consume = result["rivals"]["consume"]
    assert consume["name"] == "confluent-kafka"
    assert consume["ours"] > 0.0
    assert consume["rival"] > 0.0
    for row in result["rivals"].values():
        assert {"ours", "rival", "ratio", "name"} <= set(row)
        assert row["rival"] is not None or row["note"]  # a rival that is absent has a reason
    assert {"python", "cpu", "cpu_count", "platform", "versions"} <= set(result["machine"])


@pytest.mark.slow
def test_texts_hardly_repeat_themselves(result: dict[str, Any]) -> None:
    traffic = result["traffic"]
    assert traffic["repeated_text_share"] < 0.2
    assert 100 < traffic["mean_text_characters"] < 140
    assert 0.3 < traffic["chinese_share"] < 0.5


@pytest.mark.parametrize("wrong", [("--events", "3"), ("--partitions", "0")])
def test_wrong_usage_is_one_line(wrong: tuple[str, str]) -> None:
    finished = bench(*wrong)
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert len(finished.stderr.splitlines()) == 1
    assert wrong[0] in finished.stderr
