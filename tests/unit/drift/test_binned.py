"""Histograms compared: no more false alarms than stated, drift where it is, p-values that equal scipy's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from agent.drift.binned import compare_histograms, evidence
from agent.histograms import SQUARES, Histogram, category_bin, category_code, number_bin, trim_histogram


def histogram(values: Iterable[float | str]) -> Histogram:
    made: Histogram = dict(
        Counter(category_bin(category_code(v)) if isinstance(v, str) else number_bin(v) for v in values)
    )
    trim_histogram(made)
    return made


def scores(generator: np.random.Generator, n: int, share: float = 0.2) -> list[float]:
    """Mostly exact zeros, as scores are."""
    return np.where(generator.random(n) < share, generator.beta(2.0, 5.0, n), 0.0).tolist()


DISTRIBUTIONS = {
    "scores": scores,
    "incomes": lambda generator, n: generator.lognormal(10.0, 1.0, n).tolist(),
    "normal": lambda generator, n: generator.normal(0.0, 3.0, n).tolist(),
    "channels": lambda generator, n: generator.choice(["a", "b", "c", "d"], n, p=[0.7, 0.2, 0.09, 0.01]).tolist(),
    "many": lambda generator, n: [f"{value}" for value in generator.geometric(0.02, n)],
}


@pytest.mark.parametrize("name", sorted(DISTRIBUTIONS))
@pytest.mark.parametrize(("window", "past"), [(60, 3_000), (300, 300)])
def test_without_drift_p_values_are_as_small_as_chance_makes_them(name: str, window: int, past: int) -> None:
    generator = np.random.default_rng(7)
    draw = DISTRIBUTIONS[name]
    found = []
    for _ in range(400):
        comparison = compare_histograms(histogram(draw(generator, window)), histogram(draw(generator, past)), 30)
        assert comparison is not None
        assert comparison.bins > 1
        found.append(comparison.p_value)
    # 400 tests: a twentieth of them give p <= 0.05, within three standard errors.
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 400.0)
    assert np.mean(np.array(found) <= 0.01) <= 0.01 + 3.0 * np.sqrt(0.01 * 0.99 / 400.0)


@pytest.mark.parametrize(
    ("before", "since"),
    [
        (lambda g, n: scores(g, n, 0.10), lambda g, n: scores(g, n, 0.25)),
        (lambda g, n: g.lognormal(10.0, 1.0, n).tolist(), lambda g, n: g.lognormal(10.5, 1.0, n).tolist()),
        (lambda g, n: g.normal(0.0, 1.0, n).tolist(), lambda g, n: g.normal(0.0, 2.0, n).tolist()),
        (lambda g, n: g.choice(["a", "b"], n).tolist(), lambda g, n: g.choice(["a", "b", "new"], n).tolist()),
        (lambda g, n: [f"{v}" for v in g.integers(0, 300, n)], lambda g, n: [f"{v}" for v in g.integers(0, 90, n)]),
    ],
)
def test_drift_is_found(before: object, since: object) -> None:
    generator = np.random.default_rng(1)
    comparison = compare_histograms(
        histogram(since(generator, 400)),  # type: ignore[operator]
        histogram(before(generator, 2_000)),  # type: ignore[operator]
        30,
    )
    assert comparison is not None
    assert evidence(comparison.p_value) > 5.0
    assert comparison.psi > 0.1


def test_many_series_without_drift_show_nothing() -> None:
    """A hundred and sixty series of a model, of which each looks at a rare decision, by Bonferroni's correction: 5 % of
    looks had one, of 1 % stated, as long as Pearson's statistic was taken alone where five to ten are expected."""
    generator = np.random.default_rng(2)
    series, found = 160, 0
    windows = generator.binomial(300, 0.02, (300, series))
    pasts = generator.binomial(30_000, 0.02, (300, series))
    for window, past in zip(windows.tolist(), pasts.tolist(), strict=True):
        compared = [
            compare_histograms({0: 300 - rare, 20: rare}, {0: 30_000 - of_past, 20: of_past}, 30)
            for rare, of_past in set(zip(window, past, strict=True))
        ]
        found += min(one.p_value for one in compared if one is not None) * series <= 0.01
    assert found <= 8  # three are expected


def test_the_p_value_is_that_of_chi_square_or_of_the_likelihood_ratio() -> None:
    window, past = {0: 40, 20: 25, 30: 35}, {0: 300, 20: 150, 30: 150}
    comparison = compare_histograms(window, past, 30)
    assert comparison is not None
    table = [list(window.values()), list(past.values())]
    expected = [chi2_contingency(table, correction=False, lambda_=power).pvalue for power in (1.0, 0.0)]
    assert comparison.p_value == pytest.approx(max(expected), rel=1e-9)
    p, q = np.array([0.4, 0.25, 0.35]), np.array([0.5, 0.25, 0.25])
    assert comparison.psi == pytest.approx(float(((p - q) * np.log(p / q)).sum()))
    assert comparison[2:] == (3, 100.0, 600.0)


def test_weights_count_as_the_values_they_are_worth() -> None:
    plain = compare_histograms({0: 40, 20: 60}, {0: 300, 20: 300}, 30)
    # Every value of the window stands for ten, and is one value all the same.
    weighted = compare_histograms({0: 400, 20: 600, SQUARES: 100 * 90}, {0: 300, 20: 300}, 30)
    assert weighted == plain


def test_too_few_values_and_values_without_a_difference_say_nothing() -> None:
    assert compare_histograms({0: 29}, {0: 1_000}, 30) is None
    assert compare_histograms({}, {}, 0) is None
    comparison = compare_histograms({0: 50}, {0: 100}, 30)
    assert comparison is not None
    assert comparison[:2] == (0.0, 1.0)


def test_evidence_is_bounded() -> None:
    assert [evidence(p) for p in (1.0, 0.01, 0.0)] == [0.0, 2.0, 300.0]
