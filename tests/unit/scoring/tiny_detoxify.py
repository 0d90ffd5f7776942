"""A Detoxify checkpoint of a few thousand random weights, made on the spot: the real format, nothing downloaded."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from tests.brokers.base import LayerAbsent
from tests.brokers.layers import register_layer

__all__ = ["LABELS", "POSITIONS", "write_tiny_detoxify"]

LABELS = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
POSITIONS = 34
"""Input length of the tiny network: 32 tokens and two special ones."""

_WORDS = ["you", "are", "a", "an", "nice", "idiot", "hello", "world", "你", "好", "世", "界", "傻", "##s", ".", ","]


def _probe_models() -> str:
    absent = [name for name in ("torch", "transformers", "detoxify") if importlib.util.find_spec(name) is None]
    if absent:
        raise LayerAbsent(f"{', '.join(absent)} not installed; pip install 'harmwatch[models]'")
    return "torch, transformers and detoxify"


register_layer("models", _probe_models)


def write_tiny_detoxify(folder: Path, *, seed: int = 7, **over: Any) -> tuple[Path, Path]:
    """Write a checkpoint and the directory of its network.

    Parameters
    ----------
    over
        Replaces entries of the checkpoint's architecture, e.g. ``num_classes``.

    Returns
    -------
    tuple of Path
        Checkpoint file, directory with config.json and the tokeniser's vocabulary.
    """
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    directory = folder / "network"
    directory.mkdir()
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_WORDS, *"abcdefghijklmnopqrstuvwxyz0123456789"]
    (directory / "vocab.txt").write_text("\n".join(dict.fromkeys(vocabulary)) + "\n", encoding="utf-8")
    tokenizer = BertTokenizer(str(directory / "vocab.txt"))
    tokenizer.save_pretrained(directory)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48,
        max_position_embeddings=POSITIONS, num_labels=len(LABELS), initializer_range=0.5,
    )  # fmt: skip
    config.save_pretrained(directory)
    torch.manual_seed(seed)
    model = BertForSequenceClassification(config)
    architecture = {
        "model_type": str(directory), "model_name": "BertForSequenceClassification", "tokenizer_name": "BertTokenizer",
        "num_classes": len(LABELS),
    } | over  # fmt: skip
    checkpoint = folder / "tiny.ckpt"
    content = {
        "config": {"arch": {"args": architecture}, "dataset": {"args": {"classes": LABELS}}},
        "state_dict": model.state_dict(),
    }
    torch.save(content, checkpoint)
    return checkpoint, directory
