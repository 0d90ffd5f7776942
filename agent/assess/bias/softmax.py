"""Multinomial logistic regression on rows with few entries, small enough to need no library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SoftmaxRegression", "SparseRows"]

_STEPS = 100
_PENALTY = 1e-4


@dataclass(frozen=True, slots=True)
class SparseRows:
    """A matrix by its entries, row after row.

    Attributes
    ----------
    columns, values
        Of each entry.
    lengths
        Entries of each row, at least 1.
    width
        Number of columns.
    """

    columns: NDArray[np.int64]
    values: NDArray[np.float64]
    lengths: NDArray[np.int64]
    width: int

    def take(self, rows: NDArray[np.int64]) -> SparseRows:
        """Some of the rows, by number."""
        lengths = self.lengths[rows]
        starts = (np.cumsum(self.lengths) - self.lengths)[rows]
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        entries = np.repeat(starts, lengths) + within
        return SparseRows(self.columns[entries], self.values[entries], lengths, self.width)

    def times(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """The product with a matrix of shape (width, k): shape (rows, k)."""
        products = weights[self.columns] * self.values[:, None]
        found: NDArray[np.float64] = np.add.reduceat(products, np.cumsum(self.lengths) - self.lengths, axis=0)
        return found

    def transposed_times(self, factors: NDArray[np.float64]) -> NDArray[np.float64]:
        """The product of the transpose with a matrix of shape (rows, k): shape (width, k)."""
        spread = np.repeat(factors, self.lengths, axis=0) * self.values[:, None]
        sums = [np.bincount(self.columns, weights=column, minlength=self.width) for column in spread.T]
        return np.stack(sums, axis=1)


class SoftmaxRegression:
    """Linear scores by class, fitted by accelerated gradient descent; every class weighs the same.

    Rows are taken to have a length of at most 1: then 1/2 bounds the curvature (Boehning, Annals of the Institute of
    Statistical Mathematics 44, 1992), so that the step is right for any data and no search is needed (Nesterov, 1983).
    100 steps come near the optimum, not to it.

    Parameters
    ----------
    classes
        Their number; labels are 0 .. classes - 1.
    """

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._weights = np.zeros((0, classes))

    def fit(self, rows: SparseRows, labels: NDArray[np.int64]) -> SoftmaxRegression:
        """Rows and their labels."""
        counts = np.bincount(labels, minlength=self._classes)
        importance = (1.0 / (np.maximum(counts, 1) * self._classes))[labels][:, None]
        truth = np.eye(self._classes)[labels]
        weights = ahead = np.zeros((rows.width, self._classes))
        for number in range(_STEPS):
            gradient = rows.transposed_times(importance * (_softmax(rows.times(ahead)) - truth)) + _PENALTY * ahead
            new = ahead - gradient / (0.5 + _PENALTY)
            ahead = new + number / (number + 3.0) * (new - weights)
            weights = new
        self._weights = weights
        return self

    def predict(self, rows: SparseRows) -> NDArray[np.int64]:
        """The class of the highest score."""
        found: NDArray[np.int64] = np.argmax(rows.times(self._weights), axis=1)
        return found


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return found
