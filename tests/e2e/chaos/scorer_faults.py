"""Scorers that fail, on every worker at once as after a bad rollout: scores are missing meanwhile, no event is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from random import Random
from typing import Final

from .fault import Fault
from .program import LOOK_SECONDS
from .rig import DEADLINE_SECONDS, ChaosRig

__all__ = ["MISSING", "scorer_hangs", "scorer_kills", "scorer_out_of_memory", "scorer_raises"]

MISSING: Final[Mapping[str, frozenset[str]]] = {
    "scorer_hangs": frozenset({"deadline", "busy"}),
    "scorer_raises": frozenset({"error"}),
    "scorer_out_of_memory": frozenset({"memory"}),
}
"""By kind of fault, the reasons for which scores may be missing while it lasts. At no other time may any be."""


def _everywhere(rig: ChaosRig, order: str, seconds: float) -> Fault:
    def tell(value: float) -> None:
        for worker in rig.steady:
            worker.order(order, value)

    def begin() -> None:
        tell(1.0)
        rig.flow()

    def end() -> None:
        tell(0.0)
        # A call that hangs sees it at its next look; until it has come back, its scorer is busy. On a quiet machine
        # nothing else would hold up the next calls for so long.
        time.sleep(5.0 * LOOK_SECONDS)

    return Fault("all", seconds, begin, end)


def scorer_hangs(rig: ChaosRig, rng: Random) -> Fault:
    """Calls of a scorer do not come back until long after their deadline."""
    return _everywhere(rig, "hangs", rng.uniform(1.2, 1.5) * DEADLINE_SECONDS)


def scorer_raises(rig: ChaosRig, rng: Random) -> Fault:
    """A scorer raises, whatever it is given."""
    return _everywhere(rig, "raises", rng.uniform(2.0, 6.0))


def scorer_out_of_memory(rig: ChaosRig, rng: Random) -> Fault:
    """A scorer is refused the memory that it asks for, however short the batch."""
    return _everywhere(rig, "memory", rng.uniform(2.0, 6.0))


def scorer_kills(rig: ChaosRig, rng: Random) -> Fault:
    """Memory runs out while a worker scores: the kernel kills it in the middle of a batch."""
    worker = rng.choice(rig.steady)

    def end() -> None:
        worker.order("dies", 0.0)
        worker.kill()
        worker.start()

    def begin() -> None:
        worker.order("dies", 1.0)
        rig.flow()

    return Fault(worker.orders.name.removeprefix("orders-"), rng.uniform(1.0, 5.0), begin, end)
