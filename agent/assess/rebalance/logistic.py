"""Logistic regression: the simple model that shows what a rebalancing costs."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

__all__ = ["LogisticRegression"]

_MOST_STEPS: Final = 100
_TOLERANCE: Final = 1e-8


class LogisticRegression:
    """Minimises ``1/2 |w|^2 + C sum_i weight_i log(1 + exp(-y_i (x_i w + b)))`` by Newton's method, halving steps that
    go up; the intercept ``b`` is not penalised. scikit-learn's model of the same name has the same minimum.

    Parameters
    ----------
    inputs
        Shape (n, d).
    labels
        Of 0 and 1, shape (n,).
    weights
        Not negative, shape (n,).
    strength
        C.
    """

    def __init__(self, inputs: Any, labels: Any, weights: Any, strength: float = 1.0) -> None:
        design = np.hstack([inputs, np.ones((len(inputs), 1))])
        penalty = np.ones(design.shape[1])
        penalty[-1] = 0.0
        signs = 2.0 * np.asarray(labels, dtype=float) - 1.0
        weights = strength * np.asarray(weights, dtype=float)

        def loss(weight: Any) -> float:
            losses = np.logaddexp(0.0, -signs * (design @ weight))
            return float(weights @ losses + 0.5 * penalty @ (weight * weight))

        found = np.zeros(design.shape[1])
        value = loss(found)
        for _ in range(_MOST_STEPS):
            chances = _sigmoid(design @ found)
            slope = design.T @ (weights * (chances - (signs > 0.0))) + penalty * found
            curvature = (design.T * (weights * chances * (1.0 - chances))) @ design + np.diag(penalty)
            # The intercept alone may have no curvature left, when every row is foretold with certainty.
            curvature[-1, -1] += 1e-10
            step = np.linalg.solve(curvature, slope)
            scale = 1.0
            while (tried := loss(found - scale * step)) > value and scale > 1e-6:
                scale *= 0.5
            if tried > value:
                break
            gain, found, value = value - tried, found - scale * step, tried
            if gain <= _TOLERANCE * (1.0 + abs(value)):
                break
        self.coefficients, self.intercept = found[:-1], float(found[-1])

    def scores(self, inputs: Any) -> Any:
        """Log odds, shape (n,). The decision is for the positive label where they are over 0."""
        return inputs @ self.coefficients + self.intercept


def _sigmoid(values: Any) -> Any:
    return 0.5 * (1.0 + np.tanh(0.5 * values))
