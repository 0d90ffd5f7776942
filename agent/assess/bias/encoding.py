"""Columns of a sample as a few codes each, so that numbers, dates and categories are measured alike; texts as words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from agent.assess.bias.columns import is_missing
from agent.assess.bias.kinds import Kind, tokens_of

__all__ = ["BINS", "BUCKETS", "Codes", "binned", "fold_rare", "frequent", "hashed_words"]

BINS = 10
"""So many bins at most do numbers fall into."""

BUCKETS = 4096
"""Words are told apart by a hash of so many values."""

_CATEGORIES = 30

Codes = NDArray[np.int64]


def binned(numbers: NDArray[np.float64], bins: int = BINS) -> Codes:
    """One code from 0 on for each number: bins of about equally many rows, and one for missing ones (NaN)."""
    there = numbers[~np.isnan(numbers)]
    if not len(there):
        return np.zeros(len(numbers), dtype=np.int64)
    edges = np.unique(np.quantile(there, np.linspace(0.0, 1.0, bins + 1)[1:-1]))
    codes: Codes = np.searchsorted(edges, numbers, side="left").astype(np.int64)
    codes[np.isnan(numbers)] = len(edges) + 1
    return codes


def frequent(texts: Sequence[str]) -> Codes:
    """One code from 0 on for each of the thirty most frequent values, and one for the rest.

    Missing cells are a value: that a cell is missing may tell as much as what stands in others.
    """
    cells = ["" if is_missing(text) else text for text in texts]
    codes = {value: place for place, (value, _) in enumerate(Counter(cells).most_common(_CATEGORIES))}
    return np.array([codes.get(cell, len(codes)) for cell in cells], dtype=np.int64)


def fold_rare(codes: Codes, least: float) -> Codes:
    """Codes from 0 on, each of at least `least` rows: rarer ones become one, which joins the rarest of the others if it
    is still too rare.
    """
    if not len(codes):
        return codes
    counts = np.bincount(codes)
    kept = np.flatnonzero(counts >= least)
    rest = int(counts.sum() - counts[kept].sum())
    places = np.full(len(counts), len(kept), dtype=np.int64)
    places[kept] = np.arange(len(kept))
    if 0 < rest < least and len(kept):
        places[places == len(kept)] = int(np.argmin(counts[kept]))
    folded: Codes = places[codes]
    return folded


def hashed_words(texts: Sequence[str], kind: Kind) -> list[NDArray[np.int64]]:
    """For each cell the hashes of its words, below `BUCKETS`; of a ``value`` the hash of all of it."""
    return [_hashes([text.casefold()] if kind == "value" and text else tokens_of(text)) for text in texts]


def _hashes(words: Sequence[str]) -> NDArray[np.int64]:
    found = {crc32(word.encode("utf-8", "surrogatepass")) % BUCKETS for word in words}
    return np.fromiter(found, dtype=np.int64, count=len(found))
