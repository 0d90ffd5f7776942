"""The tests of this package: an unbiased strength of association, and goodness of fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.significance import cautious_chi_square, chi_square, chi_square_tail, likelihood_ratio

__all__ = [
    "LEAST_EXPECTED",
    "LEVEL",
    "Association",
    "association",
    "goodness_of_fit",
    "table_of",
]

LEVEL = 0.05
"""Probability that chance alone gives one false alarm or more in a family of tests."""

LEAST_EXPECTED = 5.0
"""Expected count of a cell from which the chi-square distribution is a good approximation (Cochran, 1954)."""

Table: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Association:
    """How two columns go together.

    Attributes
    ----------
    v
        Cramer's V corrected for its bias, in [0, 1]; 0 on average where there is nothing, whatever the table's size
        (Bergsma, Journal of the Korean Statistical Society 42, 2013).
    statistic, freedom
        Pearson's chi-square of independence.
    p
        Its tail, or that of the likelihood ratio where it is larger: where expected counts are about `LEAST_EXPECTED`,
        Pearson's alone gives one very small p-value in some hundred tests far too often.
    """

    v: float
    statistic: float
    freedom: int
    p: float


def table_of(rows: NDArray[Any], columns: NDArray[Any], height: int, width: int) -> Table:
    """How often each pair of codes occurs; shape (height, width)."""
    return np.bincount(rows * width + columns, minlength=height * width).reshape(height, width)


def association(table: Table) -> Association:
    """Of a contingency table; rows and columns without any count are left out.

    With fewer than two rows or columns left there is nothing to associate: v 0, p 1.
    """
    test = chi_square(table)
    total = float(table.sum())
    if not test.freedom:
        return Association(0.0, 0.0, 0, 1.0)
    height, width = int((table.sum(axis=1) > 0).sum()), int((table.sum(axis=0) > 0).sum())
    phi = max(0.0, test.statistic / total - test.freedom / (total - 1.0))
    least = min(height - (height - 1) ** 2 / (total - 1.0), width - (width - 1) ** 2 / (total - 1.0)) - 1.0
    v = min(1.0, sqrt(phi / least)) if least > 0.0 else 0.0
    return Association(v, test.statistic, test.freedom, cautious_chi_square(table).p_value)


def goodness_of_fit(counts: Sequence[int], shares: Sequence[float]) -> Association | None:
    """Pearson's chi-square of counts against shares that add up to 1.

    Cells that expect fewer than `LEAST_EXPECTED` are pooled, since the tail is no good for them. `v` is Cohen's w, the
    root of statistic / rows, which is not corrected for bias and may exceed 1.

    Returns
    -------
    Association or None
        None where fewer than two cells remain.
    """
    total = sum(counts)
    cells = sorted(zip((share * total for share in shares), counts, strict=True), reverse=True)
    kept = [cell for cell in cells if cell[0] >= LEAST_EXPECTED]
    rest = [cell for cell in cells if cell[0] < LEAST_EXPECTED]
    if rest:
        pooled = (sum(cell[0] for cell in rest), sum(cell[1] for cell in rest))
        if pooled[0] >= LEAST_EXPECTED or not kept:
            kept.append(pooled)
        else:
            kept[-1] = (kept[-1][0] + pooled[0], kept[-1][1] + pooled[1])
    if len(kept) < 2:
        return None
    statistic = sum((found - expected) ** 2 / expected for expected, found in kept)
    freedom = len(kept) - 1
    cautious = min(statistic, likelihood_ratio([cell[1] for cell in kept], [cell[0] for cell in kept]))
    return Association(sqrt(statistic / total), statistic, freedom, chi_square_tail(cautious, freedom))
