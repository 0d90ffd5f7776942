"""``harmwatch probe`` with callables of all shapes: what a model's owner has lying about."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.probe.report import ADVERSARIAL_TEXTS
from streams.cli import main
from tests.unit.probe.attack_rig import SORRY, SURE

ROOT = Path(__file__).resolve().parents[3]
ATTACKS = [{"id": f"a{n}", "text": f"Open the cellar door {n}.", "label": 1} for n in range(12)]

TARGETS = f"""
import numpy as np

def bad(text):
    return "cellar" in text.lower()

def answer(text):
    return {SORRY!r} if bad(text) else {SURE!r}

async def awaited(text):
    return answer(text)

async def awaited_list(texts):
    return [answer(text) for text in texts]

def flag(text):
    return int(bad(text))

def share(text):
    return 0.9 if bad(text) else 0.1

def by_label(text):
    return {{"toxic": share(text), "safe": 1 - share(text)}}

def pipeline(texts):
    return [{{"label": "toxic" if bad(text) else "safe", "score": 0.9}} for text in texts]

def shares(texts):
    return np.array([[1 - share(text), share(text)] for text in texts])

def pair(text: str):
    return [1 - share(text), share(text)]

def word(text):
    return "toxic" if bad(text) else "safe"
"""


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    (tmp_path / "attacks.jsonl").write_text("\n".join(map(json.dumps, ATTACKS)))
    (tmp_path / "targets_of_all_shapes.py").write_text(TARGETS)
    sys.modules.pop("targets_of_all_shapes", None)
    monkeypatch.chdir(tmp_path)
    return ["probe", "--data", "attacks.jsonl", "--attacks", "zero_width", "random_case", "--quiet"]


def probed(capsys: pytest.CaptureFixture[str], words: list[str], name: str, *more: str) -> tuple[dict[str, Any], str]:
    assert main([*words, "--json", "--target", f"targets_of_all_shapes:{name}", *more]) == 0
    captured = capsys.readouterr()
    found: dict[str, Any] = json.loads(captured.out)
    return found, captured.err


@pytest.mark.parametrize(("name", "takes"), [("answer", "one"), ("awaited", "one"), ("awaited_list", "list")])
def test_answers_in_words(name: str, takes: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    found, said = probed(capsys, words, name)
    part = found["sets"]["attacks"]
    assert (found["target"]["takes"], part["counts"]["method"], said) == (takes, "comply", "")
    assert "method_told_by" not in part["counts"]
    assert part["scores"]["original"]["value"] == part["scores"]["random_case"]["value"] == 0.0
    assert part["scores"]["zero_width"]["value"] == 1.0


@pytest.mark.parametrize(
    ("name", "takes"),
    [("flag", "one"), ("share", "one"), ("by_label", "one"), ("pair", "one"), ("pipeline", "list"), ("shares", "list")],
)
def test_classes_and_probabilities_have_the_goal_flip(
    name: str, takes: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found, said = probed(capsys, words, name)
    part = found["sets"]["attacks"]
    assert found["target"]["takes"] == takes
    assert part["counts"] == {"method": "flip", "languages": 1, "method_told_by": "answers"}
    assert (part["scores"]["zero_width"]["value"], part["scores"]["random_case"]["value"]) == (1.0, 0.0)
    (line,) = said.splitlines()
    assert line.startswith("harmwatch probe: its answers are classes or probabilities") and "the goal is flip" in line
    # Given, it is what was given, and nothing is to be said about it.
    given, said = probed(capsys, words, name, "--goal", "flip")
    assert (given["sets"]["attacks"]["counts"], said) == ({"method": "flip", "languages": 1}, "")
    assert given["sets"]["attacks"]["scores"] == part["scores"]


def test_single_words_may_be_classes_or_answers(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    found, said = probed(capsys, words, "word")
    assert found["sets"]["attacks"]["counts"]["method"] == "comply"
    assert said == "harmwatch probe: its answers are single words; if these are classes, give --goal flip\n"
    assert probed(capsys, words, "word", "--goal", "comply")[1] == ""
    assert probed(capsys, words, "word", "--goal", "flip")[0]["sets"]["attacks"]["scores"]["zero_width"]["value"] == 1.0


def test_a_judge_of_answers_does_not_go_with_classes(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--target", "targets_of_all_shapes:share", "--judge", "toxicity"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--judge judges answers, and this target gives classes or probabilities" in line


def test_a_goal_that_was_found_out_is_found_again(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the run that goes on, and by the comparison, as if it had been given."""
    journal, earlier = str(tmp_path / "journal"), tmp_path / "earlier.json"
    target = ["--target", "targets_of_all_shapes:share", "--resume", journal]
    assert main([*words, "--json", *target, "--budget", "9"]) == 1
    half = json.loads(capsys.readouterr().out)
    assert not half["complete"] and half["sets"]["attacks"]["counts"]["method"] == "flip"
    whole, _ = probed(capsys, words, "share")
    rest, _ = probed(capsys, words, "share", "--resume", journal)
    assert {**rest, "run": 0} == {**whole, "run": 0} and rest["run"]["remembered"] > 0
    # Nothing is asked again but what finds out how it is called.
    again, _ = probed(capsys, words, "share", "--resume", journal)
    assert (again["run"]["requests"], again["sets"]) == (2, whole["sets"])
    earlier.write_text(json.dumps(whole))
    compared, _ = probed(capsys, words, "share", "--goal", "flip", "--compare", str(earlier))
    assert compared["changes"]["sets"]["attacks"]["scores"]["zero_width"]["difference"]["value"] == 0.0
    other, _ = probed(capsys, words, "answer", "--compare", str(earlier))
    assert other["changes"]["left_out"] == ["attacks"]


@pytest.mark.parametrize("more", [[], ["--budget", "1"]])
def test_what_is_remembered_stays_what_it_was_found_to_be(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    journal = str(tmp_path / "journal")
    whole, _ = probed(capsys, words, "share", "--resume", journal)
    code = tmp_path / "targets_of_all_shapes.py"
    code.write_text(code.read_text() + "\ndef share(text):\n    raise OSError\n")
    sys.modules.pop("targets_of_all_shapes", None)
    again, _ = probed(capsys, words, "share", "--resume", journal, *more)
    assert (again["sets"], again["complete"]) == (whole["sets"], True)


def test_what_cannot_be_told_is_said(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken_target.py").write_text("def ask(text):\n    raise OSError\n")
    assert main([*words, "--target", "broken_target:ask"]) == 1
    assert "what it answers could not be told" in capsys.readouterr().err


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_says_how_it_was_called(
    lang: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert main([*words, "--target", "targets_of_all_shapes:share", "--out", str(page), "--lang", lang]) == 0
    place = ("en", "zh").index(lang)
    for key in ("takes_one", "flip_by_answers"):
        assert ADVERSARIAL_TEXTS[key][place] in page.read_text(encoding="utf-8")
    assert ADVERSARIAL_TEXTS["takes_one"][place] in capsys.readouterr().out


def test_rows_of_features_one_by_one(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "judge_of_rows.py").write_text("def judge(row):\n    return 'yes' if row['income'] > 50 else 'no'\n")
    (tmp_path / "rows.jsonl").write_text(
        "\n".join(json.dumps({"id": n, "features": {"income": 40 + n, "job": "x"}}) for n in range(20))
    )
    assert main(["probe", "--json", "--quiet", "--target", "judge_of_rows:judge", "--data", "rows.jsonl"]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert (found["target"]["takes"], captured.err) == ("one", "")
    assert 0.0 < found["sets"]["rows"]["scores"]["random"]["value"] <= 0.2


def test_nothing_is_left_to_be_awaited(words: list[str], tmp_path: Path) -> None:
    """In a process of its own, where Python's warnings go to standard error."""
    for name in ("awaited", "awaited_list"):
        done = subprocess.run(
            [sys.executable, "-W", "always::RuntimeWarning", "-m", "streams.cli", *words, "--sample", "2",
             "--target", f"targets_of_all_shapes:{name}"],
            cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
