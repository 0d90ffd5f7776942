"""How rarely the population stability index of uniform ranks is large, down to once in 1e12 windows."""

from __future__ import annotations

from math import lgamma, log
from typing import Any

import numpy as np

from agent.drift.two_sample import Numbers

__all__ = ["psi_of_counts", "psi_tail"]

_DRAWS = 50_000
#: By how much the counts of each proposal vary more than those of uniform ranks; the first hardly at all.
_INFLATION = (1.0001, 2.0, 4.0, 8.0)


def psi_of_counts(counts: np.ndarray[Any, np.dtype[Any]]) -> Numbers:
    """Population stability index of each row against equal shares; half a count is added to every bin."""
    bins = counts.shape[-1]
    shares = (counts + 0.5) / (counts.sum(axis=-1, keepdims=True) + 0.5 * bins)
    return np.asarray(((shares - 1.0 / bins) * np.log(shares * bins)).sum(axis=-1))


def psi_tail(size: int, bins: int, seed: int = 0) -> tuple[Numbers, Numbers]:
    """Values of the index, ascending, and the logarithms of the probability that a window reaches each.

    By importance sampling: counts are drawn from a mixture of Dirichlet-multinomials, which vary more, and weigh what
    they are likelier under the multinomial (Owen and Zhou, Safe and Effective Importance Sampling, JASA 95, 2000).

    Parameters
    ----------
    size
        Observations of a window.
    bins
        Of equal probability.
    """
    generator = np.random.default_rng(seed)
    spreads = [(size - factor) / (factor - 1.0) / bins for factor in _INFLATION]
    counts = np.concatenate(
        [generator.multinomial(size, generator.dirichlet(np.full(bins, spread), _DRAWS)) for spread in spreads]
    )
    # Without the multinomial coefficient, which all have in common.
    proposals = np.logaddexp.reduce([_log_likelihood(counts, size, bins, spread) for spread in spreads], axis=0)
    weights = np.exp(-size * log(bins) - proposals + log(len(spreads)))
    values = psi_of_counts(counts)
    falling = np.argsort(-values)
    tail = np.log(np.cumsum(weights[falling]) / len(weights))
    return np.asarray(values[falling[::-1]]), np.asarray(tail[::-1])


def _log_likelihood(counts: np.ndarray[Any, np.dtype[Any]], size: int, bins: int, spread: float) -> Numbers:
    """Of one sequence of observations with these counts, under a Dirichlet of equal parameters."""
    of_count = np.array([lgamma(number + spread) - lgamma(spread) for number in range(size + 1)])
    return np.asarray(of_count[counts].sum(axis=-1) + lgamma(bins * spread) - lgamma(size + bins * spread))
