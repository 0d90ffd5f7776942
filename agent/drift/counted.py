"""Windows of categories: chi-square for several, Fisher's exact test for one against the rest. No simulation, exact."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from math import ceil, log10
from typing import Any, ClassVar, TypeAlias

import numpy as np

from agent.drift.base import Feed, Reading
from agent.drift.reference import OTHER, CategoryReference, category_code
from agent.drift.two_sample import Numbers, hypergeometric
from agent.errors import ConfigError
from agent.histograms import category_bin
from agent.significance import chi_square

__all__ = ["ChiSquareDetector", "CountedDetector", "FisherDetector"]

_Counts: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"

_TIE = 1e-9
_DOUBTFUL = 0.05
_LONGEST_WAIT = 8
_FIRST_DRAWS = 200
#: Share of the level below which the tail of the chi-square distribution settles it: with five expected in a cell,
#: chance gives what has such a tail once in hundreds of millions of windows.
_HOPELESS = 1e-9
_MOST_DRAWS = 400_000
#: Rare and new categories are told apart so far; divides the bins that references hold.
_REST_BINS = 16
#: In a small reference chance alone says which of the rarer ones it has met.
_LEAST_NAMED = 5
#: NumPy's generator takes no larger pool; one that large is as good as infinite.
_LARGEST_POOL = 100_000_000


class CountedDetector(ABC):
    """Tests each window of categories, one after the other, against all that came before.

    Given what the window and its past hold together, how it is split between the two is hypergeometric without drift,
    whatever the frequencies are and however small the reference is; and independent of the splits before. With ties
    broken at random the p-values of the windows are therefore independent and uniform, and reporting at
    ``p <= window / ert`` gives a mean run of exactly ``ert``. The statistic is ``-log10 p``.

    What may be drift must not become what drift is measured by. So windows with a p-value of at most 0.05 are not taken
    into the reference, and the others wait for up to eight windows, or a quarter of the reference, whether one is
    reported meanwhile. Both make the p-values a little less than independent; the bench shows no effect on run times.

    Parameters
    ----------
    ert
        See `agent.drift.base.Detector`; at least ten windows.
    window
        Observations in each, at least 20. A change is reported at the end of a window.
    """

    name: ClassVar[str]
    feeds: ClassVar[Feed] = "category"
    default_window: ClassVar[int] = 256

    def __init__(
        self, reference: CategoryReference, ert: float, *, window: int = default_window, seed: int = 0
    ) -> None:
        if window < 20:
            raise ConfigError(f"drift: window of {self.name} must be at least 20")
        if not 10.0 * window <= ert < 1e12:
            raise ConfigError(f"drift: the expected run time of {self.name} must be at least ten windows, below 1e12")
        self._level = window / ert
        self._size = window
        self._seed = seed
        self._draw = np.random.default_rng(seed)
        self._take(reference)
        self._observations = self._detections = 0
        self._statistic: float | None = None

    @classmethod  # noqa: B027 - there is nothing to prepare, and no subclass need say so
    def prepare(cls) -> None:
        """See `agent.drift.base.Detector.prepare`."""

    def _take(self, reference: CategoryReference) -> None:
        self._begin(reference.counts)

    def _begin(self, counts: Mapping[str, int]) -> None:
        self._index = {code: index for index, code in enumerate(counts)}
        self._past = list(counts.values())
        self._waiting: deque[list[int]] = deque()
        self._window = [0] * len(self._past)
        self._left = self._size

    def observe(self, value: str) -> bool:
        """See `agent.drift.base.Detector.observe`."""
        self._observations += 1
        self._window[self._place(value)] += 1
        self._left -= 1
        return self._left == 0 and self._test()

    def _place(self, value: str) -> int:
        index = self._index.get(category_code(value))
        return self._index[OTHER] if index is None else index

    def _test(self) -> bool:
        p_value = max(self._p_value(), 1e-300)
        self._statistic = -log10(p_value)
        reported = p_value <= self._level
        if reported:
            self._detections += 1
            self._waiting.clear()
        elif p_value > _DOUBTFUL:
            self._waiting.append(self._window)
            self._take_in()
        self._window = [0] * len(self._past)
        self._left = self._size
        return reported

    def _take_in(self) -> None:
        while len(self._waiting) > min(_LONGEST_WAIT, sum(self._past) // (4 * self._size)):
            self._past = [a + b for a, b in zip(self._past, self._waiting.popleft(), strict=True)]

    @abstractmethod
    def _p_value(self) -> float:
        """Uniform in (0, 1] without drift."""

    def reading(self) -> Reading:
        """See `agent.drift.base.Detector.reading`."""
        return Reading(self._statistic, -log10(self._level), self._observations, self._detections)


class ChiSquareDetector(CountedDetector):
    """Pearson's statistic of window and past, its p-value from random splits instead of the chi-square distribution.

    The rank of a statistic among those of random splits is uniform too, so the level is exact with any number of
    draws. Draws end early when there are many larger ones among them. At 400,000 draws without a larger one the p-value
    is that of the chi-square distribution where it is smaller, which is not exact: it concerns run times over some
    20,000 windows. So it is, after some thousand draws without one as large, where its tail lies so far beyond the
    level that no number of draws would tell otherwise.

    Categories that both hold too rarely for five in a window count in the bin of their digest, as those do that the
    reference did not meet or has no name for, and bins that are too rare count as one. Were they counted apart, what is
    rare and was met would always be too frequent in the reference beside what was not: two hundred cities, each as
    frequent as the others, would be drift in the first window after a reference of a thousand.
    """

    name: ClassVar[str] = "chi_square"

    def _take(self, reference: CategoryReference) -> None:
        named = {
            code: count
            for code, count in reference.counts.items()
            if code != OTHER and (count >= _LEAST_NAMED or not reference.bins)
        }
        rest = _rest_by_bin(reference, named)
        # Without bins (a file from before there were any) all of the rest is one, under the name that none has.
        self._begin(named | (rest or {OTHER: reference.total - sum(named.values())}))
        self._bins = bool(rest)
        self._named = len(named)
        self._home = np.array([self._rest_of(code) for code in named], dtype=np.int64)

    def _place(self, value: str) -> int:
        code = category_code(value)
        index = self._index.get(code)
        return self._rest_of(code) if index is None else index

    def _rest_of(self, code: str) -> int:
        return self._index[_bin_name(category_bin(code)) if self._bins else OTHER]

    def _settled(self, counts: _Counts, rare: Any) -> _Counts:
        """Named categories that are rare in their bins."""
        settled = counts.copy()
        np.add.at(settled, self._home[rare], counts[: self._named][rare])
        settled[: self._named][rare] = 0
        return settled

    def _p_value(self) -> float:
        window = np.array(self._window)
        pool = window + np.array(self._past)
        rare = _is_rare(pool[: self._named], window.sum(), pool.sum())
        window, pool = _without_rare(self._settled(window, rare), self._settled(pool, rare))
        if pool.size < 2:
            return float(self._draw.random())
        wanted = min(_MOST_DRAWS, ceil(20.0 / self._level))
        observed = _pearson(window[None, :], pool)[0]
        larger = equal = draws = 0
        batch = _FIRST_DRAWS
        while True:
            splits = _pearson(self._splits(pool, batch), pool)
            same = np.abs(splits - observed) <= _TIE * (1.0 + observed)
            equal += int(same.sum())
            larger += int((splits[~same] > observed).sum())
            draws += batch
            if draws >= wanted or (larger >= 20 and larger > 10.0 * self._level * draws):
                break
            if draws > _FIRST_DRAWS and not larger + equal and (tail := _tail(window, pool)) < _HOPELESS * self._level:
                return tail
            batch = min(10 * batch, wanted - draws, 1_000_000 // pool.size)
        p_value = float(larger + (1.0 - self._draw.random()) * (equal + 1)) / (draws + 1)
        if draws == _MOST_DRAWS and not larger + equal:
            p_value = min(p_value, _tail(window, pool))
        return p_value

    def _splits(self, pool: _Counts, draws: int) -> _Counts:
        if pool.sum() > _LARGEST_POOL:
            return self._draw.multinomial(self._size, pool / pool.sum(), size=draws)
        return self._draw.multivariate_hypergeometric(pool, self._size, size=draws, method="marginals")


def _tail(window: _Counts, pool: _Counts) -> float:
    """The p-value by the chi-square distribution."""
    return chi_square(np.stack((window, pool - window))).p_value


def _rest_by_bin(reference: CategoryReference, named: Mapping[str, int]) -> dict[str, int]:
    """What a reference holds beside its named categories, by bin, all bins there are; empty where it has no bins."""
    rest = {_bin_name(place): 0 for place in range(_REST_BINS)}
    try:
        for place, count in reference.bins:
            rest[_bin_name(place)] += count
        for code, count in named.items():
            rest[_bin_name(category_bin(code))] -= count
    except ValueError:  # no digest: a file that somebody has changed
        return {}
    if min(rest.values()) < 0 or sum(rest.values()) != reference.total - sum(named.values()):
        return {}
    return rest


def _bin_name(place: int) -> str:
    """Of some bins of `agent.histograms` together; what no digest is called."""
    return f"bin {place % _REST_BINS}"


def _is_rare(pool: _Counts, size: int, total: int) -> Any:
    """Which categories have fewer than five expected in a window. It follows from the pool alone, so that splits stay
    hypergeometric."""
    return pool * size < 5 * total


def _without_rare(window: _Counts, pool: _Counts) -> tuple[_Counts, _Counts]:
    """Categories with fewer than five expected in a window, taken together."""
    rare = _is_rare(pool, window.sum(), pool.sum())
    kept = ~rare
    window = np.append(window[kept], window[rare].sum())
    pool = np.append(pool[kept], pool[rare].sum())
    return window[pool > 0], pool[pool > 0]


def _pearson(windows: _Counts, pool: _Counts) -> Numbers:
    """Pearson's statistic of each window up to a factor that all splits of a pool share."""
    shares = pool / pool.sum()
    expected = shares * windows.sum(axis=-1, keepdims=True)
    return np.asarray(((windows - expected) ** 2 / shares).sum(axis=-1))


class FisherDetector(CountedDetector):
    """Fisher's exact test of how often one category occurs, two-sided.

    Parameters
    ----------
    category
        The one that is counted against all others; by default the most frequent of the reference that is told apart.
    """

    name: ClassVar[str] = "fisher"

    def __init__(
        self,
        reference: CategoryReference,
        ert: float,
        *,
        window: int = CountedDetector.default_window,
        category: str | None = None,
        seed: int = 0,
    ) -> None:
        counts = reference.counts
        if category is None:
            # Not the rest beyond fifty categories, though that may hold the most: there would be nothing beside it.
            named = [code for code in counts if code != OTHER]
            chosen = max(named, key=counts.__getitem__, default=OTHER)
        else:
            chosen = category_code(category)
        hits = counts.get(chosen, 0)
        rest = sum(counts.values()) - hits
        pair = {OTHER: hits} if chosen == OTHER else {chosen: hits, OTHER: rest}
        super().__init__(CategoryReference(pair), ert, window=window, seed=seed)

    def _p_value(self) -> float:
        hits = self._window[0]
        pool = hits + self._past[0]
        low, chances = hypergeometric(pool, self._size + sum(self._past) - pool, self._size)
        at = chances[hits - low]
        same = np.abs(chances - at) <= 1e-7 * at
        rarer = chances[(chances < at) & ~same].sum()
        return float(rarer + (1.0 - self._draw.random()) * chances[same].sum())
