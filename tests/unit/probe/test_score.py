"""Figures, their intervals and tests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from agent.probe.score import FEWEST, Score, corrected, even_odds, lean, paired_difference, share

COUNTS = st.integers(0, 400)


@given(COUNTS, COUNTS)
def test_even_odds_are_the_exact_binomial_test(first: int, second: int) -> None:
    expected = stats.binomtest(first, first + second).pvalue if first + second else 1.0
    assert even_odds(first, second) == pytest.approx(expected, rel=1e-9)


def test_even_odds_of_many() -> None:
    assert even_odds(51_000, 49_000) == pytest.approx(stats.binomtest(51_000, 100_000).pvalue, rel=1e-8)
    assert 0.0 <= even_odds(10_000, 0) < 1e-300


@given(COUNTS, COUNTS)
def test_a_lean_is_twice_the_share_less_one(one: int, other: int) -> None:
    found, plain = lean(one, other), share(one, one + other, even=True)
    if plain.value is None or found.value is None or found.interval is None or plain.interval is None:
        assert one + other == 0
        return
    assert found.value == pytest.approx(2.0 * plain.value - 1.0)
    assert found.interval == pytest.approx(tuple(2.0 * bound - 1.0 for bound in plain.interval))
    assert found.interval[0] <= found.value <= found.interval[1]


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_the_ambiguous_score_of_the_paper_is_a_paired_difference(biased: int, other: int, unknown: int) -> None:
    n = biased + other + unknown
    found = paired_difference(biased, other, n)
    if not n:
        assert found.value is None
        return
    accuracy = unknown / n
    paper = (1.0 - accuracy) * (2.0 * biased / (biased + other) - 1.0) if biased + other else 0.0
    assert found.value == pytest.approx(paper)
    assert found.interval is not None and -1.0 <= found.interval[0] <= found.value <= found.interval[1] <= 1.0


@pytest.mark.parametrize(("one", "two", "n"), [(0.1, 0.1, 50), (0.3, 0.1, 50), (0.05, 0.02, 200), (0.5, 0.3, 30)])
def test_the_interval_of_a_paired_difference_covers(one: float, two: float, n: int) -> None:
    covered = 0.0
    for first in range(n + 1):
        for second in range(n - first + 1):
            interval = paired_difference(first, second, n).interval
            if interval is not None and interval[0] <= one - two <= interval[1]:
                covered += stats.multinomial.pmf([first, second, n - first - second], n, [one, two, 1.0 - one - two])
    assert covered >= 0.94


def test_few_answers_are_not_tested() -> None:
    assert share(FEWEST - 1, FEWEST - 1, even=True).p is None
    assert share(FEWEST, FEWEST, even=True).p == pytest.approx(2.0 * 0.5**FEWEST)
    assert share(0, 0, even=True) == Score(None, None, 0, 0.5)
    assert lean(0, 0).value is None and paired_difference(0, 0, 0).value is None


def test_p_values_are_corrected_together_and_untested_scores_are_not_counted() -> None:
    plain, tests = corrected([("a", share(60, 60, even=True)), ("b", share(33, 60, even=True)), ("c", share(3, 60))])
    assert tests == 2
    assert plain["a"]["p_adjusted"] == pytest.approx(2.0 * plain["a"]["p"]) and plain["a"]["significant"]
    assert plain["b"]["p_adjusted"] == plain["b"]["p"] and not plain["b"]["significant"]
    assert plain["c"] == {"value": 0.05, "interval": plain["c"]["interval"], "n": 60}
