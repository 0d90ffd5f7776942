"""How well a group can be foretold from other columns: from the words of one, or from all at once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from agent.assess.bias.encoding import BUCKETS, Codes, fold_rare
from agent.assess.bias.significance import LEAST_EXPECTED, Association, association, table_of
from agent.assess.bias.softmax import SoftmaxRegression, SparseRows
from agent.assess.sampling import stratified_folds
from agent.windows.intervals import mean_of_shares, z_value

__all__ = ["Foretold", "design", "foretell", "held_out_association"]

_FOLDS = 5
_SMOOTHING = 0.1
_WORD_FEATURES = 256
_CONFIDENCE = 0.95


class Foretold:
    """Balanced accuracy: the mean of the shares of each group that are foretold rightly.

    Attributes
    ----------
    value, interval
        With 95 %, from the Wilson intervals of the groups' shares (MOVER, Zou and Donner, Statistics in Medicine
        27, 2008). It takes rows for independent, and does not cover that another sample gives another model.
    chance
        1 / groups: what knowing nothing gives.
    """

    def __init__(self, truth: Codes, guessed: Codes, classes: int) -> None:
        table = table_of(truth, guessed, classes, classes)
        counts = table.sum(axis=1)
        shares = [float(table[place, place] / counts[place]) for place in range(classes)]
        rated = list(zip(shares, counts.tolist(), strict=True))
        self.value, self.interval = mean_of_shares(rated, z_value(_CONFIDENCE))
        self.chance = 1.0 / classes


def held_out_association(
    words: Sequence[NDArray[np.int64]], classes: Codes, count: int, rng: np.random.Generator
) -> Association:
    """How the guesses of naive Bayes, made from one half of the rows, go with the truth in the other half.

    The halves are drawn at random and the second one has no part in the guesses, so the test of independence is as good
    as of any column. Guesses hold every group to be equally frequent.
    """
    order = rng.permutation(len(classes))
    train, test = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    seen = np.zeros((count, BUCKETS))
    for place in train:
        seen[classes[place], words[place]] += 1.0
    overall = seen.sum(axis=0) + 1.0 / BUCKETS
    # Towards the words of all groups, by as much in each: a word that nobody used must not speak for any.
    smoothing = _SMOOTHING * np.maximum(seen.sum(axis=1, keepdims=True), 1.0)
    rates = np.log((seen + smoothing * overall / overall.sum()) / (seen.sum(axis=1, keepdims=True) + smoothing))
    guesses = np.array([int(np.argmax(rates[:, words[place]].sum(axis=1))) for place in test], dtype=np.int64)
    truth = classes[test]
    guesses = fold_rare(guesses, LEAST_EXPECTED * len(truth) / max(1, int(np.bincount(truth, minlength=count).min())))
    return association(table_of(guesses, truth, count, count))


def design(codes: Sequence[Codes], words: Sequence[Sequence[NDArray[np.int64]]], rows: int) -> SparseRows:
    """Rows of ones at the codes of a row, and of hashed words; of length 1 at most.

    Parameters
    ----------
    codes
        Of each column with few values.
    words
        Of each column of texts.
    """
    blocks = len(codes) + len(words) + 1
    # The first column is 1 in every row.
    places = [np.zeros(rows, dtype=np.int64)]
    width = 1
    for column in codes:
        places.append(column + width)
        width += int(column.max()) + 1
    columns: list[NDArray[np.int64]] = list(np.stack(places, axis=1))
    values = [np.full(len(places), 1.0) for _ in range(rows)]
    for texts in words:
        for row, words_of_row in enumerate(texts):
            found = np.unique(words_of_row % _WORD_FEATURES)
            columns[row] = np.concatenate((columns[row], found + width))
            values[row] = np.concatenate((values[row], np.full(len(found), 1.0 / sqrt(max(1, len(found))))))
        width += _WORD_FEATURES
    lengths = np.array([len(row) for row in columns], dtype=np.int64)
    return SparseRows(np.concatenate(columns), np.concatenate(values) / sqrt(blocks), lengths, width)


def foretell(rows: SparseRows, classes: Codes, count: int, rng: np.random.Generator) -> Foretold:
    """Cross-validated in five stratified folds.

    Parameters
    ----------
    rows
        As `design` makes them.
    classes
        0 .. count - 1, each at least five times.
    """
    folds = stratified_folds(classes.tolist(), _FOLDS, random.Random(int(rng.integers(2**32))))
    guessed: Codes = np.empty(len(classes), dtype=np.int64)
    for fold in range(_FOLDS):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        guessed[test] = SoftmaxRegression(count).fit(rows.take(train), classes[train]).predict(rows.take(test))
    return Foretold(classes, guessed, count)
