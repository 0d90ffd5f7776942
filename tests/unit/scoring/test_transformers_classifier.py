"""Bring your own model: labels, activations, windows, and what is never loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigError, ModelError
from agent.scoring import load_scorer
from agent.scoring.base import Scorer
from agent.scoring.encoders.pinned import digest_of
from tests.unit.scoring.fake_scorers import make_batch
from tests.unit.scoring.tiny_encoders import SENTENCES, write_classifier

THREE = {0: "neutral", 1: "hate", 2: "offensive"}


def loaded(folder: Path, labels: dict[str, str], slot: str = "toxicity", **options: Any) -> Scorer:
    scorer = load_scorer(
        slot, {"model": str(folder), "labels": labels, "device": "cpu", "precision": "float32", **options},
        "transformers",
    )  # fmt: skip
    scorer.warm_up()
    return scorer


def own_logits(folder: Path, text: str) -> Any:
    """As transformers computes them, one text at a time."""
    import torch
    import transformers

    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        return model(**tokenizer(text, return_tensors="pt"))[0][0]


@pytest.mark.layer("models")
@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta"])
def test_one_label_out_of_several_is_a_softmax_whose_labels_add_up(kind: str, tmp_path: Path) -> None:
    folder = write_classifier(tmp_path, kind, labels=THREE, problem_type="single_label_classification")
    scorer = loaded(folder, {"hate": "hate", "LABEL_2": "hate", "offensive": "toxicity"})
    assert set(scorer.categories) == {"toxicity", "toxicity.hate"}
    for text in SENTENCES[:4]:
        (row,) = scorer.score(make_batch(text))
        shares = own_logits(folder, text).softmax(0).tolist()
        expected = {"toxicity.hate": shares[1] + shares[2], "toxicity": shares[2]}
        assert dict(row.scores) == pytest.approx(expected, abs=1e-5)


@pytest.mark.layer("models")
def test_several_labels_at_once_are_sigmoids_of_which_the_highest_counts(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path, "bert", labels=THREE, problem_type="multi_label_classification")
    scorer = loaded(folder, {"hate": "hate", "offensive": "hate"}, slot="toxicity_zh")
    for text in SENTENCES[4:]:
        (row,) = scorer.score(make_batch(text))
        each = own_logits(folder, text).sigmoid().tolist()
        assert dict(row.scores) == pytest.approx({"toxicity_zh.hate": max(each[1:])}, abs=1e-5)


@pytest.mark.layer("models")
def test_the_activation_may_be_said(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path, "bert", labels=THREE)  # no problem_type: softmax, as transformers has it
    text = SENTENCES[0]
    logits = own_logits(folder, text)
    for activation, expected in (
        ("auto", logits.softmax(0)),
        ("softmax", logits.softmax(0)),
        ("sigmoid", logits.sigmoid()),
    ):
        (row,) = loaded(folder, {"hate": "hate"}, activation=activation).score(make_batch(text))
        assert row.scores["toxicity.hate"] == pytest.approx(float(expected[1]), abs=1e-5)


@pytest.mark.layer("models")
def test_a_single_output_is_a_sigmoid_and_a_regression_is_refused(tmp_path: Path) -> None:
    single = write_classifier(tmp_path / "single", "bert", labels={0: "toxic"})
    (row,) = loaded(single, {"toxic": "toxicity"}).score(make_batch("hello"))
    assert row.scores["toxicity"] == pytest.approx(float(own_logits(single, "hello").sigmoid()[0]), abs=1e-5)
    regression = write_classifier(tmp_path / "regression", "bert", labels={0: "toxic"}, problem_type="regression")
    with pytest.raises(ModelError, match="regression; set activation"):
        loaded(regression, {"toxic": "toxicity"})


@pytest.mark.layer("models")
def test_the_highest_window_counts_and_no_part_is_overlooked(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path, "bert", labels=THREE, problem_type="multi_label_classification")
    scorer = loaded(folder, {"hate": "hate"}, max_length=12, overlap=5, max_windows=100)
    words = ["hello", "world", "nice", "idiot", "you", "are", "a"] * 9  # each one token, ten to a window
    windows = [" ".join(words[begin : begin + 10]) for begin in range(0, len(words) - 5, 5)]
    expected = max(float(own_logits(folder, window).sigmoid()[1]) for window in windows)
    (row,) = scorer.score(make_batch(" ".join(words)))
    assert row.scores["toxicity.hate"] == pytest.approx(expected, abs=1e-5)
    assert not row.truncated
    short = loaded(folder, {"hate": "hate"}, max_length=12, overlap=5, max_windows=2)
    assert short.score(make_batch(" ".join(words)))[0].truncated


@pytest.mark.layer("models")
def test_an_adversarial_model_judges_inputs_in_its_own_dimension(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path, "bert", labels={0: "benign", 1: "malicious"})
    own = loaded(folder, {"malicious": "adversarial"}, slot="adversarial")
    assert (own.categories, own.directions) == ({"adversarial": "adversarial"}, frozenset({"input"}))
    free = loaded(folder, {"malicious": "jailbreak"}, slot="guard", dimension="adversarial", directions=["output"])
    assert (free.categories, free.directions) == ({"guard.jailbreak": "adversarial"}, frozenset({"output"}))
    both = loaded(folder, {"malicious": "unsafe"}, slot="guard")
    assert (both.categories, both.directions) == ({"guard.unsafe": "output"}, frozenset({"input", "output"}))


@pytest.mark.layer("models")
def test_a_label_that_the_model_lacks_is_named_with_those_that_it_has(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path, "bert", labels=THREE)
    with pytest.raises(ModelError, match="no label 'toxic'; it has neutral, hate, offensive"):
        loaded(folder, {"toxic": "toxicity"})
    with pytest.raises(ModelError, match="no label 'LABEL_3'"):
        loaded(folder, {"LABEL_3": "toxicity"})


@pytest.mark.layer("models")
def test_pickles_are_taken_only_when_that_is_allowed(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path, "bert", safe=False)
    with pytest.raises(ModelError, match="no safetensors; convert it, or set allow_pickle"):
        loaded(folder, {"LABEL_1": "toxicity"})
    weights = sorted(folder.glob("*.bin"))
    with pytest.raises(ModelError, match=f"is not pinned; .* set sha256: {digest_of(weights)}"):
        loaded(folder, {"LABEL_1": "toxicity"}, allow_pickle=True)
    with pytest.raises(ModelError, match="is not what sha256 says"):
        loaded(folder, {"LABEL_1": "toxicity"}, allow_pickle=True, sha256="0" * 64)
    with pytest.raises(ModelError, match="from a directory alone"):
        loaded(Path("owner/name"), {"LABEL_1": "toxicity"}, allow_pickle=True, sha256=digest_of(weights))
    scorer = loaded(folder, {"LABEL_1": "toxicity"}, allow_pickle=True, sha256=digest_of(weights))
    assert scorer.score(make_batch("hello"))[0].scores["toxicity"] > 0.0


@pytest.mark.layer("models")
def test_no_index_and_no_other_file_makes_a_pickle_pass(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path / "model", "bert", safe=False)
    weights = folder / "pytorch_model.bin"
    digest = digest_of([weights])
    # Not read, since it has not the name under which transformers looks: the pickle is.
    (folder / "other.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="is not pinned"):
        loaded(folder, {"LABEL_1": "toxicity"}, allow_pickle=True)
    names = ["classifier.bias", "classifier.weight"]
    for shard in ("weights.bin", "weights.dat", "../weights.safetensors", "/etc/weights.safetensors"):
        index = {"metadata": {"total_size": 1}, "weight_map": dict.fromkeys(names, shard)}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
        both: tuple[dict[str, Any], ...] = ({}, {"allow_pickle": True, "sha256": digest})
        for options in both:
            with pytest.raises(ModelError, match="names files that are no safetensors, or lie elsewhere"):
                loaded(folder, {"LABEL_1": "toxicity"}, **options)
    (folder / "model.safetensors.index.json").unlink()
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "transformers_weights": "own.safetensors.index.json"}))
    (folder / "own.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelError, match=r"own\.safetensors\.index\.json names files"):
        loaded(folder, {"LABEL_1": "toxicity"})
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelError, match="names other files than the pickles beside it"):
        loaded(folder, {"LABEL_1": "toxicity"}, allow_pickle=True, sha256=digest)
    (folder / "pytorch_model.bin.index.json").write_text("[]")
    with pytest.raises(ModelError, match="is no index of weights"):
        loaded(folder, {"LABEL_1": "toxicity"}, allow_pickle=True, sha256=digest)


@pytest.mark.layer("models")
def test_a_model_in_several_files_is_read(tmp_path: Path) -> None:
    import safetensors.torch

    folder = write_classifier(tmp_path, "bert")
    whole = own_logits(folder, "hello").softmax(0)[1]
    state = safetensors.torch.load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    shards = {name: f"model-0000{place % 2 + 1}-of-00002.safetensors" for place, name in enumerate(state)}
    for shard in set(shards.values()):
        part = {name: state[name] for name, own in shards.items() if own == shard}
        safetensors.torch.save_file(part, folder / shard, metadata={"format": "pt"})
    index = {"metadata": {"total_size": 1}, "weight_map": shards}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (row,) = loaded(folder, {"LABEL_1": "toxicity"}).score(make_batch("hello"))
    assert row.scores["toxicity"] == pytest.approx(float(whole), abs=1e-5)


@pytest.mark.layer("models")
def test_code_that_a_model_brings_along_is_not_run(tmp_path: Path) -> None:
    folder, proof = write_classifier(tmp_path / "model", "bert"), tmp_path / "proof"
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "own.OwnConfig", "AutoModelForSequenceClassification": "own.Own"}
    config["model_type"] = "own"
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"import pathlib\npathlib.Path({str(proof)!r}).mkdir()\n")
    with pytest.raises(ModelError, match="code of its own, which is never run"):
        loaded(folder, {"LABEL_1": "toxicity"})
    assert not proof.exists()


@pytest.mark.layer("models")
def test_a_model_without_a_trained_head_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = write_classifier(tmp_path, "bert")
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if not name.startswith("classifier")}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks 2 parameters, first classifier\.bias; it is no trained classifier"):
        loaded(folder, {"LABEL_1": "toxicity"})


@pytest.mark.layer("models")
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "vocab.txt"])
def test_a_damaged_model_says_so(name: str, tmp_path: Path) -> None:
    folder = write_classifier(tmp_path, "bert")
    for file in (name, "tokenizer.json") if name == "vocab.txt" else (name,):
        (folder / file).unlink(missing_ok=True)
    with pytest.raises(ModelError, match="cannot be loaded"):
        loaded(folder, {"LABEL_1": "toxicity"})


@pytest.mark.layer("models")
def test_a_tokeniser_that_knows_no_words_is_refused(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path, "bert")
    (folder / "tokenizer.json").unlink(missing_ok=True)
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n", encoding="utf-8")
    with pytest.raises(ModelError, match="knows no words"):
        loaded(folder, {"LABEL_1": "toxicity"})


@pytest.mark.layer("models")
def test_a_path_is_never_looked_up_on_the_hub(tmp_path: Path) -> None:
    for missing in (str(tmp_path / "absent"), "./absent", "~/absent-model"):
        with pytest.raises(ModelError, match="is no directory"):
            load_scorer("unsafe", {"model": missing, "labels": {"a": "unsafe"}}, "transformers").warm_up()


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"labels": {}}, "labels must map"),
        ({"labels": ["toxic"]}, "labels must map"),
        ({"labels": {"toxic": 1}}, "labels must map"),
        ({"labels": {"toxic": "Very Toxic"}}, "lower-case words"),
        ({"labels": {"toxic": "a.b"}}, "lower-case words"),
        ({"activation": "relu"}, "activation must be one of"),
        ({"dimension": "privacy"}, "dimension must be output or adversarial"),
        ({"directions": ["sideways"]}, "directions takes a list"),
        ({"directions": []}, "directions takes a list"),
        ({"threshold": 0.0}, "threshold must be"),
        ({"precision": "fp8"}, "precision must be one of"),
    ],
)
def test_options_out_of_range_are_refused(option: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_scorer("toxicity_zh", {"model": "x/y", "labels": {"toxic": "toxicity"}, **option}, "transformers")
