"""Disparities by protected attribute, and by their intersection, from numbers by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Final

import numpy as np

from agent.assess.disparity_figures import disparity_figures, most_compared
from agent.assess.groups_shown import LEAST_COMPARED
from agent.windows.bounded import JOINED, joined_name
from agent.windows.disparity import measure
from agent.windows.groups import SLOTS, GroupCounts

__all__ = ["DECIDED", "by_attribute", "compared", "slots"]

#: Place of (label, decision) in a group's numbers, see `agent.windows.groups.SLOTS`; label None is unknown.
DECIDED: Final[dict[tuple[bool | None, bool], int]] = {
    (None, False): 0, (None, True): 2, (False, False): 4, (False, True): 6, (True, False): 8, (True, True): 10,
}  # fmt: skip


def slots(groups: int) -> Any:
    """Numbers of so many groups, all 0; shape (groups, `SLOTS`)."""
    return np.zeros((groups, SLOTS))


def compared(
    groups: Sequence[tuple[str, ...]], protected: Sequence[str], rows: Sequence[int]
) -> dict[str, dict[str, list[int]]]:
    """What is compared by attribute, and by the intersection of all when there are several.

    Returns
    -------
    dict
        View to name of a group to the numbers of the strata's groups in it; see `agent.assess.disparity_figures`.
    """
    views: list[tuple[str, tuple[int, ...]]] = [(column, (at,)) for at, column in enumerate(protected)]
    if len(protected) > 1:
        views.append((JOINED.join(protected), tuple(range(len(protected)))))
    found = {}
    for view, places in views:
        members: dict[str, list[int]] = {}
        sizes: Counter[str] = Counter()
        for number, values in enumerate(groups):
            if all(values[place] for place in places):
                name = joined_name([values[place] for place in places])
                members.setdefault(name, []).append(number)
                sizes[name] += rows[number]
        found[view] = {name: members[name] for name in sorted(most_compared(sizes, len(places)))}
    return found


def by_attribute(
    numbers: Any,
    rows: Sequence[int],
    groups: Sequence[tuple[str, ...]],
    protected: Sequence[str],
    measures: Collection[str],
) -> dict[str, Any]:
    """Plain data for JSON, in the form of `agent.assess.disparity_figures`.

    Parameters
    ----------
    numbers
        Shape (groups, `SLOTS`).
    rows
        How many rows of each group the numbers come from, whatever their weights.
    groups
        The values of each, in the order of `protected`.
    measures
        Which of `agent.windows.disparity.MEASURES`.
    """
    views = compared(groups, protected, rows)
    counts = {
        view: [GroupCounts(name, numbers[members].sum(axis=0).tolist()) for name, members in found.items()]
        for view, found in views.items()
    }
    measured = measure(counts, LEAST_COMPARED)
    return {
        part.attribute: disparity_figures(
            part,
            measures,
            {name: sum(rows[number] for number in members) for name, members in views[part.attribute].items()},
        )
        for part in measured.attributes
    }
