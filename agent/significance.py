"""Chi-square's tail, and the correction for how many tests were made. Pure.

Without scipy, which the commands need not install; the tests compare every figure with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log

__all__ = ["chi_square_tail", "holm"]

_STEPS, _PRECISION, _TINY = 100_000, 1e-16, 1e-300


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
