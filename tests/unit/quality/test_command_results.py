"""What ``evaluate`` and ``calibrate`` write: never over what they read, and refused before long work."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from streams.cli import main
from tests.unit.quality.builders import TOXIC_ROWS, write
from tests.unit.quality.test_commands import many


@pytest.fixture
def toxic(tmp_path: Path) -> Path:
    return write(tmp_path / "toxic.jsonl", TOXIC_ROWS)


@pytest.mark.parametrize("option", ["--out", "--report"])
@pytest.mark.parametrize("way", ["file", "folder", "link", "marks"])
def test_no_result_is_written_over_what_is_read(
    option: str, way: str, tmp_path: Path, toxic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    data = write(tmp_path / "data" / "rows.jsonl", many())
    link = tmp_path / "link.json"
    link.symlink_to(data)
    before = data.read_bytes()
    files = [str(toxic), str(data.parent if way == "folder" else toxic if way == "marks" else data)]
    words = ["calibrate", *dict.fromkeys(files), "--task", "toxicity", "--target-fpr", "0.01", "--bootstrap", "0"]
    words += ["--feedback", str(data)] if way == "marks" else []
    assert main([*words, option, str(link if way == "link" else data)]) == 2
    assert f"calibrate: {option} " in capsys.readouterr().err
    assert data.read_bytes() == before


def test_a_result_that_cannot_be_written_is_said_before_the_work(
    toxic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["calibrate", str(toxic), "--task", "toxicity", "--target-fpr", "0.01"]
    assert main([*words, "--out", str(tmp_path)]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_folder_for_pictures_that_takes_none_is_said_before_the_work(
    toxic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(toxic), "--task", "toxicity", "--plots", str(toxic), "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"harmwatch evaluate: --plots {toxic}: no files") and captured.out == ""


def test_figures_are_told_where_the_disk_has_no_room_for_a_report(
    toxic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write(tmp_path / "rows.jsonl", many())
    evaluated = ["evaluate", str(toxic), "--task", "toxicity", "--bootstrap", "0", "--report", "/dev/full", "--json"]
    calibrated = ["calibrate", str(data), "--task", "toxicity", "--target-fpr", "0.01", "--bootstrap", "0"]
    assert main(evaluated) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["n"] == 7 and "No space left" in captured.err
    assert main([*calibrated, "--out", "/dev/full", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["threshold"]["negatives"] == 320
    assert main([*calibrated, "--out", "/dev/full"]) == 2
    assert "not stored" in capsys.readouterr().out


def test_a_calibration_of_a_file_whose_name_is_not_utf_8_is_stored(tmp_path: Path) -> None:
    data = write(tmp_path / os.fsdecode(b"caf\xe9.jsonl"), many())
    out = tmp_path / "calibration.json"
    words = ["--task", "toxicity", "--target-fpr", "0.01", "--bootstrap", "0", "--quiet"]
    assert main(["calibrate", str(data), *words, "--out", str(out)]) == 0
    assert json.loads(out.read_bytes())["data"]["files"] == ["caf\\udce9"]


def test_a_report_does_not_replace_the_calibration(
    toxic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["calibrate", str(toxic), "--task", "toxicity", "--target-fpr", "0.01"]
    assert main([*words, "--out", str(tmp_path / "x"), "--report", str(tmp_path / "x")]) == 2
    assert "is the file of --report too" in capsys.readouterr().err
