"""Which models have figures of their own when the partitions together hold more than may have.

Hostile names must not push out models that are there already, whatever they are called: a place once given is kept as
long as the model is held. Places that are free go to those whose last event is the fewest records ago: after a restart,
to models in use before names that came once. Workers may choose differently beyond the limit.
"""

from __future__ import annotations

from collections.abc import Collection

from agent.windows.partition import OTHER, PartitionPanes

__all__ = ["Places"]


class Places:
    """Remembers who has a place; ``most`` at a time."""

    __slots__ = ("_given", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._given: set[str] = set()

    def choose(self, partitions: Collection[PartitionPanes]) -> list[str]:
        """Names with a place, sorted; never the bucket of the others."""
        held = {name for part in partitions for name in part.models} - {OTHER}
        if len(held) <= self._most:
            self._given = held
            return sorted(held)
        self._given &= held
        if len(self._given) < self._most:
            silence = _silence(partitions)
            waiting = sorted(held - self._given, key=lambda name: (silence[name], name))
            self._given.update(waiting[: self._most - len(self._given)])
        return sorted(self._given)


def _silence(partitions: Collection[PartitionPanes]) -> dict[str, int]:
    """By model, the records that came after its last event, in the partition where that is the fewest."""
    found: dict[str, int] = {}
    for part in partitions:
        for name, model in part.models.items():
            records = part.covered - model.covered
            found[name] = min(records, found.get(name, records))
    return found
