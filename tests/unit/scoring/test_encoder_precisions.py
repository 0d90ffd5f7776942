"""Encoders at every precision of a CPU: the same scores in a batch as alone, and near those of float32."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import ConfigError
from agent.scoring import load_scorer
from agent.scoring.base import Scorer
from tests.unit.scoring.fake_scorers import make_batch
from tests.unit.scoring.tiny_detoxify import pinned, write_tiny_detoxify
from tests.unit.scoring.tiny_encoders import SENTENCES, write_classifier

pytestmark = pytest.mark.layer("models")

PRECISIONS = ("float32", "bfloat16", "int8")
TOLERANCE = 1e-3


def _detoxify(folder: Path, kind: str) -> tuple[str, dict[str, Any]]:
    checkpoint, directory = write_tiny_detoxify(folder, kind)
    return "detoxify", pinned(checkpoint) | {"huggingface_config_path": str(directory)}


def _classifier(folder: Path, kind: str) -> tuple[str, dict[str, Any]]:
    return "transformers", {"model": str(write_classifier(folder, kind)), "labels": {"LABEL_1": "unsafe"}}


#: Unpadded by our own forward pass, and as they come: the shapes of ALBERT and DeBERTa are not known to it.
NETWORKS: dict[str, Callable[[Path], tuple[str, dict[str, Any]]]] = {
    "detoxify-bert": lambda folder: _detoxify(folder, "bert"),
    "detoxify-xlm-roberta": lambda folder: _detoxify(folder, "xlm-roberta"),
    "transformers-distilbert": lambda folder: _classifier(folder, "distilbert"),
    "transformers-albert": lambda folder: _classifier(folder, "albert"),
    "transformers-deberta-v2": lambda folder: _classifier(folder, "deberta-v2"),
}


@pytest.fixture(scope="module")
def scorers(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Scorer]:
    made: dict[tuple[str, str], Scorer] = {}
    for name, files in NETWORKS.items():
        kind, options = files(tmp_path_factory.mktemp(name))
        for precision in PRECISIONS:
            scorer = load_scorer(kind, {**options, "device": "cpu", "precision": precision, "tokens_per_pass": 96})
            scorer.warm_up()
            made[name, precision] = scorer
    return made


words = st.sampled_from([word for sentence in SENTENCES for word in sentence.split()])
texts_of_any_length = st.one_of(
    st.lists(words, max_size=8).map(" ".join),
    st.lists(words, min_size=20, max_size=120).map(" ".join),
    st.lists(words, max_size=40).map("".join),
    st.text(max_size=20),
)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("network", NETWORKS)
@settings(max_examples=25)
@given(texts=st.lists(texts_of_any_length, min_size=2, max_size=12))
def test_a_batch_equals_single_texts(
    scorers: dict[tuple[str, str], Scorer], network: str, precision: str, texts: list[str]
) -> None:
    scorer = scorers[network, precision]
    for text, row in zip(texts, scorer.score(make_batch(*texts)), strict=True):
        (alone,) = scorer.score(make_batch(text))
        assert dict(row.scores) == pytest.approx(dict(alone.scores), abs=TOLERANCE)
        assert row.truncated == alone.truncated


# Weights of the size that training leaves; those of the other tests are so large that rounding decides where attention
# goes. The second one is as wide as BERT-base and half as deep, with a head that spreads logits as a trained one does.
REAL_SIZES: dict[str, dict[str, Any]] = {
    "tiny": {"initializer_range": 0.1},
    "base": {
        "initializer_range": 0.02, "hidden_size": 768, "num_hidden_layers": 6, "num_attention_heads": 12,
        "intermediate_size": 3072,
    },
}  # fmt: skip


@pytest.mark.parametrize("size", REAL_SIZES)
def test_rounding_moves_scores_by_little(size: str, tmp_path: Path) -> None:
    model = str(write_classifier(tmp_path, "bert", **REAL_SIZES[size], head_scale=20.0))
    batch = make_batch(*SENTENCES, " ".join(SENTENCES))
    found: dict[str, list[float]] = {}
    for precision in PRECISIONS:
        scorer = load_scorer("transformers", {"model": model, "labels": {"LABEL_1": "unsafe"}, "device": "cpu",
                                              "activation": "sigmoid", "precision": precision})  # fmt: skip
        scorer.warm_up()
        found[precision] = [row.scores["transformers.unsafe"] for row in scorer.score(batch)]
    for precision, bound in (("bfloat16", 0.02), ("int8", 0.06)):
        pairs = zip(found[precision], found["float32"], strict=True)
        assert 0.0 < max(abs(rounded - exact) for rounded, exact in pairs) <= bound


def test_a_real_size_in_bfloat16_scores_alone_as_in_company(tmp_path: Path) -> None:
    model = str(write_classifier(tmp_path, "bert", **REAL_SIZES["base"], head_scale=20.0))
    scorer = load_scorer("transformers", {"model": model, "labels": {"LABEL_1": "unsafe"}, "device": "cpu",
                                          "activation": "sigmoid", "precision": "bfloat16"})  # fmt: skip
    scorer.warm_up()
    texts = [" ".join(SENTENCES[begin : begin + count]) for begin in range(len(SENTENCES)) for count in (1, 3)]
    for text, row in zip(texts, scorer.score(make_batch(*texts)), strict=True):
        assert dict(scorer.score(make_batch(text))[0].scores) == pytest.approx(dict(row.scores), abs=1e-5)


def test_auto_is_what_the_processor_multiplies() -> None:
    import torch

    from agent.scoring.encoders.quantize import choose_precision

    native = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    if native:
        expected = "bfloat16" if native.get("avx512_bf16") or native.get("amx_tile") else "float32"
        assert choose_precision("auto", torch.device("cpu")) == expected
    assert choose_precision("int8", torch.device("cpu")) == "int8"


@pytest.mark.parametrize(("precision", "device"), [("int8", "cuda"), ("float16", "cpu")])
def test_precisions_have_their_devices(precision: str, device: str) -> None:
    import torch

    from agent.scoring.encoders.quantize import choose_precision

    with pytest.raises(ConfigError, match=precision):
        choose_precision(precision, torch.device(device))


def test_integers_are_exact_whatever_stands_beside_them() -> None:
    import torch

    from agent.scoring.encoders.quantize import Int8Linear

    torch.manual_seed(1)
    layer = Int8Linear(torch.nn.Linear(48, 32))
    rows = torch.randn(70, 48) * torch.logspace(-3, 3, 70)[:, None]
    together = layer(rows)
    for place in (0, 3, 69):
        assert torch.equal(layer(rows[place : place + 1])[0], together[place])
    assert torch.equal(layer(torch.zeros(2, 48)), layer.bias.expand(2, 32))


@pytest.mark.parametrize(
    ("inputs", "outputs", "activation"), [(3072, 768, "none"), (768, 2304, "none"), (32, 48, "gelu")]
)
def test_a_row_in_bfloat16_is_the_same_to_the_bit_whatever_stands_beside_it(
    inputs: int, outputs: int, activation: Any
) -> None:
    """oneDNN alone splits sums by the number of rows: the first of these fails without blocks on AMX."""
    import torch

    from agent.scoring.encoders.quantize import OneDnnLinear

    torch.manual_seed(3)
    layer = OneDnnLinear(torch.nn.Linear(inputs, outputs), activation)
    rows = torch.randn(700, inputs)
    together = layer(rows)
    assert together.shape == (700, outputs)
    for begin, count in ((0, 1), (5, 7), (63, 3), (100, 36), (0, 64), (11, 65), (128, 128), (1, 129), (300, 200)):
        assert torch.equal(layer(rows[begin : begin + count]), together[begin : begin + count])
    assert layer(rows[:0]).shape == (0, outputs)


def test_gelu_inside_the_product_is_as_near_as_two_steps() -> None:
    import torch
    from torch import nn
    from torch.nn import functional

    from agent.scoring.encoders.quantize import FusedGeluLinear

    torch.manual_seed(5)
    linear = nn.Linear(64, 96)
    x = torch.randn(50, 64)
    fused = FusedGeluLinear(linear, torch.bfloat16, torch.device("cpu"))
    exact = functional.gelu(linear(x)).detach()
    assert float((fused(x).float() - exact).norm() / exact.norm()) < 0.01
    with pytest.raises(RuntimeError, match="no such operation"):
        FusedGeluLinear(nn.Linear(64, 96, bias=False), torch.bfloat16, torch.device("cpu"))
