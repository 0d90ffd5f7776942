"""Classifiers of a few thousand random weights with tokenisers of their own, made on the spot; nothing downloaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["KINDS", "POSITIONS", "SENTENCES", "make_network", "tokenizer_name", "write_classifier", "write_network"]

POSITIONS = 34
"""Input length of the tiny networks: 32 tokens and two special ones."""

KINDS = ("bert", "roberta", "xlm-roberta", "distilbert", "albert", "deberta-v2")

SENTENCES = (
    "you are an idiot", "hello world, you are nice.", "what a lovely day", "this is not what I said at all",
    "你好世界", "今天天气不错,我们去公园走走。", "这句话没有什么意思", "请帮我总结一下这篇文章",
)  # fmt: skip

_WORDS = ["you", "are", "a", "an", "nice", "idiot", "hello", "world", "你", "好", "世", "界", "傻", "##s", ".", ","]
_CLASSES = {
    "bert": "Bert", "roberta": "Roberta", "xlm-roberta": "XLMRoberta", "distilbert": "DistilBert", "albert": "Albert",
    "deberta-v2": "DebertaV2",
}  # fmt: skip


_OWN_SETTINGS: dict[str, dict[str, Any]] = {
    "albert": {"embedding_size": 16, "hidden_act": "gelu"},
    "deberta-v2": {
        "relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 8, "share_att_key": True,
        "norm_rel_ebd": "layer_norm", "position_biased_input": False, "pooler_hidden_size": 32,
        "initializer_range": 0.1,
    },
}  # fmt: skip


#: Files of SentencePiece models, as published checkpoints name them.
_PIECES = {"xlm-roberta": "sentencepiece.bpe.model", "albert": "spiece.model", "deberta-v2": "spm.model"}


def tokenizer_name(kind: str) -> str:
    """Class of the tokeniser, as published checkpoints name it."""
    return f"{_CLASSES[kind]}Tokenizer"


def write_network(directory: Path, kind: str = "bert", **over: Any) -> Path:
    """Write ``config.json`` and the tokeniser's files of a tiny network.

    Parameters
    ----------
    over
        Replaces settings of the configuration, e.g. ``num_labels``.
    """
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = _write_tokenizer(directory, kind)
    import transformers

    width: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    if kind == "distilbert":
        width = {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 48}
    behind = 2 if kind in ("roberta", "xlm-roberta") else 0
    settings = {
        "vocab_size": len(tokenizer), "max_position_embeddings": POSITIONS + behind, "initializer_range": 0.5,
        "pad_token_id": tokenizer.pad_token_id, "bos_token_id": None, "eos_token_id": None, "intermediate_size": 48,
        **width,
    } | _OWN_SETTINGS.get(kind, {}) | over  # fmt: skip
    getattr(transformers, f"{_CLASSES[kind]}Config")(**settings).save_pretrained(directory)
    return directory


def make_network(directory: Path, kind: str = "bert", *, seed: int = 7) -> Any:
    """A network with random weights, after the configuration that `write_network` wrote."""
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(directory)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return getattr(transformers, f"{_CLASSES[kind]}ForSequenceClassification")(config).eval()


def write_classifier(
    directory: Path,
    kind: str = "bert",
    *,
    labels: Mapping[int, str] | None = None,
    safe: bool = True,
    seed: int = 7,
    head_scale: float = 1.0,
    **over: Any,
) -> Path:
    """Write a whole classifier: configuration, tokeniser, weights.

    Parameters
    ----------
    safe
        As safetensors; as a pickle otherwise.
    head_scale
        Factor of the last layer's weights: logits of random networks hardly differ from text to text.
    over
        Settings of the configuration, e.g. ``problem_type``.
    """
    import torch

    names = dict(labels or {0: "LABEL_0", 1: "LABEL_1"})
    write_network(directory, kind, id2label=names, label2id={name: place for place, name in names.items()}, **over)
    network = make_network(directory, kind, seed=seed)
    if head_scale != 1.0:
        network.classifier.weight.data.mul_(head_scale)
    if safe:
        network.save_pretrained(directory)
    else:  # which transformers 5 does no more
        network.config.save_pretrained(directory)
        torch.save(network.state_dict(), directory / "pytorch_model.bin")
    return directory


def _write_tokenizer(directory: Path, kind: str) -> Any:
    import transformers
    from tokenizers.pre_tokenizers import ByteLevel

    made = getattr(transformers, tokenizer_name(kind))
    if kind in ("bert", "distilbert"):
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_WORDS, *"abcdefghijklmnopqrstuvwxyz0123456789"]
        (directory / "vocab.txt").write_text("\n".join(dict.fromkeys(vocabulary)) + "\n", encoding="utf-8")
        tokenizer = made.from_pretrained(directory)
    elif kind == "roberta":
        vocabulary = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(ByteLevel.alphabet()), "Ġyou", "Ġare"]
        entries = {word: place for place, word in enumerate(vocabulary)}
        (directory / "vocab.json").write_text(json.dumps(entries), encoding="utf-8")
        (directory / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
        tokenizer = made.from_pretrained(directory)
    else:
        _write_pieces(directory / _PIECES[kind], ["[CLS]", "[SEP]", "[MASK]"] if kind == "albert" else [])
        tokenizer = made.from_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return tokenizer


def _write_pieces(file: Path, specials: list[str]) -> None:
    """A SentencePiece model, trained on a handful of sentences."""
    import sentencepiece

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 4), model_prefix=str(file.with_suffix("")), vocab_size=90,
        character_coverage=1.0, hard_vocab_limit=False, minloglevel=2, control_symbols=specials,
    )  # fmt: skip
