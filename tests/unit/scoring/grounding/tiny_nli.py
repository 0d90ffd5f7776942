"""A checkpoint for natural language inference of a few thousand random weights, made on the spot."""

from __future__ import annotations

from pathlib import Path

from tests.unit.scoring import tiny_detoxify  # registers the layer "models"

__all__ = ["POSITIONS", "write_tiny_nli"]

POSITIONS = 48
_WORDS = [
    "the",
    "clinic",
    "opens",
    "at",
    "it",
    "is",
    "not",
    "eight",
    "nine",
    "dogs",
    "are",
    "allowed",
    "诊",
    "所",
    "开",
    "门",
]
assert tiny_detoxify.POSITIONS


def write_tiny_nli(folder: Path, *, labels: tuple[str, ...] = ("contradiction", "neutral", "entailment")) -> Path:
    """Write a BERT with its tokeniser; the order of labels is the checkpoint's own."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_WORDS, *"abcdefghijklmnopqrstuvwxyz0123456789.,"]
    (folder / "vocab.txt").write_text("\n".join(dict.fromkeys(vocabulary)) + "\n", encoding="utf-8")
    tokenizer = BertTokenizer(str(folder / "vocab.txt"))
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48,
        max_position_embeddings=POSITIONS, num_labels=len(labels), initializer_range=0.5,
        id2label=dict(enumerate(labels)), label2id={label: number for number, label in enumerate(labels)},
    )  # fmt: skip
    torch.manual_seed(7)
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder
