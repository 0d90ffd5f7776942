"""The code that trains the built-in encoders, on networks of a few thousand weights."""

from __future__ import annotations

import random
from dataclasses import replace

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
    together = runtime._forward(rows, 8)
    assert together == pytest.approx(expected, abs=0.03 * (np.std(expected) + 0.1))
    for row, score in zip(rows, together, strict=True):
        assert runtime._forward([row], len(row) + 2)[0] == pytest.approx(score, abs=1e-5)


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
