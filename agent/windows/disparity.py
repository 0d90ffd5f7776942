"""Disparities between groups, from their counts: SPD, DIR, EOD and P_bias.

*The interval of the largest disparity.* The pair of groups that differs most is picked after looking at all pairs, so
an interval made for one pair chosen beforehand would be too narrow. All pairs of all attributes of the model get
intervals that hold together (Bonferroni: level 1 - 0.05 / m for m pairs); the largest true |difference| is then at
least the largest of their lower bounds and at most the largest of their upper bounds. That is what is exported.

*The point value is inflated by noise.* The largest of several noisy differences is positive although all groups are
treated alike: about ``noise_floor`` on average, e.g. 0.10 for two groups of 30 at a rate of one half, and 0.26 for
eight. The point value is exported as it is (it is what people compute and compare), and beside it its interval and
its noise floor; alerts should look at the *lower* bound, which rises above 0 by chance in about one window of twenty at
most. Groups too small to compare are left out: that P_bias is low says nothing about them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import sqrt

import msgspec

from agent.windows.base import CONFIDENCE, Component
from agent.windows.intervals import Interval, effective_count, newcombe, ratio, wilson, z_value

__all__ = ["AttributeMeasurement", "BiasMeasurement", "Disparity", "GroupCounts", "GroupRate", "measure"]

# Mean range of k standard normal draws (Tippett, Biometrika 17, 1925; "d2" of control charts), k = 2, 3, ...
_MEAN_RANGE = (1.128, 1.693, 2.059, 2.326, 2.534, 2.704, 2.847, 2.970, 3.078, 3.173, 3.258, 3.336, 3.407, 3.472)


class GroupCounts(msgspec.Struct, frozen=True, gc=False):
    """Weighted counts of one group.

    ``favourable`` decisions of ``weight`` with ``squares`` (sum of squared weights); of those whose label is known to
    be favourable (``positives``, ``positive_squares``), ``hits`` were decided favourably.
    """

    group: str
    favourable: float
    weight: float
    squares: float
    hits: float = 0.0
    positives: float = 0.0
    positive_squares: float = 0.0


class GroupRate(msgspec.Struct, frozen=True, gc=False):
    """A group's rate of favourable decisions, with its own 95 % Wilson interval and effective count."""

    group: str
    rate: float
    lower: float
    upper: float
    count: float


class Disparity(msgspec.Struct, frozen=True, gc=False):
    """One disparity of one attribute.

    Attributes
    ----------
    measure
        ``spd``: largest difference of favourable rates, in [0, 1], 0 is parity. ``dir``: smallest ratio of favourable
        rates, in [0, 1], 1 is parity; below 0.8 it breaks the four-fifths rule (29 CFR 1607.4 D). ``eod``: as spd,
        among those whose label is favourable (equal opportunity: Hardt, Price, Srebro, NeurIPS 2016).
    value, lower, upper
        Simultaneous 95 % interval; see the module's docstring.
    favoured, disfavoured
        The groups of highest and lowest rate.
    pairs
        Pairs of groups looked at, over all attributes: what the interval is corrected for.
    noise_floor
        What ``value`` would be on average at parity, by the mean range of normal draws; None for ``dir``.
    """

    measure: str
    value: float
    lower: float
    upper: float
    favoured: str
    disfavoured: str
    pairs: int
    noise_floor: float | None = None


class AttributeMeasurement(msgspec.Struct, frozen=True):
    """One protected attribute: the rates of all groups, and the disparities among those large enough (may be none)."""

    attribute: str
    groups: tuple[GroupRate, ...]
    disparities: tuple[Disparity, ...]


class BiasMeasurement(msgspec.Struct, frozen=True):
    """Bias of one model over one window.

    Attributes
    ----------
    component
        P_bias: the largest spd over the attributes, biased upwards by noise (see the module). None, with the
        interval [0, 0], when no decision about a person was seen; 0 with [0, 1] and not ``sufficient`` when there
        were decisions, but fewer than two groups of some attribute are large enough.
    attributes
        In order of name.
    uncompared
        Weight of decisions in groups or attributes beyond the bounds.
    """

    component: Component
    attributes: tuple[AttributeMeasurement, ...]
    uncompared: float


class _Share(msgspec.Struct, frozen=True, gc=False):
    group: str
    rate: float
    count: float
    interval: Interval


def measure(by_attribute: Mapping[str, Sequence[GroupCounts]], uncompared: float, min_group: int) -> BiasMeasurement:
    """All disparities, with one correction for all pairs of all attributes."""
    large = {name: _large_enough(groups, min_group) for name, groups in by_attribute.items()}
    pairs = sum(len(groups) * (len(groups) - 1) // 2 for groups in large.values())
    labelled = {name: _labelled(groups, min_group) for name, groups in by_attribute.items()}
    label_pairs = sum(len(groups) * (len(groups) - 1) // 2 for groups in labelled.values())
    attributes = []
    for name, groups in by_attribute.items():
        disparities: list[Disparity] = []
        if pairs and len(large[name]) > 1:
            disparities.append(_largest_difference("spd", large[name], pairs))
            smallest = _smallest_ratio(large[name], pairs)
            if smallest is not None:
                disparities.append(smallest)
        if label_pairs and len(labelled[name]) > 1:
            disparities.append(_largest_difference("eod", labelled[name], label_pairs))
        attributes.append(AttributeMeasurement(name, tuple(map(_rate, groups)), tuple(disparities)))
    spread = [d for attribute in attributes for d in attribute.disparities if d.measure == "spd"]
    count = max((sum(effective_count(g.weight, g.squares) for g in gs) for gs in by_attribute.values()), default=0.0)
    return BiasMeasurement(_component(spread, count), tuple(attributes), uncompared)


def _component(spread: Sequence[Disparity], count: float) -> Component:
    if spread:
        return Component(
            "bias",
            max(d.value for d in spread),
            max(d.lower for d in spread),
            max(d.upper for d in spread),
            count,
            True,
        )
    if count > 0.0:
        return Component("bias", 0.0, 0.0, 1.0, count, False)
    return Component("bias", None, 0.0, 0.0, 0.0, False)


def _large_enough(groups: Sequence[GroupCounts], min_group: int) -> list[GroupCounts]:
    # Without one favourable decision anywhere the favourable values are probably configured wrongly: a difference of
    # 0 between rates of 0 would then be a false all-clear.
    if not any(g.favourable > 0.0 for g in groups):
        return []
    return [g for g in groups if effective_count(g.weight, g.squares) >= min_group]


def _labelled(groups: Sequence[GroupCounts], min_group: int) -> list[GroupCounts]:
    """The same counts among those whose label is favourable."""
    return _large_enough([GroupCounts(g.group, g.hits, g.positives, g.positive_squares) for g in groups], min_group)


def _rate(counts: GroupCounts) -> GroupRate:
    count = effective_count(counts.weight, counts.squares)
    rate = min(1.0, counts.favourable / counts.weight)
    lower, upper = wilson(rate, count, z_value(CONFIDENCE))
    return GroupRate(counts.group, rate, lower, upper, count)


def _share(counts: GroupCounts, z: float) -> _Share:
    count = effective_count(counts.weight, counts.squares)
    rate = min(1.0, counts.favourable / counts.weight)
    return _Share(counts.group, rate, count, wilson(rate, count, z))


def _largest_difference(name: str, groups: Sequence[GroupCounts], pairs: int) -> Disparity:
    """Differences by Newcombe's method 10 at the corrected level; the largest, and the bounds of the largest."""
    shares = [_share(counts, z_value(CONFIDENCE, pairs)) for counts in groups]
    lowest = min(shares, key=lambda share: share.rate)
    highest = max(reversed(shares), key=lambda share: share.rate)
    lower = upper = 0.0
    for one, two in combinations(shares, 2):
        low, high = newcombe(one.rate, one.interval, two.rate, two.interval)
        lower = max(lower, low, -high)
        upper = max(upper, high, -low)
    pooled = sum(s.rate * s.count for s in shares) / sum(s.count for s in shares)
    variance = pooled * (1.0 - pooled) * sum(1.0 / s.count for s in shares) / len(shares)
    floor = _MEAN_RANGE[min(len(shares), len(_MEAN_RANGE) + 1) - 2] * sqrt(max(0.0, variance))
    return Disparity(name, highest.rate - lowest.rate, lower, upper, highest.group, lowest.group, pairs, floor)


def _smallest_ratio(groups: Sequence[GroupCounts], pairs: int) -> Disparity | None:
    """Ratios with Katz's log-normal interval at the corrected level, in both directions of each pair.

    The smallest true ratio is at least the smallest of the lower bounds and at most the smallest of the upper ones.
    """
    z = z_value(CONFIDENCE, pairs)
    shares = [_share(counts, z) for counts in groups]
    lowest = min(shares, key=lambda share: share.rate)
    highest = max(reversed(shares), key=lambda share: share.rate)
    lower, upper, value = 1.0, 1.0, None
    for one, two in combinations(shares, 2):
        below, above = (one, two) if one.rate <= two.rate else (two, one)
        found = ratio(below.rate * below.count, below.count, above.rate * above.count, above.count, z)
        if found is None:  # two rates of 0: their true ratio may be anything
            lower = 0.0
            continue
        value = found[0] if value is None else min(value, found[0])
        bounds = found[1]
        # The other direction of the pair has the reciprocal interval.
        lower = min(lower, bounds.lower, 1.0 / bounds.upper if bounds.upper > 0.0 else 1.0)
        upper = min(upper, bounds.upper)
    if value is None:
        return None
    return Disparity("dir", value, lower, upper, highest.group, lowest.group, pairs)
