"""Disparities between groups as plain data: one form for labels as they are, rebalanced, and for decisions of a model.

An attribute is called by its column, an intersection by its columns joined by ``+``, and so are their groups. Rows that
lack one of the columns are in no group: whoever says nothing of themselves is no group of people.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from agent.assess.groups_shown import LEAST_COMPARED, MOST_COMPARED, largest
from agent.windows.disparity import AttributeMeasurement

__all__ = ["disparity_figures", "most_compared"]


def most_compared(rows: Mapping[str, int], attributes: int) -> list[str]:
    """Groups that are compared: the largest, as many as live decisions have, of at least `LEAST_COMPARED` rows.

    Parameters
    ----------
    attributes
        How many the groups are the intersection of.
    """
    return largest(rows, MOST_COMPARED * (2 if attributes > 1 else 1), LEAST_COMPARED)


def disparity_figures(
    part: AttributeMeasurement, measures: Collection[str], rows: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Rates by group with Wilson's 95 % interval, and disparities with simultaneous ones.

    Parameters
    ----------
    measures
        Which of `agent.windows.disparity.MEASURES`; those without a value are left out.
    rows
        Of rows that have weights: how many there are of each group. Then it is also told what they are worth (Kish).
    """
    groups = {
        rate.group: {
            "rows": round(rate.count) if rows is None else rows[rate.group],
            **({} if rows is None else {"effective_rows": rate.count}),
            "value": rate.rate,
            "interval": [rate.lower, rate.upper],
        }
        for rate in part.groups
    }
    disparities = {
        one.measure: {
            "value": one.value,
            "interval": [one.lower, one.upper],
            "favoured": one.favoured,
            "disfavoured": one.disfavoured,
            "pairs": one.pairs,
            **({} if one.noise_floor is None else {"noise_floor": one.noise_floor}),
        }
        for one in part.disparities
        if one.measure in measures
    }
    return {"groups": groups, **disparities}
