"""Fitting: design matrix and penalised logistic regression. Needs SciPy (dev extra)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.scoring.ngrams import COUNT_DAMPING, SHAPE_NAMES, FeatureSpec, NgramFeaturizer

__all__ = ["Design", "Linear", "build_design", "fit_linear", "length_bins"]

_F64 = NDArray[np.float64]
_LENGTH_EDGES = (12, 25, 50, 100, 200, 400, 800)


@dataclass(frozen=True, slots=True)
class Design:
    """Rows are windows: `grams` CSR float32 [windows, buckets], `shape` [windows, k], `owner` row of each window."""

    grams: Any
    shape: NDArray[np.float32]
    owner: NDArray[np.int64]
    texts: int

    def coarser(self, bits: int) -> Design:
        """Merge buckets ``2**bits`` at a time: exactly what hashing to fewer bits gives (buckets are top bits)."""
        from scipy import sparse

        grams = self.grams
        shape = (grams.shape[0], grams.shape[1] >> bits)
        merged = sparse.csr_matrix((grams.data, grams.indices >> bits, grams.indptr), shape=shape)
        return Design(merged, self.shape, self.owner, self.texts)

    def take(self, texts: NDArray[np.bool_]) -> Design:
        """The part of some texts, renumbered."""
        windows = texts[self.owner]
        owner = (np.cumsum(texts) - 1)[self.owner[windows]]
        return Design(self.grams[windows], self.shape[windows], owner, int(texts.sum()))


@dataclass(frozen=True, slots=True)
class Linear:
    """Raw (uncalibrated) linear model."""

    weights: _F64
    shape: _F64
    intercept: float

    def scores(self, design: Design) -> _F64:
        """Raw score of each text: the largest of its windows."""
        windows = design.grams @ self.weights + design.shape @ self.shape + self.intercept
        starts = np.searchsorted(design.owner, np.arange(design.texts))
        result: _F64 = np.maximum.reduceat(windows, starts)
        return result


def build_design(texts: list[str], spec: FeatureSpec, progress: Callable[[int], None] | None = None) -> Design:
    """Featurise with the runtime's own featuriser; `progress` is called with the number of texts done."""
    from scipy import sparse

    featurizer = NgramFeaturizer(spec)
    grams, shapes, owners = [], [], []
    for begin in range(0, len(texts), 1024):
        features = featurizer(texts[begin : begin + 1024])
        windows = sum(len(chunk.counts) for chunk in features.chunks)
        per_text = np.diff(np.append(features.text_starts, windows))
        owners.append(np.repeat(np.arange(len(features)), per_text) + begin)
        for chunk in features.chunks:
            rows, columns = [], []
            for block in chunk.blocks:
                row = np.repeat(np.arange(len(chunk.counts)), np.diff(block.bounds))
                rows.append(np.broadcast_to(row, block.indices.shape).ravel())
                columns.append(block.indices.ravel())
            row, column = np.concatenate(rows), np.concatenate(columns)
            row, column = row[column > 0].astype(np.int32), column[column > 0].astype(np.int32)
            value = (1.0 / np.sqrt(chunk.counts + COUNT_DAMPING)).astype(np.float32)[row]
            part = sparse.csr_matrix((value, (row, column)), shape=(len(chunk.counts), 1 << spec.bucket_bits))
            part.sum_duplicates()
            grams.append(part)
            shapes.append(chunk.shape)
        if progress is not None:
            progress(min(begin + 1024, len(texts)))
    return Design(
        grams=sparse.vstack(grams, format="csr"),
        shape=np.concatenate(shapes) if shapes else np.zeros((0, len(SHAPE_NAMES)), np.float32),
        owner=np.concatenate(owners),
        texts=len(texts),
    )


def length_bins(texts: list[str]) -> NDArray[np.float32]:
    """One-hot length classes, float32 [n, 8]: a nuisance that absorbs what length alone explains."""
    lengths = np.array([len(text) for text in texts])
    bins: NDArray[np.float32] = np.eye(len(_LENGTH_EDGES) + 1, dtype=np.float32)[np.digitize(lengths, _LENGTH_EDGES)]
    return bins


def fit_linear(
    design: Design,
    labels: _F64,
    weights: _F64,
    penalty: float,
    iterations: int,
    nuisance: NDArray[np.float32] | None = None,
) -> Linear:
    """Weighted logistic regression with a ridge penalty, by L-BFGS.

    Parameters
    ----------
    design, labels, weights
        The windows of a text share its label and its weight.
    penalty
        Ridge penalty on n-gram weights, relative to a mean loss.
    nuisance
        float32 [texts, k]; fitted beside the features, then left out of the model.
    """
    from scipy.optimize import minimize

    share = (weights / np.bincount(design.owner, minlength=design.texts))[design.owner]
    share = share / share.sum()
    sign = (2.0 * labels - 1.0)[design.owner]
    extra = np.zeros((design.texts, 0), np.float32) if nuisance is None else nuisance
    side = np.concatenate([design.shape, extra[design.owner]], axis=1)
    grams, transposed = design.grams, design.grams.T.tocsr()
    buckets, sides = grams.shape[1], side.shape[1]
    side_penalty = 1e-3

    def objective(theta: _F64) -> tuple[float, _F64]:
        gram_part, side_part = theta[:buckets], theta[buckets:-1]
        # In float32 like the matrix: mixed types would make SciPy copy the whole matrix on every product.
        margin = sign * (grams @ gram_part.astype(np.float32) + side @ side_part + theta[-1])
        residual = -share * sign / (1.0 + np.exp(np.clip(margin, -500, 500)))
        loss = float(share @ np.logaddexp(0.0, -margin))
        loss += 0.5 * penalty * float(gram_part @ gram_part) + 0.5 * side_penalty * float(side_part @ side_part)
        gradient = np.concatenate(
            [
                transposed @ residual.astype(np.float32) + penalty * gram_part,
                side.T @ residual + side_penalty * side_part,
                [residual.sum()],
            ]
        )
        return loss, gradient

    found = minimize(
        objective, np.zeros(buckets + sides + 1), jac=True, method="L-BFGS-B",
        options={"maxiter": iterations, "maxcor": 10},
    )  # fmt: skip
    theta: _F64 = found.x
    shape_end = buckets + design.shape.shape[1]
    # Without the nuisance the intercept is wrong by its mean; calibration mends that afterwards.
    mean = float(((weights / weights.sum()) @ extra) @ theta[shape_end:-1]) if extra.shape[1] else 0.0
    return Linear(weights=theta[:buckets], shape=theta[buckets:shape_end], intercept=float(theta[-1]) + mean)
