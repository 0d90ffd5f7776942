"""What a sample says about the population that it was drawn from: classes there, and people who are unique there.

Pitman's model of class sizes, which Hoshino (Journal of Official Statistics 17, 2001, 499-520) uses for disclosure
risk and which Dankar, El Emam, Neisa and Roffey (BMC Medical Informatics and Decision Making 12:66, 2012) compare with
others, fitted by maximum likelihood.

Limits. It assumes a simple random sample without errors: the patients of one clinic, or volunteers, are none. It fits
what people's attributes mostly are, few common and many rare combinations: in simulations of such populations of
200,000, with 5 % or more sampled, unique people came out within a third of the truth, with 1 % within a half, with
0.1 % up to twenty times too few. Where combinations are about equally common it gives far too many; `Population.fit`
shows that in part. It says nothing about a single row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt

__all__ = ["Population", "estimate_population"]

_GOLDEN = (sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True, slots=True)
class Population:
    """Estimates for a population.

    Attributes
    ----------
    rows
        Its size, as given.
    classes
        Different combinations in it.
    uniques
        Rows that share their combination with nobody.
    fit
        Rows unique in the sample: the number that the fitted model expects over the number seen. Far from 1 the model
        does not fit, and the estimates mean little.
    """

    rows: int
    classes: float
    uniques: float
    fit: float


def estimate_population(class_sizes: Mapping[int, int], rows: int) -> Population | None:
    """Estimate from the class sizes of a sample.

    Parameters
    ----------
    class_sizes
        Size of a class in the sample to how many classes have it.
    rows
        Rows of the population, more than the sample has.

    Returns
    -------
    Population or None
        None when the sample cannot tell: fewer than two rows, no unique row, or nothing but unique rows.
    """
    sample = sum(size * count for size, count in class_sizes.items())
    seen = class_sizes.get(1, 0)
    if sample < 2 or seen == 0 or seen == sample:
        return None
    theta, alpha = _fitted(class_sizes, sample)
    return Population(
        rows,
        min(float(rows), _classes(theta, alpha, rows)),
        min(float(rows), _uniques(theta, alpha, rows)),
        _uniques(theta, alpha, sample) / seen,
    )


def _uniques(theta: float, alpha: float, rows: int) -> float:
    """Expected number of classes of one row."""
    start = lgamma(theta + 1.0) - lgamma(theta + alpha)
    return exp(log(rows) + start + lgamma(theta + rows + alpha - 1.0) - lgamma(theta + rows))


def _classes(theta: float, alpha: float, rows: int) -> float:
    growth = exp(lgamma(theta + 1.0) - lgamma(theta + alpha) + lgamma(theta + rows + alpha) - lgamma(theta + rows))
    return (growth - theta) / alpha


def _fitted(class_sizes: Mapping[int, int], sample: int) -> tuple[float, float]:
    """theta > 0 and alpha in (0, 1) of the largest likelihood, by a search inside a search."""
    classes = sum(class_sizes.values())

    def likelihood(alpha: float, log_theta: float) -> float:
        theta = exp(log_theta)
        ratio = theta / alpha
        grown = (classes - 1) * log(alpha) + lgamma(ratio + classes) - lgamma(ratio + 1.0)
        spread = lgamma(theta + sample) - lgamma(theta + 1.0)
        start = lgamma(1.0 - alpha)
        return grown - spread + sum(count * (lgamma(size - alpha) - start) for size, count in class_sizes.items())

    highest = log(1000.0 * sample)

    def best_theta(alpha: float) -> float:
        return _maximum(lambda log_theta: likelihood(alpha, log_theta), -7.0, highest)

    alpha = _maximum(lambda alpha: likelihood(alpha, best_theta(alpha)), 1e-4, 1.0 - 1e-4)
    return exp(best_theta(alpha)), alpha


def _maximum(function: Callable[[float], float], low: float, high: float) -> float:
    """Golden-section search: where a function with one hill is highest."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(40):
        if at_left < at_right:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
        else:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
    return (low + high) / 2.0
