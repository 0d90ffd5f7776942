"""How rarely the population stability index is large: against every outcome of small windows."""

from __future__ import annotations

from math import exp, lgamma, log

import numpy as np
import pytest

from agent.drift.psi_tail import psi_of_counts, psi_tail
from agent.drift.thresholds import STATISTICS, Window, _paths, threshold_curve


@pytest.mark.parametrize(("size", "bins"), [(40, 3), (24, 4)])
def test_the_tail_is_that_of_all_outcomes(size: int, bins: int) -> None:
    rows = np.array([row for row in np.ndindex(*[size + 1] * (bins - 1)) if sum(row) <= size])
    counts = np.column_stack([rows, size - rows.sum(axis=1)])
    of_factorial = np.array([lgamma(number + 1) for number in range(size + 1)])
    chances = np.exp(of_factorial[size] - of_factorial[counts].sum(axis=1) - size * log(bins))
    index = psi_of_counts(counts)
    assert chances.sum() == pytest.approx(1.0)
    values, tail = psi_tail(size, bins)
    for rarity in (1e-1, 1e-3, 1e-6, 1e-9, 1e-10):
        falling = np.argsort(-index)
        at = index[falling[np.searchsorted(np.cumsum(chances[falling]), rarity)]] - 1e-9
        exact = chances[index >= at].sum()
        assert exp(tail[np.searchsorted(values, at)]) == pytest.approx(exact, rel=0.1), rarity


def test_the_tail_of_the_usual_window_is_the_exact_one() -> None:
    """Where one bin of ten that is nearly empty makes the index large, which bins that all vary hardly ever bring."""
    size, bins, top, step = 256, 10, 0.36, 4e-4
    values, tail = psi_tail(size, bins)
    exact = _tail_by_convolution(size, bins, top, step)
    for rarity in (1e-3, 1e-5, 1e-7, 1e-9, 1e-10):
        at = int(np.searchsorted(-exact, -rarity))
        assert np.exp(np.interp(at * step, values, tail)) == pytest.approx(exact[at], rel=0.15), rarity


def _tail_by_convolution(size: int, bins: int, top: float, step: float) -> np.ndarray:
    """Probability that the index reaches each multiple of ``step``, the last one for all that is more.

    Counts of bins are independent and Poisson once nothing is said of their sum; so bin after bin is added to the
    distribution of (observations, index), and read off at the size of the window.
    """
    counts = np.arange(size + 1)
    shares = (counts + 0.5) / (size + 0.5 * bins)
    places = np.rint((shares - 1.0 / bins) * np.log(shares * bins) / step).astype(int)
    last = int(top / step)
    chances = np.exp([count * log(size / bins) - size / bins - lgamma(count + 1) for count in counts])
    held = np.zeros((size + 1, last + 1))
    held[0, 0] = 1.0
    for _ in range(bins):
        added = np.zeros_like(held)
        for count in np.flatnonzero(chances > 1e-25):
            place, before = min(places[count], last), held[: size + 1 - count]
            added[count:, place:] += chances[count] * before[:, : last + 1 - place]
            added[count:, last] += chances[count] * before[:, last + 1 - place :].sum(axis=1)
        held = added
    of_size = held[size] / exp(size * log(size) - size - lgamma(size + 1))
    assert of_size.sum() == pytest.approx(1.0)
    return np.cumsum(of_size[::-1])[::-1]


@pytest.mark.parametrize("statistic", ["ks", "psi"])
@pytest.mark.parametrize("size", [64, 256])
def test_rarer_reports_need_higher_thresholds_without_end(statistic: str, size: int) -> None:
    curve = threshold_curve(statistic, Window({"ks": 61, "psi": 10}[statistic], size // 8, 8))
    found = [curve.threshold(10.0**power) for power in np.linspace(4.0, 11.99, 40)]
    assert (np.diff(found) > 0.0).all()


def test_runs_are_as_long_as_configured_where_reports_were_not_simulated() -> None:
    """A window of 64 is where a curve through what was simulated was off by most: by a half at 300,000."""
    window, ert = Window(10, 8, 8), 300_000.0
    threshold = threshold_curve("psi", window).threshold(ert)
    generator = np.random.default_rng(5)
    reports = exposure = 0
    for _ in range(150):
        reached = np.maximum.accumulate(_paths(generator, STATISTICS["psi"], window), axis=1) >= threshold
        first = np.where(reached[:, -1], reached.argmax(axis=1) + 1, reached.shape[1])
        reports, exposure = reports + int(reached[:, -1].sum()), exposure + int(first.sum())
    assert reports > 100
    assert exposure / reports * window.stride + window.size == pytest.approx(ert, rel=0.25)
