"""The tests of two samples, beside scipy and alibi-detect."""

from __future__ import annotations

import warnings
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from agent.drift.compare import compare
from agent.drift.two_sample import fisher, hypergeometric, kolmogorov, ks, psi
from agent.errors import DataError
from agent.significance import chi_square, holm

CLOSE = 1e-9
NUMBERS = st.lists(st.integers(0, 12), min_size=1, max_size=40)
COUNTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=8)


@given(NUMBERS, NUMBERS)
@settings(max_examples=150)
def test_ks_is_scipys_with_ties_and_any_sizes(first: list[int], second: list[int]) -> None:
    result = ks(first, second)
    try:
        expected = stats.ks_2samp(first, second, method="exact")
    except RuntimeWarning:
        # Where every path leaves the band scipy gives up on the exact distribution.
        assert result.p_value == pytest.approx(1.0, abs=CLOSE)
        return
    assert result.statistic == pytest.approx(expected.statistic, abs=CLOSE)
    assert result.p_value == pytest.approx(expected.pvalue, abs=CLOSE)


def test_small_p_values_of_ks_keep_their_digits() -> None:
    generator = np.random.default_rng(3)
    first, second = generator.normal(size=90), generator.normal(1.5, size=110)
    expected = stats.ks_2samp(first, second, method="exact").pvalue
    assert ks(first, second).p_value == pytest.approx(expected, rel=1e-7)
    assert expected < 1e-10


def test_kolmogorovs_limit_is_scipys_on_both_sides_of_one() -> None:
    points = np.linspace(0.2, 4.0, 40)
    assert [kolmogorov(x) for x in points] == pytest.approx(stats.kstwobign.sf(points), abs=1e-12)
    assert kolmogorov(0.0) == 1.0


def test_large_samples_take_the_limit() -> None:
    generator = np.random.default_rng(4)
    first, second = generator.random(9_000), generator.random(9_000) * 0.99
    expected = stats.ks_2samp(first, second, method="exact").pvalue
    assert ks(first, second).p_value == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("sample", [[], [float("nan"), 1.0]])
def test_a_sample_without_values_is_refused(sample: list[float]) -> None:
    with pytest.raises(ValueError, match="both samples need values"):
        ks(sample, [1.0])


@given(st.lists(st.integers(0, 400), min_size=4, max_size=4), st.sampled_from(["two-sided", "greater", "less"]))
@settings(max_examples=200)
def test_fisher_is_scipys(cells: list[int], alternative: str) -> None:
    table = [cells[:2], cells[2:]]
    expected = stats.fisher_exact(table, alternative=alternative)
    result = fisher(table, alternative=alternative)
    assert result.p_value == pytest.approx(expected.pvalue, abs=CLOSE)
    assert result.statistic == pytest.approx(expected.statistic, rel=CLOSE, nan_ok=True)


def test_hypergeometric_of_millions_is_scipys() -> None:
    low, chances = hypergeometric(1_200_000, 2_800_000, 900)
    expected = stats.hypergeom.pmf(np.arange(low, low + chances.size), 4_000_000, 1_200_000, 900)
    assert np.abs(chances - expected).max() < CLOSE


@given(COUNTS)
@settings(max_examples=100)
def test_psi_is_the_divergence_of_jeffreys(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs, dtype=float).T
    p, q = first + 0.5, second + 0.5
    assert psi(first, second) == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p), abs=CLOSE)
    assert psi(second, first) == pytest.approx(psi(first, second), abs=CLOSE)


def _closed_testing(p_values: list[float], index: int) -> float:
    """Holm's correction from first principles: the largest Bonferroni p-value of all sets that hold the hypothesis."""
    others = [place for place in range(len(p_values)) if place != index]
    sets = (chosen for size in range(len(p_values)) for chosen in combinations(others, size))
    return max(min(1.0, (len(c) + 1) * min([p_values[index], *(p_values[i] for i in c)])) for c in sets)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=7))
def test_holm_is_the_closure_of_bonferroni(p_values: list[float]) -> None:
    expected = [_closed_testing(p_values, index) for index in range(len(p_values))]
    assert holm(p_values) == pytest.approx(expected, abs=1e-12)


def test_compare_chooses_the_test_and_corrects() -> None:
    generator = np.random.default_rng(5)
    reference = {"score": generator.random(300).tolist(), "channel": ["web", "app", "shop"] * 100, "vip": ["no"] * 300}
    window = {
        "score": (0.5 * generator.random(200)).tolist(),
        "channel": ["app", "web"] * 60 + ["shop"] * 70,
        "vip": ["no"] * 200,
        "new": [1.0],
    }
    found = compare(reference, window)
    assert [one.feature for one in found] == ["score", "channel", "vip"]
    assert [one.test for one in found] == ["ks", "chi_square", "chi_square"]
    assert [one.adjusted < 0.05 for one in found] == [True, False, False]
    assert found[0].adjusted == pytest.approx(3 * found[0].p_value)
    two = compare({"vip": ["no"] * 90 + ["yes"] * 10}, {"vip": ["no"] * 60 + ["yes"] * 40})
    assert two[0].test == "fisher"
    assert two[0].p_value == stats.fisher_exact([[90, 10], [60, 40]]).pvalue


def test_compare_needs_something_to_compare() -> None:
    with pytest.raises(DataError, match="no feature in common"):
        compare({"a": [1.0]}, {"b": [1.0]})
    with pytest.raises(DataError, match="no value"):
        compare({"a": [1.0]}, {"a": []})


@pytest.fixture(scope="module")
def alibi() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import alibi_detect.cd

        return alibi_detect.cd


def _alibis(detector: Any, window: Any) -> tuple[float, float]:
    """Its distance and p-value of the one feature."""
    found = detector.predict(window, drift_type="feature")["data"]
    return float(found["distance"][0]), float(found["p_val"][0])


@pytest.mark.layer("drift")
def test_the_tests_are_alibi_detects(alibi: Any) -> None:
    generator = np.random.default_rng(6)
    first, second = generator.normal(size=(200, 1)), generator.normal(0.2, size=(150, 1))
    # alibi-detect keeps p-values in single precision.
    single = 1e-6
    result = ks(first[:, 0], second[:, 0])
    distance, p_value = _alibis(alibi.KSDrift(first), second)
    assert result.statistic == pytest.approx(distance, rel=single)
    # Its p-value is the asymptotic one, ours is exact.
    assert result.p_value == pytest.approx(p_value, abs=0.02)
    classes = generator.integers(0, 4, (200, 1)), generator.integers(0, 4, (150, 1))
    table = [np.bincount(sample[:, 0], minlength=4) for sample in classes]
    expected = _alibis(alibi.ChiSquareDrift(classes[0], categories_per_feature={0: 4}), classes[1])
    pearson = chi_square(table)
    assert (pearson.statistic, pearson.p_value) == pytest.approx(expected, rel=single)
    hits = generator.random((200, 1)) < 0.2, generator.random((150, 1)) < 0.3
    expected = _alibis(alibi.FETDrift(hits[0].astype(int), alternative="two-sided"), hits[1].astype(int))
    cells = [[int(sample.sum()), int((~sample).sum())] for sample in hits]
    assert fisher(cells).p_value == pytest.approx(expected[1], rel=single)
