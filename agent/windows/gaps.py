"""One group against the others of its axis: what is told of it, and intervals that allow for how many are looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import add
from typing import Final, TypeAlias

import msgspec

from agent.identity import AXES
from agent.windows.base import CONFIDENCE
from agent.windows.intervals import Interval, z_value

__all__ = ["KEYS", "KNOWN", "Compare", "IdentityGap", "holm_intervals", "others_of"]

KEYS: Final = {(axis, group): f"{axis} {group}" for axis, groups in AXES.items() for group in groups}
"""Under which name a group's sums are kept."""

KNOWN: Final = frozenset(KEYS.values())

Compare: TypeAlias = Callable[[int, float], tuple[float, Interval]]
"""From the place of a pair and z: its difference, and the interval of it."""


class IdentityGap(msgspec.Struct, frozen=True, gc=False):
    """One group against the others of its axis.

    Attributes
    ----------
    measure
        ``score_gap`` or ``rate_gap``, both in [-1, 1], ``sentiment_gap`` in [-2, 2]; above 0 the group fares worse.
    value, lower, upper
        See `holm_intervals` for what the interval promises.
    count, others
        Effective numbers of texts.
    """

    axis: str
    group: str
    measure: str
    value: float
    lower: float
    upper: float
    count: float
    others: float


def others_of(axis: str, state: Mapping[str, Sequence[float]]) -> list[tuple[str, Sequence[float], list[float]]]:
    """Each group of an axis that is in a state, with its sums and those of all others; none when it is alone."""
    sums = {group: state[key] for group in AXES[axis] if (key := KEYS[axis, group]) in state}
    if len(sums) < 2:
        return []
    found: list[tuple[str, Sequence[float], list[float]]] = []
    for group, numbers in sums.items():
        rest = [0.0] * len(numbers)
        for other, theirs in sums.items():
            if other != group:
                rest = list(map(add, rest, theirs))
        found.append((group, numbers, rest))
    return found


def holm_intervals(pairs: int, compare: Compare) -> list[tuple[float, Interval]]:
    """Differences with intervals by Holm's steps (Scandinavian Journal of Statistics 6, 1979), in order of the pairs.

    With m pairs looked at, the most striking difference gets the level 1 - 0.05/m, the next 1 - 0.05/(m-1), and so on
    as long as they exclude 0; all others keep the level of the first that does not. So an interval excludes 0 exactly
    when Holm's procedure at 5 % finds the difference.
    """
    plain = z_value(CONFIDENCE)

    def striking(place: int) -> float:
        """How far 0 lies from the value, in half widths of its uncorrected interval on that side."""
        value, (low, high) = compare(place, plain)
        side = value - low if value >= 0.0 else high - value
        return abs(value) / side if side > 0.0 else 0.0

    found: dict[int, tuple[float, Interval]] = {}
    remaining, stopped = pairs, False
    for place in sorted(range(pairs), key=striking, reverse=True):
        value, interval = compare(place, z_value(CONFIDENCE, remaining))
        found[place] = value, interval
        stopped = stopped or interval.lower <= 0.0 <= interval.upper
        if not stopped:
            remaining -= 1
    return [found[place] for place in range(pairs)]
