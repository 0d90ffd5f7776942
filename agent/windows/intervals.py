"""Confidence intervals of shares, of their differences and of their ratios; of differences of means.

All take effective sample sizes: with sampling weights w the share is sum(w x) / sum(w) and behaves like one of
(sum w)^2 / sum(w^2) draws (Kish, Survey Sampling, 1965, section 11.7); without sampling that is the plain count.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import erfc, exp, inf, lgamma, log, log1p, pi, sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

__all__ = [
    "Interval",
    "cautious_share",
    "design_count",
    "effective_count",
    "gap_of_means",
    "mean_of_shares",
    "newcombe",
    "ratio",
    "welch",
    "wilson",
    "z_value",
]

_EXPANDED: Final = 4.0
"""Degrees of freedom for each z^2 from which Student's quantile is expanded about the normal one."""
_PRECISION: Final = 1e-12
_MOST_STEPS, _MOST_TERMS = 100, 10_000


class Interval(NamedTuple):
    """Lower and upper bound."""

    lower: float
    upper: float


@lru_cache(maxsize=256)
def z_value(confidence: float, comparisons: int = 1) -> float:
    """Two-sided normal quantile, Bonferroni-corrected: all of ``comparisons`` intervals hold together at that level.

    Raises
    ------
    ValueError
        When ``confidence`` is not inside (0, 1) or ``comparisons`` < 1.
    """
    if not 0.0 < confidence < 1.0 or comparisons < 1:
        raise ValueError("confidence must lie inside (0, 1), comparisons be at least 1")
    return NormalDist().inv_cdf(1.0 - (1.0 - confidence) / (2.0 * comparisons))


def effective_count(weight: float, squares: float) -> float:
    """Kish's effective sample size, (sum w)^2 / sum(w^2); 0 for nothing."""
    return weight * weight / squares if squares > 0.0 else 0.0


def design_count(
    hits: float, hit_squares: float, weight: float, squares: float, heaviest: float, excess: float = 0.0
) -> float:
    """Effective sample size of a share whose weights may depend on what is counted; 0 for nothing.

    Kish's holds when hits and misses have the same weights on average. Sampling by strata breaks that: what is likely
    to be a hit is kept with weight 1, and the hits that come from elsewhere are few and heavy. The ratio of sums has
    the variance ((1 - p)^2 sum(w^2 of hits) + p^2 sum(w^2 of misses)) / (sum w)^2 (Taylor linearisation: Sarndal,
    Swensson and Wretman, Model Assisted Survey Sampling, 1992, section 5.6), that of p (1 - p) / n for the n given
    here. Few hits say little about the weight of hits that did not come: one of the heaviest is added to both sums, as
    Fay and Feuer do for an upper bound (Statistics in Medicine 16, 1997). With equal weights this is the plain count
    over the weight.

    A hit may weigh more than the w that is divided by: w r, where it was looked for in a share 1/r of all. Then the
    numerator has noise of its own, and the variance (sum(w^2 r^2) - 2 p sum(w^2 r) + p^2 sum(w^2)) / (sum w)^2 is the
    one above plus 2 p sum(w^2 r (r - 1)) / (sum w)^2; sums over hits but for the last.

    Parameters
    ----------
    hits, hit_squares
        Sums of w r and of its square over the hits.
    weight, squares
        Sums of w and w^2 over all.
    heaviest
        The largest w r that a hit may have.
    excess
        Sum of w^2 r (r - 1) over the hits.
    """
    if weight <= 0.0 or squares <= 0.0:
        return 0.0
    hits = min(hits, weight)
    share = hits / weight
    of_hits = (hit_squares + heaviest * heaviest) / (hits + heaviest)
    misses, miss_squares = weight - hits, max(0.0, squares - hit_squares)
    of_misses = (miss_squares + heaviest * heaviest) / (misses + heaviest)
    return weight / ((1.0 - share) * of_hits + share * of_misses + 2.0 * excess / (misses + heaviest))


def wilson(share: float, count: float, z: float) -> Interval:
    """Score interval of a share (Wilson, JASA 22, 1927); [0, 1] when ``count`` is 0.

    Unlike the textbook p +- z s it keeps its level near 0, where harm rates live: 0 of 100 gives [0, 0.037].
    """
    if count <= 0.0:
        return Interval(0.0, 1.0)
    square = z * z
    centre = share + square / (2.0 * count)
    half = z * sqrt(max(0.0, share * (1.0 - share)) / count + square / (4.0 * count * count))
    scale = 1.0 + square / count
    # min and max with the share: at 0 and 1 the bound equals the share, rounding must not cross it.
    return Interval(
        max(0.0, min(share, (centre - half) / scale)),
        min(1.0, max(share, (centre + half) / scale)),
    )


def cautious_share(share: float, count: float, z: float) -> Interval:
    """Wilson's interval, and where it is wider that of the likelihood ratio: for shares compared at high levels.

    Wilson's takes a binomial distribution for normal, which costs little at 95 % and much beyond: of the share that is
    its lower bound for 1 of 30 at z = 3 one in 12 samples has a hit, where one in 740 should. Who compares a small
    group with a large one then finds a difference in a single hit. The likelihood ratio (Wilks; Agresti, Categorical
    Data Analysis, 2nd ed., 2002, section 1.4) keeps to the skewed tail; on the other side, and of none, Wilson's is the
    wider one.
    """
    lower, upper = wilson(share, count, z)
    above = 1.0 - _below(1.0 - share, count, z, 1.0 - upper)
    return Interval(_below(share, count, z, lower), max(upper, above))


def _below(share: float, count: float, z: float, known: float) -> float:
    """The lower bound of a share by its likelihood ratio, unless the ``known`` one is below it."""
    if known <= 0.0 or share <= 0.0:
        return known
    most, rest, target = log(share), 1.0 - share, z * z / (2.0 * count)
    constant = share * most + (rest * log(rest) if rest > 0.0 else 0.0) - target

    def beyond(logarithm: float, other: float) -> float:
        """Deviance at a share, given by its logarithm and as the rest, less what is allowed."""
        return constant - share * logarithm - (rest * log(other) if rest > 0.0 else 0.0)

    if known >= share or beyond(log(known), 1.0 - known) >= 0.0:
        return known
    # Convex and falling in the logarithm, and not below 0 where this begins: every step comes nearer from the left.
    found = most - 1.0 - target / share
    for _ in range(_MOST_STEPS):
        value = exp(found)
        step = beyond(found, 1.0 - value) * (1.0 - value) / (share - value)
        found += step
        if step < _PRECISION:
            break
    return min(known, exp(found))


def mean_of_shares(shares: Sequence[tuple[float, float]], z: float) -> tuple[float, Interval]:
    """The unweighted mean of independent shares, each given with its count, and its interval from their Wilson ones.

    The method of variance estimates recovery (MOVER): Zou and Donner, Statistics in Medicine 27 (2008) 1693-1702. Takes
    its level from z.
    """
    bounds = [(share, wilson(share, count, z)) for share, count in shares]
    value = sum(share for share, _ in bounds) / len(bounds)
    below = sqrt(sum((share - bound.lower) ** 2 for share, bound in bounds)) / len(bounds)
    above = sqrt(sum((bound.upper - share) ** 2 for share, bound in bounds)) / len(bounds)
    return value, Interval(max(0.0, value - below), min(1.0, value + above))


def newcombe(first: float, first_interval: Interval, second: float, second_interval: Interval) -> Interval:
    """Interval of ``first - second`` from the intervals of two independent shares.

    Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10 (hybrid score, no continuity correction), where
    these are Wilson's; from others it is MOVER as in `mean_of_shares`. It takes its level from the z with which the two
    were made.
    """
    difference = first - second
    below = sqrt((first - first_interval.lower) ** 2 + (second_interval.upper - second) ** 2)
    above = sqrt((first_interval.upper - first) ** 2 + (second - second_interval.lower) ** 2)
    return Interval(max(-1.0, difference - below), min(1.0, difference + above))


def ratio(first: float, first_interval: Interval, second: float, second_interval: Interval) -> Interval:
    """Interval of ``first / second`` from the intervals of two independent shares; ``second`` above 0.

    The method of variance estimates recovery (MOVER) for a ratio: Donner and Zou, Statistical Methods in Medical
    Research 21 (2012) 347-359. It takes its level from the z with which the two were made, and agrees with them: a
    small group with one miss is not known nearly exactly. Katz's log-normal interval takes it for that: at rates of 0.9
    and 0.98 in groups of 30 and 1,000 it held 84 % for 95 %, with 1/2 added to each cell 77 % and less elsewhere.
    """
    product = first * second
    # Each is the square of a share less that of the way to its bound, so at most the former; negative where that way is
    # longer than the share.
    lower, upper = (bound * (2.0 * first - bound) for bound in first_interval)
    small, large = (bound * (2.0 * second - bound) for bound in second_interval)
    # The smaller root in the form that neither cancels nor divides by 0 where `large` is 0 or less.
    below = product + sqrt(max(0.0, product * product - lower * large))
    above = product + sqrt(max(0.0, product * product - upper * small))
    plain = first / second
    # min and max with the ratio: rounding must not cross it. Of a share that is nothing but rounding the bound is 0.
    return Interval(
        min(plain, lower / below if below > 0.0 else 0.0),
        max(plain, above / small if small > 0.0 else inf),
    )


def welch(value: float, first: tuple[float, float], second: tuple[float, float], z: float) -> Interval:
    """Interval of a difference of means, from (variance, count) of each sample; counts of at least 2.

    Welch, Biometrika 34 (1947), for unequal variances.
    Takes its level from z.
    """
    one, two = first[0] / first[1], second[0] / second[1]
    squared = one + two
    freedom = squared * squared / (one * one / (first[1] - 1.0) + two * two / (second[1] - 1.0))
    half = _student(z, freedom) * sqrt(squared)
    return Interval(value - half, value + half)


def gap_of_means(value: float, first: tuple[float, float], second: tuple[float, float], z: float) -> Interval:
    """`welch` with neither variance below the one of both samples together.

    Scores are rarely high, and the few that are make nearly all of their variance. A small sample that happens to hold
    none of them would pass for one whose mean is known exactly: of 30 texts beside 1,000, where one in fifty scores
    0.9, more than half of all intervals would leave out 0. Where distributions are equal this variance is the right one
    for both; where they are not the interval is the wider for it.
    """
    together = (first[0] * first[1] + second[0] * second[1]) / (first[1] + second[1])
    return welch(value, (max(first[0], together), first[1]), (max(second[0], together), second[1]), z)


def _student(z: float, freedom: float) -> float:
    """Student's quantile that leaves as much outside on both sides as ``z`` does of a normal distribution.

    By the expansion of Abramowitz and Stegun 26.7.5 where that is good to four digits, else by Newton's method. In
    logarithms of both the quantile and what is outside the latter is concave, so that every step but the first comes
    nearer from the right.
    """
    if freedom >= _EXPANDED * max(1.0, z * z):
        square = z * z
        first = (square + 1.0) * z / 4.0
        second = ((5.0 * square + 16.0) * square + 3.0) * z / 96.0
        third = (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) * z / 384.0
        return z + first / freedom + second / freedom**2 + third / freedom**3
    outside = log(erfc(z / sqrt(2.0)))
    front = lgamma((freedom + 1.0) / 2.0) - lgamma(freedom / 2.0) - log(pi * freedom) / 2.0
    found = log(z)
    for _ in range(_MOST_STEPS):
        value = exp(found)
        tail = log(_outside(value, freedom))
        density = front - (freedom + 1.0) / 2.0 * log1p(value * value / freedom)
        step = (tail - outside) / (2.0 * exp(found + density - tail))
        found += step
        if abs(step) < _PRECISION:
            break
    return exp(found)


def _outside(value: float, freedom: float) -> float:
    """Probability that Student's t lies further from 0 than ``value``: an incomplete beta function of freedom / 2, 1/2.

    By its continued fraction (Press et al., Numerical Recipes, 6.4), on the side where that converges soon.
    """
    square = value * value
    # Whether the share of freedom in freedom + square is below (a + 1) / (a + 5/2), where the fraction converges soon.
    far = square * (freedom + 2.0) > 3.0 * freedom
    a, b, x = freedom / 2.0, 0.5, freedom / (freedom + square)
    if not far:
        a, b, x = b, a, square / (freedom + square)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    fraction = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d, c = 1.0 / (1.0 + even * d), 1.0 + even / c
        fraction *= d * c
        d, c = 1.0 / (1.0 + odd * d), 1.0 + odd / c
        fraction *= d * c
        if abs(d * c - 1.0) < _PRECISION:
            break
    return front * fraction if far else 1.0 - front * fraction
