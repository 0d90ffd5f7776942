"""Disparities by protected attribute, and by their intersection, from numbers by group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from agent.windows.disparity import measure
from agent.windows.groups import SLOTS, GroupCounts

__all__ = ["DECIDED", "LEAST_COMPARED", "by_attribute", "named", "slots"]

#: Smaller groups (effective rows) are not compared: `bias.min_group` of the live agent.
LEAST_COMPARED: Final = 30
#: Smaller groups are not named: a rare value may itself be a person's.
_LEAST_NAMED: Final = 10
_MOST_NAMED: Final = 50

#: Place of (label, decision) in a group's numbers, see `agent.windows.groups.SLOTS`; label None is unknown.
DECIDED: Final[dict[tuple[bool | None, bool], int]] = {
    (None, False): 0, (None, True): 2, (False, False): 4, (False, True): 6, (True, False): 8, (True, True): 10,
}  # fmt: skip


def slots(groups: int) -> Any:
    """Numbers of so many groups, all 0; shape (groups, `SLOTS`)."""
    return np.zeros((groups, SLOTS))


def named(groups: Sequence[tuple[str, ...]], protected: Sequence[str]) -> dict[str, list[str]]:
    """By attribute, and by the intersection of all when there are several, the name of each group."""
    views = {column: [values[at] or "(missing)" for values in groups] for at, column in enumerate(protected)}
    if len(protected) > 1:
        views[" x ".join(protected)] = [" x ".join(value or "(missing)" for value in values) for values in groups]
    return views


def by_attribute(
    numbers: Any, groups: Sequence[tuple[str, ...]], protected: Sequence[str], measures: Iterable[str]
) -> dict[str, Any]:
    """Plain data for JSON: rates by group with Wilson's 95 % interval, and disparities with simultaneous ones.

    Parameters
    ----------
    numbers
        Shape (groups, `SLOTS`).
    groups
        The values of each, in the order of `protected`.
    measures
        Which of `agent.windows.disparity.MEASURES`.
    """
    counts = {name: _merged(numbers, names) for name, names in named(groups, protected).items()}
    found = measure(counts, 0.0, LEAST_COMPARED)
    wanted = tuple(measures)
    return {
        part.attribute: {
            "by_group": {
                rate.group: {"rows": rate.count, "rate": rate.rate, "interval": [rate.lower, rate.upper]}
                for rate in sorted(part.groups, key=lambda rate: -rate.count)[:_MOST_NAMED]
                if rate.count >= _LEAST_NAMED
            },
            "groups": len(part.groups),
            **{
                one.measure: {
                    "value": one.value,
                    "interval": [one.lower, one.upper],
                    "favoured": one.favoured,
                    "disfavoured": one.disfavoured,
                    "noise_floor": one.noise_floor,
                }
                for one in part.disparities
                if one.measure in wanted
            },
        }
        for part in found.attributes
    }


def _merged(numbers: Any, names: Sequence[str]) -> list[GroupCounts]:
    sums: dict[str, Any] = {}
    for name, part in zip(names, numbers, strict=True):
        sums[name] = sums.get(name, 0.0) + part
    return [GroupCounts(name, part.tolist()) for name, part in sorted(sums.items()) if part.any()]
