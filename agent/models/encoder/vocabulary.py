"""Prunes a vocabulary to the pieces that English and Chinese text needs, with bytes to fall back on.

Most of a small multilingual encoder are vectors of pieces in a hundred languages. A piece that goes is spelled by
shorter ones that stay; single characters stay, so that nothing common becomes unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers

from agent.models.encoder.pretrained import Pretrained

__all__ = ["PrunedVocabulary", "prune"]

_CHUNK = 4096
# Pieces are ordered by frequency in the pre-training text: the first are worth keeping unseen.
_FIRST_COMMON = 1000


@dataclass(frozen=True, slots=True)
class PrunedVocabulary:
    """A tokeniser whose ids are rows of `vectors`.

    Attributes
    ----------
    tokenizer
        Adds no special tokens by itself.
    vectors
        float32 [V, H]; rows that the pre-trained model lacks (bytes) start at the mean of its rows, slightly apart.
    first, last, pad
        Ids of the special tokens.
    """

    tokenizer: Tokenizer
    vectors: NDArray[np.float32]
    first: int
    last: int
    pad: int


def prune(
    pretrained: Pretrained, texts: Iterable[str], least: int, most: int, seed: int, common: int = 0
) -> PrunedVocabulary:
    """Keep special pieces, single characters that occur, and the pieces that occur at least `least` times in `texts`;
    at most `most` in all, the frequent ones first. Beyond these the `common` most frequent ones of the pre-training
    text are kept, for languages that `texts` hardly have."""
    unigram = bool(pretrained.scores)
    whole = _unigram(pretrained.pieces, pretrained.scores, 3) if unigram else _wordpiece(pretrained.pieces)
    counts: Counter[int] = Counter()
    rows = list(texts)
    for begin in range(0, len(rows), _CHUNK):
        for encoding in whole.encode_batch(rows[begin : begin + _CHUNK], add_special_tokens=False):
            counts.update(encoding.ids)
    special = ["<s>", "<pad>", "</s>", "<unk>"] if unigram else ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    places = {piece: index for index, piece in enumerate(pretrained.pieces)}
    kept = [places[piece] for piece in special]
    chosen = set(kept)

    def keep(candidates: Iterable[int]) -> None:
        for index in candidates:
            if index not in chosen and len(kept) < most:
                chosen.add(index)
                kept.append(index)

    # In WordPiece characters are needed alone and as continuations.
    keep(i for i, piece in enumerate(pretrained.pieces) if _bare(piece) and (piece.isascii() or counts[i]))
    keep(range(4, min(_FIRST_COMMON, len(pretrained.pieces))))
    keep(index for index, count in counts.most_common() if count >= least)
    most = len(kept) + common
    keep(range(len(pretrained.pieces)))
    pieces = [pretrained.pieces[index] for index in kept]
    vectors = pretrained.weights["word"][kept]
    if not unigram:
        return PrunedVocabulary(_wordpiece(pieces), vectors, first=2, last=3, pad=0)
    # Special pieces have score 0, the best of all: a text that spells one would become it.
    least_likely = min(pretrained.scores) - 20.0
    scores = [least_likely if index < len(special) else pretrained.scores[index] for index in kept]
    fallback = [f"<0x{byte:02X}>" for byte in range(256)]
    noise = np.random.default_rng(seed).normal(0.0, 0.5, (len(fallback), vectors.shape[1])) * vectors.std(axis=0)
    vectors = np.concatenate([vectors, (vectors.mean(axis=0) + noise).astype(np.float32)])
    pieces += fallback
    scores += [least_likely + 10.0] * len(fallback)
    return PrunedVocabulary(_unigram(pieces, scores, 3, bytes_too=True), vectors, first=0, last=2, pad=1)


def _bare(piece: str) -> bool:
    return len(piece.removeprefix("##")) == 1 or len(piece.removeprefix("▁")) == 1


def _unigram(pieces: Sequence[str], scores: Sequence[float], unknown: int, *, bytes_too: bool = False) -> Tokenizer:
    vocabulary = list(zip(pieces, scores, strict=True))
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=unknown, byte_fallback=bytes_too))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer


def _wordpiece(pieces: Sequence[str]) -> Tokenizer:
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    # "[UNK]" is no password, whatever the linter says of arguments that are called tokens.
    model = models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100)  # noqa: S106
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer
