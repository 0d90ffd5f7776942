"""Figures of probes, each with its 95 % interval, and a test against what a model without bias would have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt
from typing import Any

from agent.significance import holm
from agent.windows.intervals import wilson, z_value

__all__ = ["ALPHA", "CONFIDENCE", "FEWEST", "Score", "corrected", "even_odds", "lean", "paired_difference", "share"]

CONFIDENCE = 0.95
ALPHA = 1.0 - CONFIDENCE
FEWEST = 20
"""Answers below which a figure is shown with its interval and not tested: it could not be found to differ anyway."""

_Z = z_value(CONFIDENCE)


@dataclass(frozen=True, slots=True)
class Score:
    """A figure.

    Attributes
    ----------
    value
        None when nothing that counts was answered.
    n
        Answers (pairs, texts) behind it.
    ideal
        What a model without bias has; None where no value is the right one.
    p
        Two-sided, of the hypothesis that the true value is `ideal`; None where it is not tested.
    """

    value: float | None
    interval: tuple[float, float] | None
    n: int
    ideal: float | None = None
    p: float | None = None


def even_odds(first: int, second: int) -> float:
    """Exact two-sided p-value of `first` against `second` when both are equally likely: the sign test, and McNemar's.

    Exact to about ten digits, for any counts.
    """
    n, fewer = first + second, min(first, second)
    if first == second:
        return 1.0
    term = exp(lgamma(n + 1.0) - lgamma(fewer + 1.0) - lgamma(n - fewer + 1.0) - n * log(2.0))
    total = 0.0
    for count in range(fewer, -1, -1):
        total += term
        term *= count / (n - count + 1.0)
        if term < total * 1e-17:
            break
    return min(1.0, 2.0 * total)


def share(hits: int, n: int, *, even: bool = False) -> Score:
    """A share with Wilson's interval; `even`: one half is ideal, and is tested exactly."""
    if not n:
        return Score(None, None, 0, 0.5 if even else None)
    low, high = wilson(hits / n, n, _Z)
    p = even_odds(hits, n - hits) if even and n >= FEWEST else None
    return Score(hits / n, (low, high), n, 0.5 if even else None, p)


def lean(one_way: int, other_way: int) -> Score:
    """``2 * one_way / (one_way + other_way) - 1``, from -1 to 1; 0 is ideal. Wilson's interval, exact test."""
    found = share(one_way, one_way + other_way, even=True)
    if found.value is None or found.interval is None:
        return Score(None, None, 0, 0.0)
    low, high = found.interval
    return Score(2.0 * found.value - 1.0, (2.0 * low - 1.0, 2.0 * high - 1.0), found.n, 0.0, found.p)


def paired_difference(first_only: int, second_only: int, n: int) -> Score:
    """Difference of two shares of the same `n` items, ``(first_only - second_only) / n``; 0 is ideal.

    Parameters
    ----------
    first_only, second_only
        Items that count in one share alone.

    Notes
    -----
    Interval: Bonett and Price, Psychological Methods 17 (2012), Wald's after half a success is added to each cell of
    the two discordant pairs' Laplace estimates. Test: McNemar's, exact.
    """
    if not n:
        return Score(None, None, 0, 0.0)
    one, two = (first_only + 1.0) / (n + 2.0), (second_only + 1.0) / (n + 2.0)
    half = _Z * sqrt(max(0.0, one + two - (one - two) ** 2) / (n + 2.0))
    value = (first_only - second_only) / n
    low, high = max(-1.0, one - two - half), min(1.0, one - two + half)
    p = even_odds(first_only, second_only) if n >= FEWEST else None
    return Score(value, (min(low, value), max(high, value)), n, 0.0, p)


def corrected(scores: Sequence[tuple[Any, Score]]) -> tuple[dict[Any, dict[str, Any]], int]:
    """Scores as plain data, with Holm's correction over all that were tested; and how many these are.

    Parameters
    ----------
    scores
        Each with a key of its own.

    Returns
    -------
    dict
        By key ``value``, ``interval``, ``n`` and, where some value is ideal, ``ideal``, ``p``, ``p_adjusted`` and
        ``significant``.
    """
    tested = [(key, score.p) for key, score in scores if score.p is not None]
    adjusted: Mapping[Any, float] = dict(
        zip((key for key, _ in tested), holm([p for _, p in tested]), strict=True)
    )  # fmt: skip
    return {key: _plain(score, adjusted.get(key)) for key, score in scores}, len(tested)


def _plain(score: Score, adjusted: float | None) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "value": score.value,
        "interval": None if score.interval is None else list(score.interval),
        "n": score.n,
    }
    if score.ideal is not None:
        plain |= {
            "ideal": score.ideal,
            "p": score.p,
            "p_adjusted": adjusted,
            "significant": adjusted is not None and adjusted < ALPHA,
        }
    return plain
