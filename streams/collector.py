"""Python's collector of cycles, for a process that is a worker from now on."""

from __future__ import annotations

import gc
from typing import Final

__all__ = ["calm_the_collector"]

#: By generation. A look at the first goes through all objects of the events in flight, about 50 ms with 800 of them
#: (docs/performance.md), however few were made since the last one: so seldom.
_THRESHOLDS: Final = (100_000, 20, 50)


def calm_the_collector() -> None:
    """Models and modules live as long as the process, and what an event makes holds no cycles: look less often.

    With Python's defaults the collector takes a tenth to a fifth of the worker's time (docs/performance.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
