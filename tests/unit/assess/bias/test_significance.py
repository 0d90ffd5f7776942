"""Tests and measures of association equal scipy's, and keep their level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from agent.assess.bias.significance import association, goodness_of_fit, table_of


@given(st.lists(st.lists(st.integers(1, 500), min_size=3, max_size=3), min_size=2, max_size=6))
def test_independence_is_tested_as_scipy_does(table: list[list[int]]) -> None:
    ours = association(np.array(table))
    statistic, p, freedom, _ = stats.chi2_contingency(table, correction=False)
    assert (ours.statistic, ours.freedom) == (pytest.approx(statistic, abs=1e-9), freedom)
    of_ratio = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").pvalue
    assert ours.p == pytest.approx(max(p, of_ratio), rel=1e-9, abs=1e-14)
    assert 0.0 <= ours.v <= stats.contingency.association(np.array(table), method="cramer") + 1e-9


@pytest.mark.parametrize("table", [[[0, 0], [0, 0]], [[5, 3]], [[5, 0], [7, 0]], [[0, 0], [3, 4]]])
def test_one_row_or_column_has_no_association(table: list[list[int]]) -> None:
    found = association(np.array(table))
    assert (found.v, found.freedom, found.p) == (0.0, 0, 1.0)


def test_a_copy_has_an_association_of_one_and_chance_none_on_average() -> None:
    assert association(np.diag([40, 30, 20])).v == pytest.approx(1.0)
    rng = np.random.default_rng(0)
    plain, corrected = [], []
    for _ in range(200):
        table = table_of(rng.integers(0, 10, 200), rng.integers(0, 5, 200), 10, 5)
        found = association(table)
        plain.append(stats.contingency.association(table, method="cramer"))
        corrected.append(found.v**2 * (1 if found.statistic > found.freedom else -1))
    # What the correction is for: the plain measure shows 0.2 where there is nothing.
    assert np.mean(plain) > 0.18
    assert abs(np.mean(corrected)) < 0.03


@given(st.lists(st.integers(20, 500), min_size=2, max_size=8), st.data())
def test_goodness_of_fit_is_that_of_scipy(counts: list[int], data: st.DataObject) -> None:
    size = len(counts)
    weights = np.array(data.draw(st.lists(st.integers(5, 10), min_size=size, max_size=size)), dtype=float)
    shares = weights / weights.sum()
    ours: Any = goodness_of_fit(counts, list(shares))
    expected = shares * sum(counts)
    if expected.min() >= 5.0:
        theirs = stats.chisquare(counts, expected)
        assert ours.statistic == pytest.approx(theirs.statistic, abs=1e-6)
        of_ratio = stats.power_divergence(counts, expected, lambda_="log-likelihood").pvalue
        assert ours.p == pytest.approx(max(theirs.pvalue, of_ratio), rel=1e-6, abs=1e-14)


def test_chance_shows_nothing_in_many_columns_of_rare_values() -> None:
    """A group of two hundred beside 19,600, and in each column a value that five or six of them have. With Pearson's
    statistic alone a ninth of such tables had a column that was called significant, of 5 % stated."""
    rng = np.random.default_rng(4)
    sizes, columns, found = np.array([200, 200, 19_600]), 100, 0
    for _ in range(150):
        hits = rng.binomial(sizes, rng.uniform(0.026, 0.035, columns)[:, None])
        p_values = [association(np.stack((row, sizes - row), axis=1)).p for row in hits]
        found += min(p_values) * columns <= 0.05
    assert found <= 14  # 7.5 are expected at 5 %


def test_cells_that_expect_too_few_are_pooled() -> None:
    found = goodness_of_fit([60, 36, 3, 1], [0.6, 0.34, 0.03, 0.03])
    assert found is not None
    assert found.freedom == 2
    assert goodness_of_fit([3, 3], [0.5, 0.5]) is None
