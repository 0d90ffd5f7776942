"""Operators' marks beside a calibration."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ConfigError, DataError
from agent.quality.marks import Marks, read_marks
from streams.cli import main
from streams.commands.calibrate import _marked
from tests.unit.console.console_builders import make_mark


def write(path: Path, *marks: Any) -> Path:
    path.write_bytes(b"\n".join(msgspec.json.encode(mark) for mark in marks) + b"\n")
    return path


def marks_of(scores: list[float], correct: list[bool], path: Path) -> Marks:
    rows = [make_mark(n, right, score=score) for n, (score, right) in enumerate(zip(scores, correct, strict=True))]
    return read_marks(write(path, *rows), "toxicity", "builtin@2")


def test_the_last_mark_of_a_finding_counts_and_others_are_passed_over(tmp_path: Path) -> None:
    found = read_marks(
        write(
            tmp_path / "marks.jsonl",
            make_mark(1, True),
            make_mark(1, False),
            make_mark(2, True, category="pii.email"),
            make_mark(3, True, scorers={"toxicity": "builtin@2-cal.0123abcd"}),
            make_mark(4, True, scorers={}),
        ),
        "toxicity",
        "builtin@2",
    )
    assert (found.scores.tolist(), found.correct.tolist()) == ([0.9], [False])
    assert (found.other_category, found.other_version) == (1, 2)
    assert found.passed_over == {"toxicity builtin@2-cal.0123abcd": 1, "toxicity ?": 1}


def test_precision_of_what_reaches_a_threshold(tmp_path: Path) -> None:
    found = marks_of([0.5, 0.6, 0.7, 0.8], [False, False, True, True], tmp_path / "m")
    assert (found.precision(0.6).marked, found.precision(0.6).correct) == (3, 2)
    assert found.precision(0.7).value == 1.0
    assert found.precision(0.9) == found.precision(1.0)
    assert found.precision(0.9).value is None


def test_the_lowest_threshold_that_the_marks_support(tmp_path: Path) -> None:
    draw = random.Random(3)
    scores = [draw.uniform(0.5, 1.0) for _ in range(600)]
    found = marks_of(scores, [score > 0.75 for score in scores], tmp_path / "m")
    threshold = found.threshold_for(0.9)
    # At 0.722 nine in ten are right; the bound that is known for certain lies a little above.
    assert 0.72 < threshold < 0.78
    assert (found.precision(threshold).interval or (0.0, 0.0))[0] >= 0.9
    assert found.threshold_for(0.2) == min(scores)


@pytest.mark.parametrize(("number", "right"), [(0, True), (9, True), (400, False)])
def test_what_the_marks_do_not_support_is_refused(number: int, right: bool, tmp_path: Path) -> None:
    found = marks_of([0.8] * number, [right] * number, tmp_path / "m") if number else None
    if found is None:
        (tmp_path / "m").write_bytes(b"\n")
        found = read_marks(tmp_path / "m", "toxicity", "builtin@2")
    with pytest.raises(DataError, match="no threshold is shown"):
        found.threshold_for(0.5)


@given(st.lists(st.tuples(st.floats(0.5, 1.0), st.booleans()), min_size=10, max_size=60), st.floats(0.05, 0.95))
def test_a_threshold_that_is_given_holds_what_it_promises(rows: list[tuple[float, bool]], wanted: float) -> None:
    import numpy as np

    found = Marks(np.array([row[0] for row in rows]), np.array([row[1] for row in rows]), 0, 0, {})
    try:
        threshold = found.threshold_for(wanted)
    except DataError:
        return
    at = found.precision(threshold)
    assert at.marked >= 10 and at.interval is not None and at.interval[0] >= wanted


def test_what_is_no_file_of_marks(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_marks(tmp_path / "absent", "toxicity", "builtin@2")
    (tmp_path / "bad").write_bytes(b'{"text": "secret words"}\n')
    with pytest.raises(DataError, match="line 1 is no mark") as caught:
        read_marks(tmp_path / "bad", "toxicity", "builtin@2")
    assert "secret" not in str(caught.value)


def test_calibrate_raises_the_threshold_and_says_what_the_marks_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "harmwatch.yaml"
    config.write_text("scorers: {toxicity: {kind: ngrams}}\n", encoding="utf-8")
    rows = [{"text": f"the train to town number {n} leaves at noon", "label": 0} for n in range(320)]
    rows += [{"text": f"you are a worthless idiot number {n}, shut up", "label": 1} for n in range(40)]
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    words = ["calibrate", str(data), "--task", "toxicity", "--config", str(config), "--target-fpr", "0.01",
             "--method", "platt", "--bootstrap", "20", "--json", "--quiet"]  # fmt: skip
    assert main(words) == 0
    plain = json.loads(capsys.readouterr().out)
    assert "feedback" not in plain
    raw, version = plain["threshold"]["raw"], plain["scorer_version"]
    higher = (raw + 1.0) / 2.0
    marks = [
        make_mark(n, n % 2 == 1, score=higher if n % 2 else raw, scorers={"toxicity": version}) for n in range(200)
    ]
    file = write(tmp_path / "marks.jsonl", *marks)
    assert main([*words, "--feedback", str(file)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["threshold"] == plain["threshold"]
    assert (told["feedback"]["marked"], told["feedback"]["value"], told["feedback"]["used"]) == (200, 0.5, 200)
    assert main([*words, "--feedback", str(file), "--least-precision", "0.8"]) == 0
    raised = json.loads(capsys.readouterr().out)
    assert raised["threshold"]["raw"] == higher
    assert raised["feedback"]["value"] == 1.0
    assert raised["threshold"]["recall"] <= plain["threshold"]["recall"]
    assert raised["map"] == plain["map"]


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["calibrate", "x", "--task", "toxicity", "--target-fpr", "0.01", "--least-precision", "0.8"]
    assert main(words) == 2
    assert "--least-precision needs --feedback" in capsys.readouterr().err


def test_marks_of_another_version_are_named_with_what_to_give(tmp_path: Path) -> None:
    marks = [make_mark(n, scorers={"toxicity": f"ngrams@{1 + n // 30}"}) for n in range(40)]
    found = read_marks(write(tmp_path / "m", *marks), "toxicity", "builtin@2")
    assert list(found.passed_over.items()) == [("toxicity ngrams@1", 30), ("toxicity ngrams@2", 10)]
    with pytest.raises(DataError, match=r"by 0 marks.*30 of toxicity ngrams@1.*--config"):
        found.threshold_for(0.8)
    told = _marked(found, 0.5)
    assert "40 of other versions passed over (30 of toxicity ngrams@1, 10 of toxicity ngrams@2: give --config" in told


def test_names_in_marks_steer_no_terminal_and_are_few(tmp_path: Path) -> None:
    marks = [make_mark(n, scorers={"toxicity": f"\x1b[2J{n}" + "x" * 500}) for n in range(30)]
    found = read_marks(write(tmp_path / "m", *marks), "toxicity", "builtin@2")
    assert len(found.passed_over) == 8
    assert all(len(name) <= 80 for name in found.passed_over)
    assert "\x1b" not in _marked(found, 0.5)
