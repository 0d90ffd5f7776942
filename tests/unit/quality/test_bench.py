"""The bench of quality: that it counts what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.perturbed import perturbation_figures
from tests.bench.quality import main
from tests.unit.quality.builders import TOXIC_ROWS, FixedJudge, write

PARENTS = {"p1": (1, 0.9), "p2": (0, 0.2)}


def variants(path: Path) -> Path:
    rows = [
        {"text": f"{parent}-{form}", "original": parent, "label": label, "category": form, "lang": "en",
         "task_label": "toxicity"}
        for parent, (label, _) in PARENTS.items() for form in ("leet", "spaced")
    ]  # fmt: skip
    rows.append(
        {"text": "p1", "original": None, "label": 1, "category": "original", "lang": "en", "task_label": "harm"}
    )
    rows.append(rows[0] | {"text": "x", "original": "y", "task_label": "injection"})
    return write(path, rows)


def test_parents_and_variants_are_compared_on_the_same_texts(tmp_path: Path) -> None:
    scores = {"p1": 0.9, "p2": 0.2, "p1-leet": 0.1, "p2-leet": 0.2, "p1-spaced": 0.9, "p2-spaced": 0.2}
    rows = perturbation_figures(variants(tmp_path / "x_perturbed.jsonl"), [FixedJudge(scores)])
    found = {(row["lang"], row["form"]): (row["n"], row["judges"]["fixed"]) for row in rows}
    assert found["en", "leet"] == (2, {"clean": 1.0, "perturbed": 0.0, "fall": 1.0})
    assert found["en", "spaced"] == (2, {"clean": 1.0, "perturbed": 1.0, "fall": 0.0})
    assert found["en", "all forms"] == found["all", "all forms"] == (
        4, {"clean": 1.0, "perturbed": 0.5, "fall": 0.5}
    )  # fmt: skip


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    opened, train = tmp_path / "open", tmp_path / "train"
    for folder in (opened / "tox", opened / "other", train):
        folder.mkdir(parents=True)
    write(opened / "tox" / "tox_mine.jsonl", TOXIC_ROWS)
    write(opened / "other" / "benign_mine.jsonl", TOXIC_ROWS[2:5])
    rows = [{"text": f"{row['text']} {number}", "label": row["label"]} for number in range(5) for row in TOXIC_ROWS[:7]]
    write(train / "toxicity.jsonl.gz", rows)
    variants(opened / "other" / "x_perturbed.jsonl")
    return opened, train


def test_all_judges_are_measured_on_all_files(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    opened, train = folders
    words = ["--open", str(opened), "--train", str(train), "--folders", "tox", "--unseen", "tox_mine",
             "--benign", "benign_mine", "--bootstrap", "20"]  # fmt: skip
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["judges"] == ["toxicity", "profanity-check", "ngram-floor"]
    assert set(found["files"]["tox_mine"]) == {"en", "zh", "all"}
    assert found["unseen"]["all"]["toxicity"]["auroc"] == 1.0
    assert found["benign"]["en"]["benign_mine"]["ngram-floor"]["n"] == 3
    assert set(found["benign"]["en"]["all"]) == set(found["judges"])
    assert [row["form"] for row in found["perturbed"]["x_perturbed"]][:2] == ["leet", "spaced"]
    assert main([*words, "--no-floor", "--limit", "4"]) == 0
    out = capsys.readouterr().out
    assert "tox_mine" in out
    assert "False-positive rate" in out
    assert "ngram-floor" not in out
