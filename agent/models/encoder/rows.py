"""What each encoder is trained on, and what is kept back to calibrate it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from agent.models.dataset import Row, family_of, read_rows, row_weights
from agent.models.encoder.augment import disguise
from agent.reading import read_plainly

__all__ = ["Split", "Tokens", "epoch", "split", "tokenize", "training_rows"]

Tokens = tuple[list[int], float]

_SOFT_CAP = 4000.0
_HELD_BACK = 0.05
_DISGUISED = 0.2
_MAX_CHARS = 6000

# Held aside whole, so that robustness to disguises is measured on disguises that were never trained on.
_HELD_ASIDE = "perturbed"

_HARMLESS = "gen_adv_indirect"

# Characters of a window, roughly. A long benign text counts once a window, since any of them may decide.
_WINDOW_CHARS = {"zh": 130, "ja": 130, "ko": 160}
_OTHER_WINDOW_CHARS = 380
_MAX_PARTS = 12


@dataclass(frozen=True, slots=True)
class Split:
    """Rows to train on, with their weights, and rows kept back."""

    train: list[Row]
    weights: np.ndarray[tuple[int], np.dtype[np.float64]]
    kept: list[Row]


def training_rows(folder: Path, seed: int) -> list[Row]:
    """The rows for toxicity, and the harmless e-mails and answers among those for attacks: long texts that are neither.

    Raises
    ------
    ModelError
        A file is missing, or a row lacks a field.
    """
    others = read_rows(folder, "adversarial", seed)
    return read_rows(folder, "toxicity", seed) + [row for row in others if row.group == _HARMLESS and row.label == 0]


def split(rows: list[Row], shares: Mapping[str, float], seed: int) -> Split:
    """Keep back a random part, and weigh the rest. Disguised rows are left out: `agent.models.encoder.augment` makes
    others.

    Parameters
    ----------
    shares
        Part of the training weight by language; ``*`` for all others together. A language of share 0 is left out.
    """
    rng = random.Random(seed)
    rows = [row for row in rows if family_of(row.group) != _HELD_ASIDE]
    lottery = [rng.random() < _HELD_BACK for _ in rows]
    chosen = [
        row
        for row, back in zip(rows, lottery, strict=True)
        if not back and _share(shares, row.lang) > 0.0
        for _ in range(_parts(row))
    ]
    weights = np.asarray(row_weights(chosen, _SOFT_CAP))
    languages = np.array([row.lang if row.lang in shares else "*" for row in chosen])
    for language in np.unique(languages):
        inside = languages == language
        weights[inside] *= shares.get(str(language), 0.0) / weights[inside].sum()
    return Split(chosen, weights, [row for row, back in zip(rows, lottery, strict=True) if back])


def epoch(
    data: Split,
    tokenizer: Tokenizer,
    simplified: Mapping[int, str],
    count: int,
    longest: int,
    seed: int,
    embedded: float = 0.0,
) -> list[Tokens]:
    """`count` rows drawn by weight without replacement, read, some disguised, as token ids of at most `longest`.

    Of a long benign text any part is benign, so a random part is taken; of a harmful one the beginning, since nothing
    says where the harm is. A share of the short texts, `embedded`, stands between harmless ones of their language, as
    in a long discussion.
    """
    rng = random.Random(seed)
    share = data.weights / data.weights.sum()
    count = min(count, int((share > 0).sum()))
    picked = np.random.default_rng(seed).choice(len(data.train), count, replace=False, p=share)
    rows = [data.train[place] for place in picked]
    texts = [read_plainly(row.text[:_MAX_CHARS], simplified) for row in rows]
    texts = [disguise(text, rng) if rng.random() < _DISGUISED else text for text in texts]
    tokens: list[Tokens] = []
    harmless: dict[str, list[int]] = {}
    for row, ids in zip(rows, tokenize(tokenizer, texts), strict=True):
        begin = rng.randrange(len(ids) - longest + 1) if row.label == 0 and len(ids) > longest else 0
        ids = ids[begin : begin + longest]
        others = harmless.get(row.lang, [])
        if others and len(ids) < longest // 2 and rng.random() < embedded:
            ids = _embedded(ids, others, longest, rng)
        if row.label == 0:
            # What came last, with what came before it as far as there is room.
            harmless[row.lang] = [*ids, *others][:longest]
        tokens.append((ids, float(row.label)))
    return tokens


def _embedded(ids: list[int], others: list[int], longest: int, rng: random.Random) -> list[int]:
    """The text at a random place among tokens of harmless ones."""
    room = min(longest - len(ids), len(others))
    before = rng.randint(0, room)
    return [*others[:before], *ids, *others[before:room]]


def tokenize(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Token ids without special tokens."""
    ids: list[list[int]] = []
    for begin in range(0, len(texts), 2048):
        ids += [
            encoding.ids for encoding in tokenizer.encode_batch(texts[begin : begin + 2048], add_special_tokens=False)
        ]
    return ids


def _parts(row: Row) -> int:
    """How many windows a benign text fills."""
    if row.label == 1:
        return 1
    return min(1 + len(row.text) // _WINDOW_CHARS.get(row.lang, _OTHER_WINDOW_CHARS), _MAX_PARTS)


def _share(shares: Mapping[str, float], language: str) -> float:
    return shares.get(language, shares.get("*", 0.0))
