"""A calibration with few texts of label 0 is made, and whoever meets it is told: its maker, its reader, its worker."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.calibration import Calibration
from agent.config import ScorerConfig
from agent.pipeline import build_scorers
from agent.scoring.base import limits_of
from streams.cli import main
from tests.unit.quality.builders import write
from tests.unit.quality.test_commands import many

WORDS = ("--task", "toxicity", "--target-fpr", "0.01", "--bootstrap", "50", "--quiet")
CAUTION = (
    "its threshold rests on 135 texts of label 0, for a target of 0.01 300 are advised; "
    "the true rate may be up to 0.028"
)


@pytest.fixture
def few(tmp_path: Path) -> str:
    return str(write(tmp_path / "few.jsonl", many(135)))


def calibrated(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[dict[str, Any], str]:
    assert main(["calibrate", *words, *WORDS, "--json"]) == 0
    captured = capsys.readouterr()
    found: dict[str, Any] = json.loads(captured.out)
    return found, captured.err


def test_a_threshold_is_given_and_said_to_rest_on_few(
    few: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, page = tmp_path / "cal.json", tmp_path / "cal.html"
    found, said = calibrated(capsys, few, "--out", str(out), "--report", str(page))
    assert said == f"harmwatch calibrate: few texts: {CAUTION}; label more before a worker goes by it\n"
    assert found.pop("few_negatives") is True
    # No negative reaches it: the next one does with a chance of 1 in 136.
    threshold = found["threshold"]
    assert (threshold["negatives"], threshold["false_positives"]) == (135, 0)
    assert threshold["interval"][0] < threshold["interval"][1] and threshold["fpr_interval"][1] > 0.01
    # The file is one as others are, and older workers read it.
    assert json.loads(out.read_text(encoding="utf-8")) == found
    assert CAUTION in page.read_text(encoding="utf-8")


def test_with_enough_texts_nothing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, said = calibrated(capsys, str(write(tmp_path / "many.jsonl", many(300))))
    assert ("few_negatives" in found, said) == (False, "")


def test_languages_with_few_texts_get_no_threshold_of_their_own(few: str, capsys: pytest.CaptureFixture[str]) -> None:
    found, _ = calibrated(capsys, few, "--per-lang")
    assert (found["by_lang"], found["skipped_langs"]) == ({}, {"en": 135})


def test_with_fewer_than_any_threshold_needs_it_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = write(tmp_path / "fewer.jsonl", many(99)), tmp_path / "cal.json"
    assert main(["calibrate", str(data), *WORDS, "--out", str(out)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert (
        line.endswith("label at least 100 (1 / target), better 300 (3 / target), or ask for a higher rate")
        and not out.exists()
    )


def test_a_worker_says_what_its_calibration_rests_on(
    few: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "cal.json"
    calibrated(capsys, few, "--out", str(out))
    (scorer,) = build_scorers({"toxicity": ScorerConfig(calibration=out)})
    with caplog.at_level(logging.WARNING):
        scorer.warm_up()
    assert [record.getMessage() for record in caplog.records] == [
        "calibration_of_few_texts scorer=toxicity negatives=135 advised=300"
    ]
    assert limits_of(scorer) == (f"calibration: {CAUTION}",), "what doctor and evaluate show"


def test_a_calibration_without_a_target_warns_of_nothing(
    few: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that somebody wrote by hand, as it may be read."""
    found, _ = calibrated(capsys, few)
    assert msgspec.convert(found | {"target_fpr": 0.0}, Calibration).caution == ""
    assert msgspec.convert(found | {"target_fpr": 1e-300}, Calibration).caution
