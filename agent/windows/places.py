"""Which models have figures of their own when the partitions together hold more than may have.

Those that the operator has named, and those with most events, whatever they are called: hostile names that came once
must not push out models in use, neither while the worker runs nor after a restart or a rebalance, when all of them
come at once. A place once given is kept as long as the model is held, unless one without a place has come to have far
more events. Of models with as many events those come first whose last event is the fewest records ago. Workers may
choose differently beyond the limit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from typing import Final

from agent.clock import Clock
from agent.windows.panes import ModelPanes
from agent.windows.partition import OTHER, PartitionPanes

__all__ = ["Places"]

#: Adding up the events of hundreds of models takes tens of milliseconds.
_LOOK_SECONDS: Final = 60.0
#: Who takes another's place has so many times its events, and so many more: since events only add up, the two do not
#: change places again and again.
_TIMES: Final = 3.0
_MORE: Final = 30.0


class Places:
    """Remembers who has a place; ``most`` at a time.

    Parameters
    ----------
    named
        They have a place as soon as they are held; ``most`` rises to their number.
    events
        How many events have been counted in a model's panes, ever.
    """

    __slots__ = ("_clock", "_events", "_given", "_look_at", "_most", "_named")

    def __init__(self, most: int, named: frozenset[str], events: Callable[[ModelPanes], float], clock: Clock) -> None:
        self._most = max(most, len(named))
        self._named = named
        self._events = events
        self._clock = clock
        self._given: set[str] = set()
        self._look_at = 0.0

    def choose(self, partitions: Collection[PartitionPanes]) -> list[str]:
        """Names with a place, sorted; never the bucket of the others."""
        held = {name for part in partitions for name in part.models} - {OTHER}
        if len(held) <= self._most:
            self._given = held
            return sorted(held)
        self._given &= held
        now = self._clock.monotonic()
        if len(self._given) < self._most or now >= self._look_at or not self._named & held <= self._given:
            self._look_at = now + _LOOK_SECONDS
            self._give(held, partitions)
        return sorted(self._given)

    def _give(self, held: set[str], partitions: Collection[PartitionPanes]) -> None:
        events, silence = self._totals(partitions), _silence(partitions)

        def in_order(names: set[str]) -> Iterator[str]:
            return iter(sorted(names, key=lambda name: (name not in self._named, -events[name], silence[name], name)))

        waiting = in_order(held - self._given)
        while len(self._given) < self._most:
            self._given.add(next(waiting))
        for least, name in zip(reversed(list(in_order(self._given))), waiting, strict=False):
            # Named ones wait first and give way last.
            if least in self._named or (name not in self._named and events[name] < _TIMES * events[least] + _MORE):
                break
            self._given.remove(least)
            self._given.add(name)

    def _totals(self, partitions: Collection[PartitionPanes]) -> dict[str, float]:
        found: defaultdict[str, float] = defaultdict(float)
        for part in partitions:
            for name, model in part.models.items():
                found[name] += self._events(model)
        return found


def _silence(partitions: Collection[PartitionPanes]) -> dict[str, int]:
    """By model, the records that came after its last event, in the partition where that is the fewest."""
    found: dict[str, int] = {}
    for part in partitions:
        for name, model in part.models.items():
            records = part.covered - model.covered
            found[name] = min(records, found.get(name, records))
    return found
