"""How time grows with length, on a machine that is busy with other things."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["growth"]

_PAIRS = 5


def growth(small: Callable[[], object], large: Callable[[], object], enough: float) -> float:
    """How many times as long the second takes; the least of several pairs, since neighbours only ever add.

    Parameters
    ----------
    enough
        At most this is not measured again.
    """
    least = float("inf")
    for _ in range(_PAIRS):
        short, long = (_seconds(run) for run in (small, large))
        least = min(least, long / short)
        if least <= enough:
            break
    return least


def _seconds(run: Callable[[], object]) -> float:
    began = time.thread_time()
    run()
    return time.thread_time() - began
