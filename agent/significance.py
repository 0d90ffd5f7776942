"""Pearson's chi-square of a table, its tail, and the correction for how many tests were made.

With NumPy alone, without scipy, which the commands need not install; the tests compare every figure with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log
from typing import Any, NamedTuple

import numpy as np

__all__ = ["ChiSquare", "cautious_chi_square", "chi_square", "chi_square_tail", "holm", "likelihood_ratio"]

_STEPS, _PRECISION, _TINY = 100_000, 1e-16, 1e-300


class ChiSquare(NamedTuple):
    """A test of a table of counts: Pearson's statistic, its degrees of freedom, and the p-value, in [0, 1]."""

    statistic: float
    freedom: int
    p_value: float


def chi_square(table: Any, *, yates: bool = False) -> ChiSquare:
    """Pearson's test of homogeneity, which is that of independence.

    Parameters
    ----------
    table
        Counts, shape (rows, columns), such as one row per sample and one column per category; rows and columns without
        any count are left out.
    yates
        Yates's correction, for one degree of freedom alone, as scipy and alibi-detect do.

    Notes
    -----
    The p-value is asymptotic: do not trust it where an expected count is below five. One row or column left tells
    nothing: statistic 0, no degree of freedom, p-value 1.
    """
    counts = np.asarray(table, dtype=float)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    freedom = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    if not counts.size or freedom <= 0:
        return ChiSquare(0.0, 0, 1.0)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    distance = np.abs(counts - expected)
    if yates and freedom == 1:
        distance -= np.minimum(0.5, distance)
    statistic = float((distance**2 / expected).sum())
    return ChiSquare(statistic, freedom, chi_square_tail(statistic, freedom))


def cautious_chi_square(table: Any) -> ChiSquare:
    """The smaller of Pearson's statistic and the likelihood ratio's, with its p-value: for many tests of few counts.

    Both have the same distribution where counts are large. Where few are expected Pearson's is very large far too
    often, since counts are skewed: of 5 expected 14 come in one sample of 1,400, which it takes for one in 18,000. The
    likelihood ratio keeps to that, but takes none of 5 expected for more than it is; there Pearson's is the smaller.

    Parameters
    ----------
    table
        As of `chi_square`.
    """
    pearson = chi_square(table)
    if not pearson.freedom:
        return pearson
    counts = np.asarray(table, dtype=float)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    statistic = min(pearson.statistic, likelihood_ratio(counts, expected))
    return ChiSquare(statistic, pearson.freedom, chi_square_tail(statistic, pearson.freedom))


def likelihood_ratio(counts: Any, expected: Any) -> float:
    """Twice the logarithm of it (G), from counts and what is expected of each, of the same sum; at least 0."""
    found, wanted = np.asarray(counts, dtype=float), np.asarray(expected, dtype=float)
    seen = found > 0.0
    return max(0.0, 2.0 * float((found[seen] * np.log(found[seen] / wanted[seen])).sum()))


def chi_square_tail(statistic: float, freedom: float) -> float:
    """Probability that chi-square with `freedom` degrees exceeds `statistic`.

    The regularised incomplete gamma function Q(freedom / 2, statistic / 2) by series or continued fraction (Press et
    al., Numerical Recipes, 6.2), to a relative error of about 1e-12.
    """
    a, x = freedom / 2.0, statistic / 2.0
    if x <= 0.0:
        return 1.0
    front = a * log(x) - x - lgamma(a)
    if x < a + 1.0:
        term = total = 1.0 / a
        for step in range(1, _STEPS):
            term *= x / (a + step)
            total += term
            if term < total * _PRECISION:
                break
        return max(0.0, 1.0 - total * exp(front))
    b = x + 1.0 - a
    c, d = 1.0 / _TINY, 1.0 / b
    found = d
    for step in range(1, _STEPS):
        numerator = -step * (step - a)
        b += 2.0
        d = 1.0 / _off_zero(numerator * d + b)
        c = _off_zero(b + numerator / c)
        found *= d * c
        if abs(d * c - 1.0) < _PRECISION:
            break
    return min(1.0, found * exp(front))


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the order given: those at most alpha reject with a family-wise error of at most alpha.

    Holm, Scandinavian Journal of Statistics 6 (1979). Not Benjamini and Hochberg's: an alarm is acted upon by a person
    for each feature by itself, so one false alarm among many is one too many, and features (the categories of one
    scorer) depend on each other in ways that Holm need not know.
    """
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
