"""Tests of whether two samples come from one distribution: Kolmogorov-Smirnov, Fisher's exact, PSI.

With NumPy alone, since the default needs no more; the values equal scipy's to 1e-9 (tests/unit/drift). A p-value here
is that of one test: `holm` corrects for several features. Chi-square is in `agent.significance`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, gcd, pi, sqrt
from typing import Any, NamedTuple, TypeAlias

import numpy as np

__all__ = ["Numbers", "TwoSampleResult", "fisher", "hypergeometric", "kolmogorov", "ks", "psi"]

Numbers: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"

#: Above this many cells of the lattice the exact distribution of the KS statistic costs more than it tells.
_MOST_CELLS = 40_000_000
_TIE = 1e-7


class TwoSampleResult(NamedTuple):
    """A statistic and its p-value, in [0, 1]."""

    statistic: float
    p_value: float


def ks(first: Sequence[float] | Numbers, second: Sequence[float] | Numbers) -> TwoSampleResult:
    """Two-sample, two-sided Kolmogorov-Smirnov test.

    The p-value is exact for samples without ties and an upper bound with them; it counts lattice paths (Hodges,
    Arkiv för Matematik 3, 1958). Where the sizes multiply to more than 40 million Kolmogorov's limit is used.

    Raises
    ------
    ValueError
        When a sample is empty or holds NaN.
    """
    one, two = np.sort(np.asarray(first, dtype=float)), np.sort(np.asarray(second, dtype=float))
    n, m = one.size, two.size
    if not n or not m or np.isnan(one[-1]) or np.isnan(two[-1]):
        raise ValueError("both samples need values, and none may be NaN")
    pooled = np.concatenate((one, two))
    below_one = np.searchsorted(one, pooled, side="right").astype(np.int64)
    below_two = np.searchsorted(two, pooled, side="right").astype(np.int64)
    # In integers: n m D has no rounding, so that a path that touches the boundary is told from one that does not.
    farthest = int(np.abs(below_one * m - below_two * n).max())
    statistic = farthest / (n * m)
    if farthest == 0:
        return TwoSampleResult(0.0, 1.0)
    if n * m > _MOST_CELLS:
        return TwoSampleResult(statistic, kolmogorov(statistic * sqrt(n * m / (n + m))))
    return TwoSampleResult(statistic, _ks_exact(n, m, farthest))


def _ks_exact(n: int, m: int, farthest: int) -> float:
    """Share of the lattice paths from (0, 0) to (n, m) that leave the band ``|i m - j n| < farthest``.

    ``left[i]`` is the chance that a random path to (i, d - i) has left it; of such paths the last step came from
    (i - 1, j) with chance i / d. Sums of positive terms only: small p-values keep their digits.
    """
    step = gcd(n, m)
    a, b, bound = m // step, n // step, farthest // step
    left = np.zeros(n + 1)
    index = np.arange(n + 1, dtype=np.int64)
    for d in range(1, n + m + 1):
        low, high = max(0, d - m), min(n, d)
        i = index[low : high + 1]
        from_above = left[low : high + 1] * (d - i)
        if low == 0:
            from_above[1:] += left[low:high] * i[1:]
        else:
            from_above += left[low - 1 : high] * i
        fresh = from_above / d
        fresh[np.abs(i * a - (d - i) * b) >= bound] = 1.0
        left[low : high + 1] = fresh
    return min(1.0, float(left[n]))


def kolmogorov(x: float) -> float:
    """Upper tail of Kolmogorov's limiting distribution at ``x = D sqrt(n)``."""
    if x <= 0.0:
        return 1.0
    if x < 1.0:
        factor = -(pi**2) / (8.0 * x * x)
        total = sum(exp(factor * (2 * k - 1) ** 2) for k in range(1, 20))
        return min(1.0, max(0.0, 1.0 - sqrt(2.0 * pi) / x * total))
    return min(1.0, 2.0 * sum((-1.0) ** (k - 1) * exp(-2.0 * (k * x) ** 2) for k in range(1, 20)))


def hypergeometric(successes: int, failures: int, draws: int) -> tuple[int, Numbers]:
    """Probabilities of the number of successes among ``draws`` without replacement.

    Returns
    -------
    tuple
        The smallest possible number, and the probability of each from there on.
    """
    low, high = max(0, draws - failures), min(successes, draws)
    k = np.arange(low, high, dtype=float)
    ratios = (successes - k) * (draws - k) / ((k + 1.0) * (failures - draws + k + 1.0))
    # From the mode outwards: nothing overflows, and there is no cancellation as among logarithms of factorials.
    mode = int(np.clip((draws + 1) * (successes + 1) // (successes + failures + 2), low, high)) - low
    weights = np.ones(high - low + 1)
    weights[mode + 1 :] = np.cumprod(ratios[mode:])
    weights[:mode] = np.cumprod(1.0 / ratios[:mode][::-1])[::-1]
    return low, weights / weights.sum()


def fisher(table: Sequence[Sequence[int]], *, alternative: str = "two-sided") -> TwoSampleResult:
    """Fisher's exact test of a table of two rows and two columns.

    Parameters
    ----------
    alternative
        ``two-sided`` (all tables at most as likely as this one), ``greater`` or ``less`` (of the first cell).

    Returns
    -------
    TwoSampleResult
        The statistic is the sample odds ratio: infinite where only its denominator is 0, NaN where both are.
    """
    (a, b), (c, d) = table
    odds = a * d / (b * c) if b * c else (float("inf") if a * d else float("nan"))
    low, chances = hypergeometric(a + c, b + d, a + b)
    at = a - low
    if alternative == "two-sided":
        p_value = chances[chances <= chances[at] * (1.0 + _TIE)].sum()
    else:
        p_value = chances[at:].sum() if alternative == "greater" else chances[: at + 1].sum()
    return TwoSampleResult(odds, min(1.0, float(p_value)))


def psi(first: Sequence[float] | Numbers, second: Sequence[float] | Numbers, *, pseudo_count: float = 0.5) -> float:
    """Population stability index of two histograms over the same bins: ``sum (p - q) ln(p / q)``.

    Parameters
    ----------
    pseudo_count
        Added to every bin of both, without which one empty bin makes the index infinite; 0 adds nothing.

    Notes
    -----
    A distance, no test. The customary 0.1 and 0.25 know nothing of sample sizes: of two samples of 200 from one
    distribution, in 20 bins, every third pair is past 0.2.
    """
    p = np.asarray(first, dtype=float) + pseudo_count
    q = np.asarray(second, dtype=float) + pseudo_count
    p, q = p / p.sum(), q / q.sum()
    return float(((p - q) * np.log(p / q)).sum())
