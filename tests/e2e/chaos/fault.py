"""What a fault is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Fault", "Side"]

Side = Literal["worker", "broker", "alone"]
"""Whom it befalls. A fault of a worker and one of a broker may come together; what costs scores or rights comes
``alone``, so that it is known what it did."""


def _nothing() -> list[str]:
    return []


@dataclass(frozen=True, slots=True)
class Fault:
    """One of them.

    Attributes
    ----------
    victim
        For the log: a worker's name or a broker's number.
    seconds
        From the end of `begin` to the begin of `end`.
    begin, end
        Break and mend. Both return when it is done; a process that `end` starts need not be ready yet.
    look
        Asked after the recovery: what was not as it is promised.
    """

    victim: str
    seconds: float
    begin: Callable[[], None]
    end: Callable[[], None]
    look: Callable[[], list[str]] = _nothing
