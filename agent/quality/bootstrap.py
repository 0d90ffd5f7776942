"""Bootstrap intervals (Efron 1979), percentile form, stratified by class, over resampled counts instead of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.quality.ranking import Ranking

__all__ = ["CONFIDENCE", "FEWEST", "Bootstrap", "Bounds", "percentiles"]

CONFIDENCE = 0.95
FEWEST = 5
"""Texts of a class below which resampling says nothing: the few that there are only come back in other numbers."""

_F64: TypeAlias = NDArray[np.float64]
Bounds: TypeAlias = list[float]

#: Resampled counts held at once: 16 MB a class.
_CELLS = 2_000_000


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How to resample.

    Parameters
    ----------
    samples
        0 makes no intervals.
    seed
        Equal data and seed give equal intervals, whatever else is figured in the same run.
    """

    samples: int = 1000
    seed: int = 0

    def ranking(
        self, ranking: Ranking, figures: Callable[[_F64, _F64], Mapping[str, _F64]]
    ) -> dict[str, Bounds | None]:
        """Intervals of figures of a ranking with both classes; each class is resampled on its own."""
        rng = np.random.default_rng(self.seed)
        found: dict[str, list[_F64]] = {}
        for count in self._chunks(len(ranking.scores)):
            positives, negatives = (_resample(rng, part, count) for part in (ranking.positives, ranking.negatives))
            for name, values in figures(positives, negatives).items():
                found.setdefault(name, []).append(values)
        return {name: percentiles(np.concatenate(values)) for name, values in found.items()}

    def binomial(self, hits: int, count: int, salt: int = 0) -> _F64:
        """Resampled hits of a share, float64 [samples]: what resampling `count` rows with `hits` among them gives."""
        rng = np.random.default_rng([self.seed, salt])
        return rng.binomial(count, hits / count if count else 0.0, size=self.samples).astype(np.float64)

    def sums(self, rows: _F64) -> _F64:
        """Column sums over resampled rows, float64 [samples, columns]; `rows` [n, columns], e.g. counts per text."""
        rng = np.random.default_rng(self.seed)
        # Most texts have the same few counts: drawing how many of each kind is the same as drawing texts.
        kinds, counts = np.unique(rows, axis=0, return_counts=True)
        result: _F64 = _resample(rng, counts.astype(np.float64), self.samples) @ kinds
        return result

    def order_statistic(self, ranking: Ranking, index: int) -> _F64:
        """The score of the negative text at a place (0 is the highest), in each resample; float64 [samples]."""
        rng = np.random.default_rng(self.seed)
        found: list[_F64] = []
        for count in self._chunks(len(ranking.scores)):
            above = np.cumsum(_resample(rng, ranking.negatives, count), axis=-1)
            found.append(ranking.scores[(above > index).argmax(axis=-1)])
        return np.concatenate(found) if found else np.zeros(0)

    def _chunks(self, width: int) -> Iterator[int]:
        """Numbers of samples that are drawn together."""
        size = max(1, _CELLS // max(width, 1))
        for begin in range(0, self.samples, size):
            yield min(size, self.samples - begin)


def percentiles(values: _F64) -> Bounds | None:
    """The middle 95 % of resampled figures; None when there are none.

    None too when all are equal: a figure that resampling cannot move (an AUC of 1) is not certain, its interval is not
    known.
    """
    if not len(values) or values.min() == values.max():
        return None
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail])
    return [float(low), float(high)]


def _resample(rng: np.random.Generator, counts: _F64, samples: int) -> _F64:
    """Multinomial counts, float64 [samples, groups]: as many draws with replacement as there are texts."""
    total, groups = int(counts.sum()), len(counts)
    if total > 4 * groups:
        return rng.multinomial(total, counts / total, size=samples).astype(np.float64)
    # The same, and four times as fast where nearly every text is a group of its own: draw texts, count groups.
    owner = np.repeat(np.arange(groups), counts.astype(np.int64))
    drawn = owner[rng.integers(0, total, size=(samples, total))] + groups * np.arange(samples)[:, None]
    return np.bincount(drawn.ravel(), minlength=samples * groups).reshape(samples, groups).astype(np.float64)
