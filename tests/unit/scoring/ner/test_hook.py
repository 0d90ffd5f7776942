"""The option `ner` in the scorer `pii`, and what the commands say about names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.config import ScorerConfig
from agent.errors import ConfigError, ModelError
from agent.events import TextPart
from agent.pipeline import build_scorers
from agent.scoring import load_scorer
from agent.scoring.base import Batch, Scorer, ScoringItem, limits_of
from streams.cli import main
from streams.commands.doctor import _scorers as scorer_checks
from streams.config import WorkerConfig
from tests.unit.quality.builders import PII_ROWS, write
from tests.unit.scoring.ner.tiny_models import write_ruler

TEXT = "Write to Anna Lee, anna.lee@example.org, at 12 Elm Street."


@pytest.fixture
def ruler(tmp_path: Path) -> dict[str, object]:
    known = {"Anna Lee": "PERSON", "Joe Smith": "PERSON", "anna.lee@example.org": "PERSON", "Elm Street": "FAC"}
    return {"kind": "spacy", "model": str(write_ruler(tmp_path / "model", "en", known))}


def batch_of(*texts: str) -> Batch:
    return Batch([ScoringItem(TextPart(text), "input", str) for text in texts])


def test_names_stand_beside_what_patterns_find(ruler: dict[str, object]) -> None:
    scorer = load_scorer("pii", {"ner": [ruler]})
    assert isinstance(scorer, Scorer)
    scorer.warm_up()
    assert scorer.version.endswith("+en_ruled@1.2.3")
    assert {"pii.name", "pii.address"} <= set(scorer.categories) == set(scorer.thresholds)
    assert limits_of(scorer) == ()
    row, nothing = scorer.score(batch_of(TEXT, "Nothing to see here."))
    assert [(span.type, TEXT[span.start : span.end]) for span in row.spans] == [
        ("NAME", "Anna Lee"), ("EMAIL", "anna.lee@example.org"), ("ADDRESS", "12 Elm Street"),
    ]  # fmt: skip
    assert row.scores["pii.name"] >= scorer.thresholds["pii.name"]
    assert not nothing.scores


def test_types_hold_for_names_too(ruler: dict[str, object]) -> None:
    scorer = load_scorer("pii", {"ner": ruler, "types": ["EMAIL", "ADDRESS"]})
    (row,) = scorer.score(batch_of(TEXT))
    assert [span.type for span in row.spans] == ["EMAIL", "ADDRESS"]


def test_a_wrong_option_is_one_line_and_a_damaged_model_is_told_at_warm_up(ruler: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="scorer pii: ner: kind must be one of"):
        build_scorers({"pii": ScorerConfig(options={"ner": [{"kind": "magic"}]})})
    (Path(str(ruler["model"])) / "config.cfg").write_text("[nlp", encoding="utf-8")
    scorer = load_scorer("pii", {"ner": [ruler]})
    with pytest.raises(ModelError, match="cannot be loaded"):
        scorer.warm_up()


def test_evaluate_says_what_is_not_covered(
    ruler: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, config = str(write(tmp_path / "pii.jsonl", PII_ROWS)), tmp_path / "harmwatch.yaml"
    config.write_text(json.dumps({"scorers": {"pii": {"ner": [ruler]}}}), encoding="utf-8")
    words = ["evaluate", rows, "--task", "pii", "--bootstrap", "0"]
    assert main([*words, "--json"]) == 0
    bare = json.loads(capsys.readouterr().out)
    assert main([*words, "--json", "--config", str(config)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert bare["by_type"]["NAME"]["recall"] == 0.0  # nothing announces the name in these rows
    assert "scorers.pii.ner" in bare["limits"][0]
    assert (found["by_type"]["NAME"]["f1"], found["limits"]) == (1.0, [])
    assert found["scorer_version"].endswith("+en_ruled@1.2.3")
    assert main(words) == 0
    assert "scorers.pii.ner" in capsys.readouterr().out


def test_doctor_says_it_too() -> None:
    others = {name: {"enabled": False} for name in ("toxicity", "adversarial", "groundedness")}
    (check, *_) = scorer_checks(WorkerConfig.model_validate({"scorers": {"pii": {}} | others}))
    assert (check.name, check.outcome) == ("scorer pii", "ok")
    assert "scorers.pii.ner" in check.found
