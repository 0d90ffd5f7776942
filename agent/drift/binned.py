"""Two histograms over the same fixed bins compared: chi-square, and the population stability index, over few bins.

Bins are pooled by what both histograms hold together: numbers from below until there is a tenth of the values, bins
of categories until even the smaller of the two may expect five. Given how often each value
occurs in both together, which is all that the pooling looks at, the two are random splits as long as nothing drifts: so
choosing the bins from the data does not spoil the test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from math import log10
from typing import Final, NamedTuple

from agent.drift.two_sample import psi
from agent.histograms import FIRST_CATEGORY, REST, SQUARES, Bin, common_bins, settled_in, weight_of
from agent.significance import cautious_chi_square

__all__ = ["BinnedComparison", "compare_histograms", "evidence"]

_MOST_BINS: Final = 10
_LEAST_EXPECTED: Final = 5.0
_MOST_EVIDENCE: Final = 300.0


class BinnedComparison(NamedTuple):
    """A window and a reference.

    Attributes
    ----------
    psi
        Population stability index over the pooled bins, without pseudo-counts: 0 for the same shares.
    p_value
        Of chi-square over the same bins, for this comparison alone.
    bins
        How many there were after pooling.
    size, reference_size
        Effective numbers of values.
    """

    psi: float
    p_value: float
    bins: int
    size: float
    reference_size: float


def compare_histograms(
    window: Mapping[Bin, float], reference: Mapping[Bin, float], min_count: float
) -> BinnedComparison | None:
    """Compare what was counted by `agent.histograms`.

    Weighted counts are scaled to the effective number of values.

    Parameters
    ----------
    min_count
        Effective number of values that both need.

    Returns
    -------
    BinnedComparison or None
        None when there are fewer values.

    Notes
    -----
    A change within a bin is not seen. Values that depend on each other (one user's messages in a row) make p-values
    smaller than they should be.
    """
    totals = weight_of(window), weight_of(reference)
    if min(count for _, count in totals) < max(min_count, 1.0):
        return None
    bins = common_bins(window, reference)
    scaled = [
        {place: weight * count / total for place, weight in settled_in(one, bins).items() if place != SQUARES}
        for one, (total, count) in zip((window, reference), totals, strict=True)
    ]
    (_, n), (_, m) = totals
    together = {place: sum(one.get(place, 0.0) for one in scaled) for place in scaled[0].keys() | scaled[1].keys()}
    pools = _pools(together, _LEAST_EXPECTED * (n + m) / min(n, m))
    table = [[sum(one.get(place, 0.0) for place in pool) for pool in pools] for one in scaled]
    if len(pools) < 2:
        return BinnedComparison(0.0, 1.0, len(pools), n, m)
    # Half a value in an empty bin: the index would be infinite.
    index = psi(table[0], table[1], pseudo_count=0.5 if not all(map(all, table)) else 0.0)
    return BinnedComparison(index, cautious_chi_square(table).p_value, len(pools), n, m)


def evidence(p_value: float) -> float:
    """Decimal digits of a p-value: 2 for 0.01. At most 300."""
    return min(_MOST_EVIDENCE, abs(log10(p_value))) if p_value > 0.0 else _MOST_EVIDENCE


def _pools(together: Mapping[Bin, float], least: float) -> list[list[Bin]]:
    """Bins that are looked at as one; each holds at least ``least``, or it is the only one."""
    numbers = sorted(place for place in together if place < FIRST_CATEGORY or place == REST)
    most = max(least, sum(together[place] for place in numbers) / _MOST_BINS)
    pools = _neighbours(numbers, together, most, least)
    pools += _neighbours(sorted(together.keys() - set(numbers)), together, least, least)
    if len(pools) > 1 and sum(together[place] for place in pools[-1]) < least:
        few = pools.pop()
        pools[-1] += few
    return pools


def _neighbours(bins: Sequence[Bin], together: Mapping[Bin, float], most: float, least: float) -> list[list[Bin]]:
    """Neighbours together; a frequent value stays alone as far as its neighbours can do without it."""
    pools: list[list[Bin]] = []
    current: list[Bin] = []
    filled = 0.0
    for place, following in zip_longest(bins, bins[1:]):
        current.append(place)
        filled += together[place]
        is_full = filled >= most
        precedes_a_frequent_one = following is not None and together[following] >= most and filled >= least
        if is_full or precedes_a_frequent_one:
            pools.append(current)
            current, filled = [], 0.0
    if current and (filled >= least or not pools):
        pools.append(current)
    elif current:
        pools[-1] += current
    return pools
