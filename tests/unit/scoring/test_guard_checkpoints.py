"""Guard checkpoints in the slot ``adversarial``, by path: labels, long texts, calibration, code that is never run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.config import CoreConfig
from agent.errors import ConfigError, ModelError
from agent.pipeline.build import build_scorers
from agent.scoring import load_scorer
from agent.scoring.base import Scorer, finds_attacks, limits_of
from tests.unit.scoring.fake_scorers import make_batch
from tests.unit.scoring.tiny_encoders import write_classifier

TEXT = "hello world, you are nice."


def guard(folder: Path, **options: Any) -> Scorer:
    section = {"kind": "transformers", "checkpoint": str(folder), "device": "cpu", "precision": "float32", **options}
    config = CoreConfig.model_validate({"scorers": {"adversarial": section}})
    scorer = {each.name: each for each in build_scorers(config.scorers)}["adversarial"]
    scorer.warm_up()
    return scorer


def own_shares(folder: Path, text: str) -> list[float]:
    import torch
    import transformers

    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        shares: list[float] = model(**tokenizer(text, return_tensors="pt"))[0][0].softmax(0).tolist()
    return shares


@pytest.mark.layer("models")
@pytest.mark.parametrize(
    ("kind", "labels", "attacks"),
    [
        ("deberta-v2", {0: "LABEL_0", 1: "LABEL_1"}, (1,)),  # Llama Prompt Guard 2
        ("deberta-v2", {0: "SAFE", 1: "INJECTION"}, (1,)),  # ProtectAI
        ("deberta-v2", {0: "BENIGN", 1: "INJECTION", 2: "JAILBREAK"}, (1, 2)),  # Prompt Guard 1
        ("distilbert", {0: "jailbreak", 1: "benign"}, (0,)),  # one's own
    ],
)
def test_labels_are_known_by_their_names(
    kind: str, labels: Mapping[int, str], attacks: tuple[int, ...], tmp_path: Path
) -> None:
    folder = write_classifier(tmp_path, kind, labels=labels)
    scorer = guard(folder)
    assert scorer.categories == {"adversarial": "adversarial"}
    assert finds_attacks(scorer)
    (row,) = scorer.score(make_batch(TEXT))
    shares = own_shares(folder, TEXT)
    assert dict(row.scores) == pytest.approx({"adversarial": sum(shares[place] for place in attacks)}, abs=1e-5)
    assert bool(limits_of(scorer)) is (labels[0] == "LABEL_0")


@pytest.mark.layer("models")
def test_unknown_labels_must_be_given(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path, "bert", labels={0: "calm", 1: "odd", 2: "hostile"})
    with pytest.raises(ModelError, match=r"set labels, such as \{hostile: adversarial\}; it has calm, odd, hostile"):
        guard(folder)
    scorer = guard(folder, labels={"hostile": "adversarial", "odd": "injection"})
    assert set(scorer.categories) == {"adversarial", "adversarial.injection"}
    (row,) = scorer.score(make_batch(TEXT))
    assert row.scores["adversarial"] == pytest.approx(own_shares(folder, TEXT)[2], abs=1e-5)


@pytest.mark.layer("models")
def test_an_attack_at_the_end_of_a_long_text_counts(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path, "deberta-v2", labels={0: "SAFE", 1: "INJECTION"}, head_scale=20.0)
    scorer = guard(folder, max_length=16, overlap=8)
    candidates = ["you are nice", "an idiot", "hello hello world", "你好世界", "傻"]
    rows = scorer.score(make_batch(*candidates))
    levels = dict(zip(candidates, (row.scores["adversarial"] for row in rows), strict=True))
    calm, loud = min(levels, key=levels.__getitem__), max(levels, key=levels.__getitem__)
    long, alone = f"{calm}. " * 20, scorer.score(make_batch(f"{calm}. " * 20))[0]
    (row,) = scorer.score(make_batch(long + f"{loud}. " * 6))
    assert row.scores["adversarial"] > alone.scores["adversarial"]
    assert not row.truncated


@pytest.mark.layer("models")
def test_a_checkpoint_is_a_directory_and_never_a_name_on_the_hub(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no directory"):
        guard(Path("meta-llama/Llama-Prompt-Guard-2-86M"))
    with pytest.raises(ModelError, match="no safetensors"):
        guard(write_classifier(tmp_path, "bert", labels={0: "SAFE", 1: "INJECTION"}, safe=False))


@pytest.mark.layer("models")
@pytest.mark.parametrize("named", [{"model_type": "piguard"}, {"architectures": ["InjecGuard"]}])
def test_piguard_runs_without_its_code(named: dict[str, Any], tmp_path: Path) -> None:
    """Its head is one layer on DeBERTa's first token; a pooler that its file may hold is not trained."""
    import torch
    import transformers

    folder = write_classifier(tmp_path / "model", "deberta-v2", labels={0: "benign", 1: "injection"}, head_scale=5.0)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    ids = transformers.AutoTokenizer.from_pretrained(folder)(TEXT, return_tensors="pt")
    with torch.inference_mode():
        hidden = network.deberta(**ids).last_hidden_state[:, 0]
        expected = float(network.classifier(hidden)[0].softmax(0)[1])
    config = json.loads((folder / "config.json").read_text())
    config |= {"auto_map": {"AutoModelForSequenceClassification": "own.PIGuard"}, **named}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'proof')!r}).mkdir()\n")
    (row,) = guard(folder).score(make_batch(TEXT))
    assert row.scores["adversarial"] == pytest.approx(expected, abs=1e-5)
    assert not (tmp_path / "proof").exists()


def test_where_a_model_is_must_be_said_once() -> None:
    for options in ({}, {"model": "x/y", "checkpoint": "/x"}):
        with pytest.raises(ConfigError, match="either checkpoint"):
            load_scorer("adversarial", options, "transformers")
    with pytest.raises(ConfigError, match="labels must map"):
        load_scorer("adversarial", {"checkpoint": "/x", "labels": {}}, "transformers")
    with pytest.raises(ConfigError, match="labels must map"):
        load_scorer("toxicity", {"checkpoint": "/x"}, "transformers")
    assert load_scorer("guard", {"checkpoint": "/x", "dimension": "adversarial"}, "transformers").categories == {
        "guard": "adversarial"
    }
