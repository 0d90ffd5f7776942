"""What each encoder is trained on, and what is kept back to calibrate it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from agent.models.dataset import Row, row_weights
from agent.models.encoder.augment import disguise
from agent.reading import read_plainly

__all__ = ["Split", "Tokens", "epoch", "split", "tokenize"]

Tokens = tuple[list[int], float]

_SOFT_CAP = 4000.0
_HELD_BACK = 0.05
_DISGUISED = 0.2
_MAX_CHARS = 6000


@dataclass(frozen=True, slots=True)
class Split:
    """Rows to train on, with their weights, and rows kept back."""

    train: list[Row]
    weights: np.ndarray[tuple[int], np.dtype[np.float64]]
    kept: list[Row]


def split(rows: list[Row], shares: Mapping[str, float], seed: int) -> Split:
    """Keep back a random part, and weigh the rest.

    Parameters
    ----------
    shares
        Part of the training weight by language; ``*`` for all others together. A language of share 0 is left out.
    """
    rng = random.Random(seed)
    lottery = [rng.random() < _HELD_BACK for _ in rows]
    chosen = [row for row, back in zip(rows, lottery, strict=True) if not back and _share(shares, row.lang) > 0.0]
    weights = np.asarray(row_weights(chosen, _SOFT_CAP))
    languages = np.array([row.lang if row.lang in shares else "*" for row in chosen])
    for language in np.unique(languages):
        inside = languages == language
        weights[inside] *= shares.get(str(language), 0.0) / weights[inside].sum()
    return Split(chosen, weights, [row for row, back in zip(rows, lottery, strict=True) if back])


def epoch(
    data: Split, tokenizer: Tokenizer, simplified: Mapping[int, str], count: int, longest: int, seed: int
) -> list[Tokens]:
    """`count` rows drawn by weight without replacement, read, some disguised, as token ids of at most `longest`.

    Of a long benign text any part is benign, so a random part is taken; of a harmful one the beginning, since nothing
    says where the harm is.
    """
    rng = random.Random(seed)
    share = data.weights / data.weights.sum()
    count = min(count, int((share > 0).sum()))
    picked = np.random.default_rng(seed).choice(len(data.train), count, replace=False, p=share)
    rows = [data.train[place] for place in picked]
    texts = [read_plainly(row.text[:_MAX_CHARS], simplified) for row in rows]
    texts = [disguise(text, rng) if rng.random() < _DISGUISED else text for text in texts]
    tokens: list[Tokens] = []
    for row, ids in zip(rows, tokenize(tokenizer, texts), strict=True):
        begin = rng.randrange(len(ids) - longest + 1) if row.label == 0 and len(ids) > longest else 0
        tokens.append((ids[begin : begin + longest], float(row.label)))
    return tokens


def tokenize(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Token ids without special tokens."""
    ids: list[list[int]] = []
    for begin in range(0, len(texts), 2048):
        ids += [
            encoding.ids for encoding in tokenizer.encode_batch(texts[begin : begin + 2048], add_special_tokens=False)
        ]
    return ids


def _share(shares: Mapping[str, float], language: str) -> float:
    return shares.get(language, shares.get("*", 0.0))
