"""When drift hints at bias: a feature drifts in a group, and the gap between groups has widened with it."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt
from typing import NamedTuple

__all__ = ["BiasHint", "DriftVerdict", "Gap", "GapChange", "bias_hints", "has_widened"]

#: Measures that are fair at 1, and are compared as logarithms; all others are fair at 0.
_RATIOS = frozenset({"dir"})
_SMALLEST_RATIO = 1e-6


class DriftVerdict(NamedTuple):
    """Whether a feature drifts, overall (``attribute`` and ``group`` are None) or in one group."""

    feature: str
    attribute: str | None
    group: str | None
    statistic: float
    threshold: float
    detected: bool


class Gap(NamedTuple):
    """A fairness measure over one window, with its interval, and the group that is worst off."""

    value: float
    lower: float
    upper: float
    group: str


class GapChange(NamedTuple):
    """A fairness measure of an attribute in two windows that share no event: before the drift, and since."""

    attribute: str
    measure: str
    before: Gap
    after: Gap


class BiasHint(NamedTuple):
    """A feature that drifts in a group while a gap of the group's attribute widens.

    Attributes
    ----------
    strength
        Statistic over threshold, at least 1.
    worst_off
        The gap is that of this very group.
    everywhere
        The feature drifts overall, or in every group of the attribute that was looked at: the population changed, and
        the groups fare differently under it.
    """

    feature: str
    attribute: str
    group: str
    measure: str
    before: float
    after: float
    strength: float
    worst_off: bool
    everywhere: bool


def bias_hints(verdicts: Sequence[DriftVerdict], changes: Sequence[GapChange]) -> list[BiasHint]:
    """Which drifts hint at bias, the most telling first.

    Drift alone is none, nor is a gap that widens with nothing drifting: that is for the fairness measures to say.
    A hint is a coincidence in time that is worth a look, no proof that the drift is the cause.
    """
    found: list[BiasHint] = []
    for change in changes:
        if not has_widened(change):
            continue
        for verdict in verdicts:
            if verdict.attribute != change.attribute or verdict.group is None or not verdict.detected:
                continue
            found.append(
                BiasHint(
                    feature=verdict.feature,
                    attribute=change.attribute,
                    group=verdict.group,
                    measure=change.measure,
                    before=change.before.value,
                    after=change.after.value,
                    strength=verdict.statistic / verdict.threshold,
                    worst_off=verdict.group == change.after.group,
                    everywhere=_everywhere(verdict, verdicts),
                )
            )
    return sorted(found, key=lambda hint: (hint.everywhere, not hint.worst_off, -hint.strength))


def has_widened(change: GapChange) -> bool:
    """Whether the gap is farther from fair than it was, and the interval of the difference leaves out 0.

    A gap that has changed sides is judged by its size.
    The interval is put together from the two by the square-and-add rule (Zou and Donner, Statistics in Medicine 27,
    2008), of ratios on the logarithmic scale; the two windows must share no event.
    """
    before, after = (_sized(_scaled(gap, change.measure)) for gap in (change.before, change.after))
    reach = sqrt((after.value - after.lower) ** 2 + (before.upper - before.value) ** 2)
    return after.value - before.value > reach


def _scaled(gap: Gap, measure: str) -> Gap:
    if measure not in _RATIOS:
        return gap
    value, lower, upper = (log(max(number, _SMALLEST_RATIO)) for number in gap[:3])
    return Gap(value, lower, upper, gap.group)


def _sized(gap: Gap) -> Gap:
    return gap if gap.value >= 0.0 else Gap(-gap.value, -gap.upper, -gap.lower, gap.group)


def _everywhere(verdict: DriftVerdict, verdicts: Sequence[DriftVerdict]) -> bool:
    alike = [one for one in verdicts if one.feature == verdict.feature]
    if any(one.attribute is None and one.detected for one in alike):
        return True
    groups = [one.detected for one in alike if one.attribute == verdict.attribute]
    return len(groups) > 1 and all(groups)
