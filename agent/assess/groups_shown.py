"""Which groups are named and which are compared, the same in every section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["LEAST_COMPARED", "LEAST_NAMED", "MOST_COMPARED", "MOST_NAMED", "largest"]

LEAST_NAMED: Final = 10
"""Smaller groups are not named: a rare value may itself be a person's."""
MOST_NAMED: Final = 50
"""So many groups of an attribute are named, the largest."""
LEAST_COMPARED: Final = 30
"""Smaller groups are not compared with others: `bias.min_group` of the live agent."""
MOST_COMPARED: Final = 12
"""So many groups of an attribute are compared, the largest; of an intersection twice as many."""


def largest(rows: Mapping[str, int], most: int, least: int) -> list[str]:
    """The names of at most `most` groups of at least `least` rows, from the largest on."""
    ranked = sorted(rows, key=lambda name: (-rows[name], name))
    return [name for name in ranked[:most] if rows[name] >= least]
