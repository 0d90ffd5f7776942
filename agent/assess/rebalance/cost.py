"""What a rebalancing does to a simple model: its accuracy and its disparities, before and after.

A logistic regression is fitted to the sampled rows before and after, in five folds: each row is decided by models that
were fitted to the rows of the other four, and its own label, of the original data, is what they are judged by.

The intervals say how far the figures of these models may lie from what they would be on all rows like these. They do
not cover that other samples would give other models.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from math import sqrt
from typing import Any, Final

import numpy as np

from agent.assess.rebalance.disparities import DECIDED, by_attribute, compared, slots
from agent.assess.rebalance.features import Encoder
from agent.assess.rebalance.followed import SampledRow
from agent.assess.rebalance.logistic import LogisticRegression
from agent.assess.sampling import stratified_folds
from agent.assess.sensitivity import share_of
from agent.windows.base import CONFIDENCE
from agent.windows.intervals import mean_of_shares, z_value

__all__ = ["FOLDS", "Ranker", "model_figures"]

FOLDS: Final = 5
_LEAST_LABELLED: Final = 30
_DRAWS: Final = 2000
#: Of a smaller SPD than this a reduction in per cent says nothing.
_LEAST_SPD: Final = 0.005
_MEASURES: Final = ("spd", "dir", "eod")


class Ranker:
    """A model of the rows as they are, that says how near a row is to the border."""

    def __init__(self, rows: Sequence[SampledRow], columns: Sequence[str], numeric: Collection[str]) -> None:
        self._encoder = Encoder([row.before for row in rows], columns, numeric)
        self._model = LogisticRegression(
            self._encoder.matrix([row.before for row in rows]), _labels(rows), np.ones(len(rows))
        )

    def closeness(self, rows: Sequence[Any], positive: Sequence[bool]) -> Any:
        """For each row how far the model is on the side of the other label (log odds), shape (n,)."""
        return self._model.scores(self._encoder.matrix(rows)) * np.where(positive, -1.0, 1.0)


def model_figures(
    rows: Sequence[SampledRow],
    groups: Sequence[tuple[str, ...]],
    protected: Sequence[str],
    columns: Sequence[str],
    numeric: Collection[str],
    *,
    repaired: bool,
    seed: int,
) -> dict[str, Any] | None:
    """Plain data for JSON; None with fewer than 30 rows of either label, or without features.

    Parameters
    ----------
    groups, protected
        As for `by_attribute`.
    columns
        The features.
    numeric
        Which of them are numbers.
    repaired
        Whether the features themselves changed. Then the model that was fitted to the repaired ones is judged twice:
        given features as they are, and repaired as those it learned from.
    """
    labels = _labels(rows)
    if min(np.sum(labels), np.sum(~labels)) < _LEAST_LABELLED:
        return None
    encoder = Encoder([row.before for row in rows], columns, numeric)
    if not encoder.columns:
        return None
    before, after, after_repaired = _decided(rows, labels, columns, numeric, seed)
    figures: dict[str, Any] = {
        "rows": len(rows),
        "features": encoder.columns,
        "folds": FOLDS,
        "before": _figures(rows, labels, before, groups, protected),
        "after": _figures(rows, labels, after, groups, protected),
        "change": _change(rows, labels, before, after, groups, protected, seed),
    }
    if repaired:
        figures["after_repaired_inputs"] = _figures(rows, labels, after_repaired, groups, protected)
        figures["change_repaired_inputs"] = _change(rows, labels, before, after_repaired, groups, protected, seed)
    return figures


def _labels(rows: Sequence[SampledRow]) -> Any:
    return np.array([row.place.positive for row in rows], dtype=bool)


def _decided(
    rows: Sequence[SampledRow], labels: Any, columns: Sequence[str], numeric: Collection[str], seed: int
) -> tuple[Any, Any, Any]:
    """Decisions on every row, of models that have not seen it: before, after, and after on repaired features."""
    folds = stratified_folds([row.place for row in rows], FOLDS, random.Random(f"{seed}:folds"))
    before, after, after_repaired = (np.zeros(len(rows), dtype=bool) for _ in range(3))
    weights = np.array([row.weight for row in rows])
    old, new = [row.before for row in rows], [row.after for row in rows]
    for fold in range(FOLDS):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        encoder = Encoder([old[at] for at in train], columns, numeric)
        inputs = encoder.matrix(old)
        model = LogisticRegression(inputs[train], labels[train], np.ones(len(train)))
        before[test] = model.scores(inputs[test]) > 0.0
        written = train[weights[train] > 0.0]
        encoder = Encoder([new[at] for at in written], columns, numeric)
        inputs = encoder.matrix(new)
        model = LogisticRegression(inputs[written], labels[written], weights[written])
        after[test] = model.scores(encoder.matrix([old[at] for at in test])) > 0.0
        after_repaired[test] = model.scores(inputs[test]) > 0.0
    return before, after, after_repaired


def _figures(
    rows: Sequence[SampledRow], labels: Any, decided: Any, groups: Sequence[tuple[str, ...]], protected: Sequence[str]
) -> dict[str, Any]:
    numbers = slots(len(groups))
    for row, decision in zip(rows, decided, strict=True):
        at = DECIDED[row.place.positive, bool(decision)]
        numbers[row.place.group, at : at + 2] += 1.0
    sizes = _sizes([row.place.group for row in rows], len(groups))
    right = int(np.sum(decided == labels))
    return {
        "accuracy": share_of(right, len(rows)),
        "balanced_accuracy": _balanced(decided, labels),
        "disparities": by_attribute(numbers, sizes, groups, protected, _MEASURES),
    }


def _sizes(numbers: Any, groups: int) -> list[int]:
    found: list[int] = np.bincount(numbers, minlength=groups).tolist()
    return found


def _balanced(decided: Any, labels: Any) -> dict[str, Any]:
    """The mean of the shares of either label that are decided rightly."""
    sides = ((decided[labels], np.sum(labels)), (~decided[~labels], np.sum(~labels)))
    value, interval = mean_of_shares(
        [(float(np.mean(right)), int(count)) for right, count in sides], z_value(CONFIDENCE)
    )
    return {"value": value, "interval": list(interval)}


def _change(
    rows: Sequence[SampledRow],
    labels: Any,
    before: Any,
    after: Any,
    groups: Sequence[tuple[str, ...]],
    protected: Sequence[str],
    seed: int,
) -> dict[str, Any]:
    numbers = np.array([row.place.group for row in rows])
    return {
        "accuracy": _paired(before == labels, after == labels),
        "spd_reduction": {
            view: _reduction([np.isin(numbers, members) for members in found.values()], before, after, seed)
            for view, found in compared(groups, protected, _sizes(numbers, len(groups))).items()
        },
    }


def _paired(before: Any, after: Any) -> dict[str, Any]:
    """Difference of two shares of the same rows, after minus before.

    Interval of Agresti and Min, Statistics in Medicine 24 (2005): Wald's with half a row added to each of four cells.
    """
    gained, lost, total = int(np.sum(after & ~before)), int(np.sum(before & ~after)), len(before)
    wider, spread = total + 2.0, gained + lost + 1.0
    centre = (gained - lost) / wider
    half = z_value(CONFIDENCE) * sqrt(max(0.0, spread / wider - centre * centre) / wider)
    value = (gained - lost) / total
    return {"value": value, "interval": [min(value, centre - half), max(value, centre + half)]}


def _reduction(members: Sequence[Any], before: Any, after: Any, seed: int) -> dict[str, Any] | None:
    """``1 - SPD after / SPD before``, with bounds that hold 95 % of redrawn samples (paired bootstrap by group).

    None where fewer than two groups are large enough, or the SPD is next to none before.

    Parameters
    ----------
    members
        Of each group that is compared which rows are in it, shape (n,), of booleans.
    """
    if len(members) < 2:
        return None
    kinds = 2 * before + after
    large = [np.bincount(kinds[group], minlength=4).astype(float) for group in members]
    draw = np.random.default_rng(seed)
    drawn = np.array([draw.multinomial(int(counts.sum()), counts / counts.sum(), size=_DRAWS) for counts in large])
    first, second = _spreads(np.array(large)[:, None, :])
    if first[0] < _LEAST_SPD:
        return None
    firsts, seconds = _spreads(drawn)
    reductions = 1.0 - seconds / np.maximum(firsts, _LEAST_SPD)
    tail = 50.0 * (1.0 - CONFIDENCE)
    return {
        "value": float(1.0 - second[0] / first[0]),
        "interval": [float(bound) for bound in np.percentile(reductions, [tail, 100.0 - tail])],
    }


def _spreads(cells: Any) -> tuple[Any, Any]:
    """SPD before and after, shape (draws,), from counts of (before, after), shape (groups, draws, 4)."""
    totals = cells.sum(axis=2)
    rates = ((cells[..., 2] + cells[..., 3]) / totals, (cells[..., 1] + cells[..., 3]) / totals)
    return np.ptp(rates[0], axis=0), np.ptp(rates[1], axis=0)
