"""Disparities between groups of people, from their counts, and P_bias.

*The interval of the largest disparity.* The pair of groups that differs most is picked after looking at all pairs, so
an interval made for one pair chosen beforehand would be too narrow. All pairs of all attributes of the model get
intervals that hold together (Bonferroni: level 1 - 0.05 / m for m pairs); the largest true |difference| is then at
least the largest of their lower bounds and at most the largest of their upper bounds. That is what is exported.

*The point value is inflated by noise.* The largest of several noisy differences is positive although all groups are
treated alike: about ``noise_floor`` on average, e.g. 0.10 for two groups of 30 at a rate of one half, and 0.26 for
eight. The point value is exported as it is (it is what people compute and compare), and beside it its interval and
its noise floor; alerts should look at the *lower* bound, which rises above 0 by chance in about one window of twenty at
most. Groups too small to compare are left out: that P_bias is low says nothing about them.

*Families.* Pairs are counted for each measure by itself, over all attributes: spd and dir look at the same pairs and
are two ways to say one thing; equalised odds looks at each pair twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import combinations
from math import sqrt
from typing import Final, TypeVar

import msgspec

from agent.windows.base import CONFIDENCE, Component
from agent.windows.groups import GroupCounts, GroupRate, Mean, Share, group_rate
from agent.windows.intervals import Interval, cautious_share, gap_of_means, newcombe, ratio, z_value

__all__ = ["MEASURES", "AttributeMeasurement", "BiasMeasurement", "Disparity", "measure"]

MEASURES: Final = ("spd", "dir", "eod", "equalised_odds", "predictive_parity", "mean_gap", "calibration")

_SHARES: Final = {
    "spd": (GroupCounts.decided,),
    "dir": (GroupCounts.decided,),
    "eod": (GroupCounts.true_positives,),
    "equalised_odds": (GroupCounts.true_positives, GroupCounts.false_positives),
    "predictive_parity": (GroupCounts.precision,),
}
_MEANS: Final = {"mean_gap": GroupCounts.scores, "calibration": GroupCounts.residuals}

# Mean range of k standard normal draws (Tippett, Biometrika 17, 1925; "d2" of control charts), k = 2, 3, ...
_MEAN_RANGE = (1.128, 1.693, 2.059, 2.326, 2.534, 2.704, 2.847, 2.970, 3.078, 3.173, 3.258, 3.336, 3.407, 3.472)


_Group = TypeVar("_Group", Share, Mean)


class Disparity(msgspec.Struct, frozen=True, gc=False):
    """One disparity of one attribute.

    Attributes
    ----------
    measure
        ``spd``: largest difference of favourable rates, in [0, 1], 0 is parity.
        ``dir``: smallest ratio of favourable rates, in [0, 1], 1 is parity; below 0.8 it breaks the four-fifths rule
        (29 CFR 1607.4 D).
        ``eod``: as spd, among those whose label is favourable (equal opportunity: Hardt, Price, Srebro, NeurIPS 2016).
        ``equalised_odds``: the larger of eod and the same among those whose label is unfavourable (same source).
        ``predictive_parity``: largest difference of the shares of favourable labels among those decided favourably
        (Chouldechova, Big Data 5, 2017).
        ``mean_gap``: largest difference of mean scores, in the score's unit; for regressions too.
        ``calibration``: largest difference of the means of label minus score (label 1 when favourable, or the number
        that a regression foretold): calibration in the large by group. It does not see errors that cancel out within
        a group.
    value, lower, upper
        Simultaneous 95 % interval; see the module's docstring.
    favoured, disfavoured
        The groups of highest and lowest rate or mean.
    pairs
        Comparisons looked at, over all attributes: what the interval is corrected for.
    noise_floor
        What ``value`` would be on average at parity, by the mean range of normal draws; None for ``dir``. Of
        ``equalised_odds`` the larger of the two floors, which is less.
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
        By attribute, the share of its decisions whose groups are beyond the bounds, in [0, 1]: a disparity among these
        is not seen. Attributes beyond the bounds are together under ``other``, with 1. Of attributes with at least
        ``min_group`` decisions (effective number).
    """

    component: Component
    attributes: tuple[AttributeMeasurement, ...]
    uncompared: Mapping[str, float]


def measure(
    by_attribute: Mapping[str, Sequence[GroupCounts]],
    min_group: int,
    wanted: Collection[str] = MEASURES,
    uncompared: Mapping[str, float] | None = None,
) -> BiasMeasurement:
    """Disparities, each measure with one correction for all pairs of all attributes.

    Parameters
    ----------
    min_group
        Effective number from which a group is compared.
    wanted
        Of `MEASURES`; the component needs ``spd``.
    uncompared
        See `BiasMeasurement`; nothing where all groups are in ``by_attribute``.
    """
    # Without one favourable decision anywhere the favourable values are probably configured wrongly: a difference of
    # 0 between rates of 0 would then be a false all-clear.
    usable = {name: any(group.decided().hits > 0.0 for group in groups) for name, groups in by_attribute.items()}

    def shares(view: Callable[[GroupCounts], Share]) -> dict[str, list[Share]]:
        return {
            name: _large_enough(map(view, groups), min_group) if usable[name] else []
            for name, groups in by_attribute.items()
        }

    def means(view: Callable[[GroupCounts], Mean]) -> dict[str, list[Mean]]:
        # A variance takes two.
        return {name: _large_enough(map(view, groups), max(min_group, 2)) for name, groups in by_attribute.items()}

    found: dict[str, list[Disparity]] = {name: [] for name in by_attribute}
    for measure_name in MEASURES:
        if measure_name not in wanted:
            continue
        if measure_name in _MEANS:
            family = means(_MEANS[measure_name])
            pairs = _pairs(family)
            for name, groups in family.items():
                if len(groups) > 1:
                    found[name].append(_largest_mean_gap(measure_name, groups, pairs))
            continue
        families = [shares(view) for view in _SHARES[measure_name]]
        pairs = sum(map(_pairs, families))
        for name in by_attribute:
            parts = [family[name] for family in families]
            if any(len(part) < 2 for part in parts):
                continue
            if measure_name == "predictive_parity" and not any(share.hits > 0.0 for share in parts[0]):
                continue  # no label is favourable: configured wrongly as well
            is_ratio = measure_name == "dir"
            one = _smallest_ratio(parts[0], pairs) if is_ratio else _largest(measure_name, parts, pairs)
            if one is not None:
                found[name].append(one)
    rates = {name: _rates(groups) for name, groups in by_attribute.items()}
    count = max((sum(rate.count for rate in groups) for groups in rates.values()), default=0.0)
    attributes = tuple(
        AttributeMeasurement(name, rates[name], tuple(disparities)) for name, disparities in found.items()
    )
    spread = [one for disparities in found.values() for one in disparities if one.measure == "spd"]
    return BiasMeasurement(_component(spread, count), attributes, uncompared or {})


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


def _rates(groups: Sequence[GroupCounts]) -> tuple[GroupRate, ...]:
    return tuple(group_rate(share) for share in map(GroupCounts.decided, groups) if share.weight > 0.0)


def _large_enough(groups: Iterable[_Group], min_group: int) -> list[_Group]:
    return [group for group in groups if group.count >= max(min_group, 1)]


def _pairs(family: Mapping[str, Sequence[Share | Mean]]) -> int:
    return sum(len(groups) * (len(groups) - 1) // 2 for groups in family.values())


def _largest(name: str, families: Sequence[Sequence[Share]], pairs: int) -> Disparity:
    """Differences as Newcombe's (`newcombe`) at the corrected level; the largest, and the bounds of the largest."""
    parts = [_largest_difference(name, family, pairs) for family in families]
    widest = max(parts, key=lambda part: part.value)
    return msgspec.structs.replace(
        widest,
        lower=max(part.lower for part in parts),
        upper=max(part.upper for part in parts),
        noise_floor=max(part.noise_floor or 0.0 for part in parts),
    )


def _largest_difference(name: str, shares: Sequence[Share], pairs: int) -> Disparity:
    intervals = _intervals(shares, pairs)
    lowest, highest = _extremes(shares)
    lower = upper = 0.0
    for one, two in combinations(shares, 2):
        low, high = newcombe(one.rate, intervals[one.group], two.rate, intervals[two.group])
        lower = max(lower, low, -high)
        upper = max(upper, high, -low)
    pooled = sum(s.rate * s.count for s in shares) / sum(s.count for s in shares)
    variance = max(0.0, pooled * (1.0 - pooled))
    floor = _noise_floor([variance / share.count for share in shares])
    return Disparity(name, highest.rate - lowest.rate, lower, upper, highest.group, lowest.group, pairs, floor)


def _smallest_ratio(shares: Sequence[Share], pairs: int) -> Disparity | None:
    """Ratios from the same intervals as the differences, by MOVER, in both directions of each pair.

    The smallest true ratio is at least the smallest of the lower bounds and at most the smallest of the upper ones.
    """
    intervals = _intervals(shares, pairs)
    lowest, highest = _extremes(shares)
    lower, upper, value = 1.0, 1.0, None
    for one, two in combinations(shares, 2):
        below, above = (one, two) if one.rate <= two.rate else (two, one)
        if above.rate <= 0.0:  # two rates of 0: their true ratio may be anything
            lower = 0.0
            continue
        plain = below.rate / above.rate
        value = plain if value is None else min(value, plain)
        bounds = ratio(below.rate, intervals[below.group], above.rate, intervals[above.group])
        # The other direction of the pair has the reciprocal interval.
        lower = min(lower, bounds.lower, 1.0 / bounds.upper)
        upper = min(upper, bounds.upper)
    if value is None:
        return None
    return Disparity("dir", value, lower, upper, highest.group, lowest.group, pairs)


def _largest_mean_gap(name: str, means: Sequence[Mean], pairs: int) -> Disparity:
    """Differences with Welch's interval, made cautious (`gap_of_means`), at the corrected level."""
    z = z_value(CONFIDENCE, pairs)
    lowest = min(means, key=lambda mean: mean.value)
    highest = max(reversed(means), key=lambda mean: mean.value)
    lower = upper = 0.0
    for one, two in combinations(means, 2):
        low, high = gap_of_means(one.value - two.value, (one.variance, one.count), (two.variance, two.count), z)
        lower = max(lower, low, -high)
        upper = max(upper, high, -low)
    floor = _noise_floor([mean.variance / mean.count for mean in means])
    return Disparity(name, highest.value - lowest.value, lower, upper, highest.group, lowest.group, pairs, floor)


def _intervals(shares: Sequence[Share], pairs: int) -> dict[str, Interval]:
    z = z_value(CONFIDENCE, pairs)
    return {share.group: cautious_share(share.rate, share.count, z) for share in shares}


def _extremes(shares: Sequence[Share]) -> tuple[Share, Share]:
    return min(shares, key=lambda share: share.rate), max(reversed(shares), key=lambda share: share.rate)


def _noise_floor(variances: Sequence[float]) -> float:
    mean_range = _MEAN_RANGE[min(len(variances), len(_MEAN_RANGE) + 1) - 2]
    return mean_range * sqrt(sum(variances) / len(variances))
