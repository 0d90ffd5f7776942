"""``evaluate`` and ``calibrate`` say it when a file has no labels, or calls things by names that no scorer has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.quality.rows import LabelledFile, LabelledRow, SpanNote
from agent.quality.spans import KNOWN_TYPES, unknown_types
from agent.scoring.pii.packs import PACKS, load_recognizers
from streams.cli import main
from tests.unit.quality.builders import PII_ROWS, TOXIC_ROWS, write

UNJUDGED = [{"text": f"nobody judged number {number}", "label": None, "spans": None} for number in range(12)]
COMMANDS = (["evaluate"], ["calibrate", "--target-fpr", "0.01"])


@pytest.mark.parametrize("task", ["toxicity", "pii"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_nobody_labelled_has_no_figures(
    command: list[str], task: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "unjudged.jsonl", UNJUDGED)
    assert main([*command, str(path), "--task", task, "--json"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"harmwatch {command[0]}: unjudged: no row to measure: 12 have null where a label or spans should be\n"
    )


def test_beside_one_that_somebody_labelled_it_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "unjudged.jsonl", UNJUDGED)
    write(tmp_path / "toxic.jsonl", TOXIC_ROWS)
    assert main(["evaluate", str(tmp_path), "--task", "toxicity", "--json", "--bootstrap", "0"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n"], found["unlabelled"], found["files"]["unjudged"]["n"]) == (7, 13, 0)


def test_nothing_is_left_when_all_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "toxic.jsonl", TOXIC_ROWS)
    assert main(["evaluate", str(path), "--task", "toxicity", "--leave-out", str(path)]) == 1
    assert capsys.readouterr().err.endswith("spans should be, 8 are left out\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_name_is_not_this_folder(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "toxic.jsonl", TOXIC_ROWS)
    monkeypatch.chdir(tmp_path)
    assert main([*command, "", "--task", "toxicity"]) == 2
    assert "'' is no file" in capsys.readouterr().err


def spans(*types: str) -> LabelledFile:
    notes = tuple(SpanNote(0, 1, kind) for kind in types)
    return LabelledFile(
        "f", [LabelledRow(text="x", spans=notes), LabelledRow(text="y"), LabelledRow(text="z", spans=())], 0
    )


def test_types_that_no_scorer_knows() -> None:
    assert {recogniser.type for recogniser in load_recognizers(PACKS)} <= KNOWN_TYPES
    assert unknown_types([spans("EMAIL", "NAME", "ADDRESS", "DATE_OF_BIRTH", "CANARY"), spans()]) == {}
    assert unknown_types([spans("FOO", "email", "EMAIL"), spans("FOO", "a\nb")]) == {"FOO": 2, "a\\nb": 1, "email": 1}
    (name,) = unknown_types([spans("x" * 5000 + "1", "x" * 5000 + "2")])
    assert len(name) < 50


def test_they_are_told_and_named_in_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = [{"text": "Mail anna.lee@example.org", "spans": [{"start": 5, "end": 25, "type": kind}]}
           for kind in ("FOO", "FOO", "FOO", "email")]  # fmt: skip
    path = write(tmp_path / "odd.jsonl", [*PII_ROWS, *odd])
    words = ["--task", "pii", "--bootstrap", "0", "--quiet"]
    assert main(["evaluate", str(path), *words, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == (
        "harmwatch evaluate: types that no scorer knows: FOO (3 spans), email (1 span, known as EMAIL); "
        "these spans count as missed\n"
    )
    found = json.loads(captured.out)
    assert found["unknown_types"] == {"FOO": 3, "email": 1}
    assert found["by_type"]["FOO"]["recall"] == 0.0

    many = [{"text": "x", "spans": [{"start": 0, "end": 1, "type": f"T{number:02d}"}]} for number in range(25)]
    assert main(["evaluate", str(write(path, many)), *words, "--json"]) == 0
    captured = capsys.readouterr()
    assert list(json.loads(captured.out)["unknown_types"]) == [f"T{number:02d}" for number in range(10)]
    assert "T09 (1 span) and 15 more; these" in captured.err

    assert main(["evaluate", str(write(path, PII_ROWS)), *words, "--json"]) == 0
    captured = capsys.readouterr()
    assert (captured.err, "unknown_types" in json.loads(captured.out)) == ("", False)
