"""Chi-square, its tail and Holm's correction equal scipy's and the textbook."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from agent.significance import chi_square, chi_square_tail, holm

COUNTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=8)
CLOSE = 1e-9


@given(st.floats(0.0, 3000.0), st.integers(1, 500))
def test_the_tail_is_that_of_scipy(statistic: float, freedom: int) -> None:
    assert chi_square_tail(statistic, freedom) == pytest.approx(stats.chi2.sf(statistic, freedom), rel=1e-9, abs=1e-14)


@given(COUNTS, st.booleans())
@settings(max_examples=150)
def test_chi_square_is_scipys(pairs: list[tuple[int, int]], yates: bool) -> None:
    table = np.array([pair for pair in pairs if any(pair)]).T
    if table.size < 4 or not table.sum(axis=1).all():
        assert chi_square(np.array(pairs).T).p_value == 1.0
        return
    expected = stats.chi2_contingency(table, correction=yates)
    result = chi_square(np.array(pairs).T, yates=yates)
    assert result.statistic == pytest.approx(expected.statistic, rel=CLOSE, abs=CLOSE)
    assert result.p_value == pytest.approx(expected.pvalue, abs=CLOSE)


@pytest.mark.parametrize("table", [[[0, 0], [0, 0]], [[5, 3]], [[5, 0], [7, 0]], [[0, 0], [3, 4]]])
def test_one_row_or_column_tells_nothing(table: list[list[int]]) -> None:
    assert chi_square(table) == (0.0, 0, 1.0)


def test_holm_is_the_textbook_example_and_never_below_the_p_value() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0.0, 1.0), max_size=20))
def test_holm_keeps_the_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= q <= 1.0 for p, q in zip(p_values, adjusted, strict=True))
    assert sorted(adjusted) == [adjusted[place] for place in sorted(range(len(p_values)), key=p_values.__getitem__)]
