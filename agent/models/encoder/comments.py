"""Harmless parts of harmful comments, found by a first model.

Toxic Spans holds harmful comments alone. A model that sees them only as positives learns that arguing about politics
is harmful; what it needs are the same people's harmless sentences. A first model, fitted without these comments, scores
their sentences: a comment without its worst sentences is a negative, the worst sentence alone a positive
(multiple-instance learning: a harmful comment has at least one harmful sentence, and mostly few).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from agent.models.dataset import Row

__all__ = ["COMMENTS", "divided", "without_comments"]

COMMENTS = "tox_en_toxicspans"

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
# A sentence is harmless when it scores below this quantile of all sentences, and its logit lies this far below that of
# the comment's worst: in a comment that is bad throughout nothing is. Shorter rests say too little.
_SAFE_QUANTILE = 0.45
_GAP = 1.5
_LEAST_WORDS = 4


def without_comments(rows: Sequence[Row]) -> list[Row]:
    """The rows that the first model is fitted on. Another list, so other rows are kept back from it; nobody is told its
    figures."""
    return [row for row in rows if row.group != COMMENTS]


def divided(rows: Sequence[Row], logits: Callable[[list[str]], NDArray[np.float64]]) -> list[Row]:
    """All rows, and new ones of the same set: harmless remainders (0) and worst sentences (1) of the comments.

    Parameters
    ----------
    logits
        The first model: a logit for each text.
    """
    comments = [row for row in rows if row.group == COMMENTS and row.text.strip()]
    sentences = [[part for part in _SENTENCE_END.split(row.text) if part.strip()] for row in comments]
    flat = [sentence for several in sentences for sentence in several]
    if not flat:
        return list(rows)
    scores = logits(flat)
    safe = float(np.quantile(scores, _SAFE_QUANTILE))
    new: list[Row] = []
    place = 0
    for row, several in zip(comments, sentences, strict=True):
        own = scores[place : place + len(several)]
        place += len(several)
        worst = int(own.argmax())
        limit = min(safe, float(own[worst]) - _GAP)
        rest = " ".join(sentence for sentence, score in zip(several, own, strict=True) if score <= limit)
        if len(rest.split()) >= _LEAST_WORDS:
            new += [Row(rest, row.lang, 0, COMMENTS), Row(several[worst], row.lang, 1, COMMENTS)]
    return [*rows, *new]
