"""The code that trains the built-in encoders, on networks of a few thousand weights."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models.dataset import Row
from agent.models.encoder.augment import disguise
from agent.models.encoder.export import EncoderShape, encoder_to_onnx
from agent.models.encoder.pretrained import Pretrained
from agent.scoring.compact.artefact import EncoderSettings
from agent.scoring.compact.network import CompactEncoder

SHAPE = EncoderShape(layers=2, hidden=64, intermediate=128, heads=4, pooling="mean")
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "day", "##s", "a", "b", "##a", "##b", "rare"]


def pretrained(scores: bool = False) -> Pretrained:
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁good", "▁bad", "▁day", "s", "▁", "a"] if scores else PIECES
    vectors = np.random.default_rng(0).normal(size=(len(pieces), SHAPE.hidden)).astype(np.float32)
    return Pretrained(SHAPE, {"word": vectors}, pieces, [-float(i) for i in range(len(pieces))] if scores else [])


@pytest.mark.layer("models")
@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_the_exported_graph_computes_what_was_trained(pooling: str) -> None:
    import torch

    from agent.models.encoder.network import Encoder
    from agent.models.encoder.vocabulary import prune

    torch.manual_seed(0)
    vocabulary = prune(pretrained(), ["good day", "bad days"], 1, 100, 0)
    shape = replace(SHAPE, pooling=pooling)
    encoder = Encoder(shape, len(vocabulary.vectors), 32).eval()
    rows = [[4], [4, 6], [5, 6, 7, 4, 4, 5]]
    padded = [[vocabulary.first, *row, vocabulary.last] for row in rows]
    expected, ranges = [], {}
    for row in padded:
        ids = torch.tensor([row])
        mask = torch.ones_like(ids, dtype=torch.bool)
        with torch.inference_mode():
            expected.append(float(encoder(ids, mask)))
        for name, largest in encoder.linear_inputs(ids, mask).items():
            ranges[name] = np.maximum(ranges.get(name, 0.0), largest)
    graph = encoder_to_onnx(encoder.named_weights(), shape, ranges)
    settings = EncoderSettings("tiny", vocabulary.first, vocabulary.last, vocabulary.pad, 16, 4, 1.0, 0.0)
    runtime = CompactEncoder(settings, graph, vocabulary.tokenizer.to_str().encode(), 1, 4)
    together = runtime._forward(rows, 8, "logits")[:, 0]
    assert together == pytest.approx(expected, abs=0.03 * (np.std(expected) + 0.1))
    for row, score in zip(rows, together, strict=True):
        assert runtime._forward([row], len(row) + 2, "logits")[0, 0] == pytest.approx(score, abs=1e-5)


@pytest.mark.layer("models")
def test_training_lowers_the_loss_and_is_measured_by_length() -> None:
    import torch

    from agent.models.encoder.network import Encoder
    from agent.models.encoder.training import TrainingSettings, fit_encoder, predict_windows
    from agent.models.encoder.vocabulary import prune

    torch.set_num_threads(1)
    vocabulary = prune(pretrained(), ["good day", "bad days"], 1, 100, 0)
    encoder = Encoder(SHAPE, len(vocabulary.vectors), 32)
    rows = [([4, 6], 0.0), ([5, 6], 1.0)] * 40
    losses: list[float] = []
    fit_encoder(encoder, vocabulary, [rows] * 8, TrainingSettings(rate=2e-3, tokens=128),
                lambda done, steps, loss: losses.append(loss))  # fmt: skip
    assert np.mean(losses[-4:]) < 0.5 * np.mean(losses[:4])
    benign, hostile = predict_windows(encoder, vocabulary, [[4, 6], [5, 6]])
    assert hostile > benign + 2.0


def test_pruning_keeps_what_occurs_and_characters() -> None:
    from agent.models.encoder.vocabulary import prune

    vocabulary = prune(pretrained(), ["good days"] * 3, 2, 12, 0)
    kept = vocabulary.tokenizer.get_vocab()
    assert len(vocabulary.vectors) == len(kept) <= 12
    assert {"good", "a", "##b", "[UNK]"} <= set(kept)
    source = pretrained()
    for piece, place in kept.items():
        assert np.array_equal(vocabulary.vectors[place], source.weights["word"][source.pieces.index(piece)])


def test_a_unigram_vocabulary_falls_back_on_bytes() -> None:
    from agent.models.encoder.vocabulary import prune

    vocabulary = prune(pretrained(scores=True), ["good day"], 1, 100, 0)
    ids = vocabulary.tokenizer.encode("好", add_special_tokens=False).ids
    unknown = vocabulary.tokenizer.token_to_id("<unk>")
    assert len(ids) >= 3
    assert unknown not in ids


@given(st.text(min_size=1), st.integers())
def test_any_text_can_be_disguised(text: str, seed: int) -> None:
    assert len(disguise(text, random.Random(seed))) <= 2 * len(text) + 2


def test_rows_are_drawn_by_language_and_the_same_again() -> None:
    from agent.models.encoder.rows import epoch, split
    from agent.models.encoder.vocabulary import prune

    rows = [Row(f"good day {i}", lang, i % 2, f"set_{lang}") for lang in ("en", "zh") for i in range(100)]
    data = split(rows, {"en": 1.0}, 1)
    assert {row.lang for row in data.train} == {"en"}
    assert {row.lang for row in data.kept} == {"en", "zh"}
    tokenizer = prune(pretrained(), ["good day"], 1, 100, 0).tokenizer
    first, again = (epoch(data, tokenizer, {}, 20, 3, 7) for _ in range(2))
    assert first == again
    assert len(first) == 20
    assert all(len(ids) <= 3 for ids, _ in first)


def test_disguised_rows_are_held_aside_and_long_harmless_ones_count_once_a_window() -> None:
    from agent.models.encoder.rows import split

    rows = [Row("good day " * 200, "en", 0, "set"), Row("bad day " * 200, "en", 1, "set")] * 40
    rows += [Row("b4d day", "en", 1, "gen_tox_perturbed"), Row("b.a.d", "en", 1, "adv_enzh_perturbed")]
    data = split(rows, {"en": 1.0}, 1)
    assert {row.group for row in data.train + data.kept} == {"set"}
    harmless, held_back = (sum(row.label == 0 for row in part) for part in (data.train, data.kept))
    assert harmless == 5 * (40 - held_back)


def test_a_short_text_among_harmless_ones_is_whole_and_fits() -> None:
    from agent.models.encoder.rows import _embedded

    rng = random.Random(3)
    for _ in range(200):
        text = list(range(100, 100 + rng.randint(1, 9)))
        others = list(range(rng.randint(1, 20)))
        ids = _embedded(text, others, 20, rng)
        assert len(ids) <= 20
        place = ids.index(100)
        assert ids[place : place + len(text)] == text
        assert [i for i in ids if i < 100] == others[: len(ids) - len(text)]


def test_comments_are_divided_into_their_worst_sentence_and_a_harmless_rest() -> None:
    from agent.models.encoder.comments import COMMENTS, divided, without_comments

    comment = Row("The road is closed again today. You are bad people! I take the bus to work then.", "en", 1, COMMENTS)
    rows = [comment, Row("bad", "en", 1, COMMENTS), Row("another set", "en", 0, "other")]

    def logits(texts: list[str]) -> np.ndarray:
        return np.array([4.0 if "bad" in text else -4.0 for text in texts])

    new = divided(rows, logits)[len(rows) :]
    assert [(row.text, row.label) for row in new] == [
        ("The road is closed again today. I take the bus to work then.", 0),
        ("You are bad people!", 1),
    ]
    assert [row.group for row in without_comments(rows)] == ["other"]
    assert divided([rows[2]], logits) == [rows[2]]


def test_common_pieces_are_kept_for_languages_without_rows() -> None:
    from agent.models.encoder import vocabulary

    source = pretrained(scores=True)
    narrow, wide = (vocabulary.prune(source, [], 1, 4, 0, common) for common in (0, 3))
    assert len(wide.vectors) == len(narrow.vectors) + 3


@pytest.mark.layer("models")
def test_what_was_fitted_is_made_once_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.progress import Progress

    from agent.models.encoder import fit
    from agent.models.encoder.network import Encoder

    weights = {key: value for key, value in Encoder(SHAPE, 13, 32).named_weights().items() if "head" not in key}
    source = replace(pretrained(), weights={**weights, "word": pretrained().weights["word"]})
    tiny = fit.Recipe({"en": 1.0}, rate=1e-3, epochs=(40,), least=1, most=20, longest=20)
    monkeypatch.setattr(fit, "simplified_characters", lambda packages: {})
    monkeypatch.setattr(fit, "load_pretrained", lambda name, packages: source)
    monkeypatch.setattr(fit, "_FIRST", tiny)
    half = replace(tiny, tuned=0.5)
    monkeypatch.setattr(fit, "RECIPES", {"english": tiny, "multilingual": half})
    rows = [Row(f"{'bad' if i % 2 else 'good'} day", "en", i % 2, "set") for i in range(60)]
    with Progress(disable=True) as progress:
        fitter = fit._Fitter(None, progress)
        fit._Work(tmp_path, fitter, rows).fit_all()
        made = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
        assert set(made) == {"english.npz", "multilingual.npz", "rows.json"}
        (tmp_path / "multilingual.npz").unlink()
        fit._Work(tmp_path, fitter, rows).fit_all()
    again = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert {name for name in made if made[name] != again[name]} == {"multilingual.npz"}
    whole, averaged = (np.load(tmp_path / f"{name}.npz")["w:0.up.weight"] for name in ("english", "multilingual"))
    begun = weights["0.up.weight"]
    assert np.abs(averaged - begun).max() < 0.75 * np.abs(whole - begun).max()


def test_the_card_tells_the_numbers_that_it_is_given(tmp_path: Path) -> None:
    from agent.models.encoder.card import write_card
    from agent.models.figures import group_figures

    rows = [Row(f"text {i}", "en", i % 2, "set") for i in range(20)]
    report = {
        "kept_back": group_figures(rows, np.linspace(0, 1, 20), 0.5), "threshold": 0.5, "bytes": 12_300_000,
        "facts": {"target_fpr": 0.05, "target_everyday_fpr": 0.01, "seed": 7}, "milliseconds": 4.5,
        "short_milliseconds": 1.5, "window": 77, "overlap": 11, "tuned": 0.6,
    }  # fmt: skip
    write_card(tmp_path / "card.md", report, rows)
    card = (tmp_path / "card.md").read_text(encoding="utf-8")
    for told in (
        "12.3 MB",
        "**0.5**",
        "4.5 ms",
        "1.5 ms",
        "Windows of 77 tokens, 11 shared",
        "60 % fine-tuned",
        "seed 7",
    ):
        assert told in card
    assert "{" not in card


def test_a_file_that_is_no_fitted_encoder_is_named(tmp_path: Path) -> None:
    from agent.errors import ModelError
    from agent.models.encoder.fitted import Fitted

    (tmp_path / "torn.npz").write_bytes(b"PK torn")
    np.savez(tmp_path / "other.npz", x=np.zeros(2))
    for name in ("absent.npz", "torn.npz", "other.npz"):
        with pytest.raises(ModelError, match=name):
            Fitted.read(tmp_path / name)
