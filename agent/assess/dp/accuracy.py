"""How far a noisy count may lie from the exact one."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, comb, exp, factorial

__all__ = ["accuracy"]


@lru_cache(maxsize=1024)
def accuracy(scale: float, alpha: float, draws: int = 1) -> int:
    """The bound a such that a sum of noisy counts differs from the exact sum by at most a, with probability 1 - alpha.

    Parameters
    ----------
    scale
        Of the discrete Laplace noise, P(Z = z) proportional to exp(-abs(z) / scale), in counts.
    alpha
        Allowed probability of a larger error, inside (0, 1).
    draws
        How many independent draws are in the sum.

    Notes
    -----
    A geometric variable is an exponential one rounded down. So discrete Laplace noise can be drawn together with
    continuous Laplace noise L of the same scale that differs from it by less than 1, and the sum of m draws by less
    than m from the sum of m continuous ones. The tail of that sum is known in closed form, see `_tail`. The bound is
    therefore true and less than m + 1 counts too wide; it says nothing about several figures at once.
    """
    if not 0.0 < alpha < 1.0 or scale <= 0.0 or draws < 1:
        raise ValueError("alpha must lie inside (0, 1), scale be positive, draws at least 1")
    return ceil(scale * _quantile(alpha, draws) + draws) - 1


@lru_cache(maxsize=256)
def _quantile(alpha: float, draws: int) -> float:
    low, high = 0.0, 1.0
    while 2.0 * _tail(high, draws) > alpha:
        high *= 2.0
    for _ in range(80):
        middle = (low + high) / 2.0
        if 2.0 * _tail(middle, draws) > alpha:
            low = middle
        else:
            high = middle
    return high


def _tail(x: float, draws: int) -> float:
    """P(S > x), x >= 0, for the sum S of m Laplace variables of scale 1.

    S = X - Y with independent gamma variables of shape m. X > x + Y exactly when a Poisson process has fewer than m
    events before x + Y, so P = sum over i < m of E[exp(-(x + Y)) (x + Y)^i] / i!, with
    E[Y^j exp(-Y)] = (m + j - 1)! / (m - 1)! / 2^(m + j).
    """
    m = draws
    total = 0.0
    for i in range(m):
        inner = sum(
            comb(i, j) * x ** (i - j) * factorial(m + j - 1) / factorial(m - 1) / 2.0 ** (m + j) for j in range(i + 1)
        )
        total += inner / factorial(i)
    return exp(-x) * total
