"""Thresholds of sliding windows of uniform ranks, by simulation: one for each kind of window, whatever the data are."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import log
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from agent.drift.psi_tail import psi_of_counts, psi_tail
from agent.drift.two_sample import Numbers

__all__ = ["STATISTICS", "ThresholdCurve", "Window", "threshold_curve"]

Statistic: TypeAlias = Callable[["np.ndarray[Any, np.dtype[Any]]"], Numbers]

_STREAMS = 50
_TESTS = 1_000
_ROUNDS = 20
_LEVELS = 40
_GRID = 4_000
#: Fewer reports than these make a level too uncertain to be fitted.
_FEWEST_REPORTS = 60


class Window(NamedTuple):
    """A window of ``blocks * stride`` observations that moves by ``stride``; ``bins`` are equal parts of [0, 1)."""

    bins: int
    stride: int
    blocks: int

    @property
    def size(self) -> int:
        """Observations that it holds."""
        return self.stride * self.blocks


def ks_of_counts(counts: np.ndarray[Any, np.dtype[Any]]) -> Numbers:
    """Largest distance between the distribution of each row and the uniform one, at the borders of the bins."""
    rows = np.cumsum(counts, axis=-1, dtype=np.float64)
    rows /= rows[..., -1:]
    rows -= np.arange(1, counts.shape[-1] + 1) / counts.shape[-1]
    return np.asarray(np.abs(rows, out=rows).max(axis=-1))


STATISTICS: dict[str, Statistic] = {"ks": ks_of_counts, "psi": psi_of_counts}
#: More tests than the longest run that may be configured has: the curve must reach its rate.
_LONGEST_RUN = 1e12
#: The logarithm of the share of windows over the threshold with which no cluster begins, at most.
_LARGEST_LOG_REST = -0.05


class ThresholdCurve(NamedTuple):
    """How the rate of reports falls with the threshold.

    Attributes
    ----------
    thresholds, log_rates
        From the lowest threshold simulated on; the rate, whose natural logarithm this is, is per test.
    """

    window: Window
    thresholds: Numbers
    log_rates: Numbers

    def threshold(self, ert: float) -> float:
        """The threshold with a mean run of ``ert`` observations, from an empty window on.

        Raises
        ------
        ValueError
            When that is less than ten windows: such runs depend on how the window fills.
        """
        if ert < 10.0 * self.window.size:
            raise ValueError("the expected run time must be at least ten windows")
        wanted = log((ert - self.window.size) / self.window.stride)
        return float(np.interp(wanted, -self.log_rates, self.thresholds))


@lru_cache(maxsize=32)
def threshold_curve(statistic: str, window: Window, seed: int = 0) -> ThresholdCurve:
    """Simulate a million tests without drift and fit the rate of first reports; takes a second or two.

    Rates below some sixty reports in a million tests are extrapolated. That of ``ks`` is exponential in the square of
    the distance, nearly. Of ``psi`` the probability that a window is over the threshold is known (`psi_tail`); such
    windows come in clusters, and the share with which one begins goes from what is simulated to 1, exponentially.
    docs/drift.md has the run times that were measured.
    """
    generator = np.random.default_rng(seed)
    paths = np.concatenate([_paths(generator, STATISTICS[statistic], window) for _ in range(_ROUNDS)])
    highest = np.maximum.accumulate(paths, axis=1)
    last = np.sort(highest[:, -1])
    # From where nearly every stream reports to where few do.
    levels = np.linspace(np.quantile(paths, 0.95), last[-_FEWEST_REPORTS], _LEVELS)
    first = np.array([np.minimum((highest < level).sum(axis=1), paths.shape[1]) for level in levels])
    reports = (first < paths.shape[1]).sum(axis=1)
    exposure = np.minimum(first + 1, paths.shape[1]).sum(axis=1)
    observed, weights = np.log(reports / exposure), np.sqrt(reports)
    if statistic == "psi":
        values, tail = psi_tail(window.size, window.bins, seed)
        # Of windows over the threshold, those with which a cluster of them begins: ever more, since clusters shrink.
        first_share = np.minimum(np.exp(observed - np.interp(levels, values, tail)), 0.99)
        weights *= (1.0 - first_share) / first_share
        slope, start = np.polyfit(levels, np.log1p(-first_share), 1, w=weights)
        grid = np.linspace(levels[0], values[-1], _GRID)
        rates = np.interp(grid, values, tail) + np.log1p(-np.exp(np.minimum(slope * grid + start, _LARGEST_LOG_REST)))
    else:
        slope, start = np.polyfit(levels**2, observed, 1, w=weights)
        grid = np.sqrt(np.linspace(levels[0] ** 2, (-log(_LONGEST_RUN) - start) / slope, _GRID))
        rates = slope * grid**2 + start
    return ThresholdCurve(window, grid, np.minimum.accumulate(rates))


def _paths(generator: np.random.Generator, statistic: Statistic, window: Window) -> Numbers:
    """Statistics of streams without drift, of shape (streams, tests); each stream begins with a full window."""
    blocks = _TESTS + window.blocks - 1
    cells = _STREAMS * blocks
    counts = np.zeros((cells, window.bins), dtype=np.int32)
    flat = counts.reshape(-1)
    offsets = np.arange(0, cells * window.bins, window.bins)
    for _ in range(window.stride):
        # One observation of every block at a time: no cell is met twice, and memory stays small.
        flat[offsets + generator.integers(0, window.bins, cells)] += 1
    sums = np.cumsum(counts.reshape(_STREAMS, blocks, window.bins), axis=1, dtype=np.int32)
    windows = sums[:, window.blocks - 1 :].copy()
    windows[:, 1:] -= sums[:, : -window.blocks]
    return statistic(windows)
