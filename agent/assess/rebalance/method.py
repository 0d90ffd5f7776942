"""What the methods have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from agent.assess.rebalance.strata import Stratum
from agent.assess.tables import Batch, Row

__all__ = ["Applied", "Method"]


class Applied(NamedTuple):
    """What has become of the rows of a batch: one entry for each row that was read.

    Attributes
    ----------
    rows
        As they are written.
    copies
        How often: 0 leaves a row out.
    weights
        Of one copy.
    """

    rows: Sequence[Row]
    copies: Sequence[int]
    weights: Sequence[float]


class Method(Protocol):
    """Turns rows into rebalanced ones, in the order of the table.

    Attributes
    ----------
    changed
        Columns whose cells differ from what was read.
    floats
        Such of them as are numbers now, and new columns of numbers.
    """

    changed: tuple[str, ...]
    floats: tuple[str, ...]

    def apply(self, batch: Batch, places: Sequence[Stratum]) -> Applied:
        """The rows of the next batch, told their strata."""
