"""The values of one partition, as a new owner finds them: several of a model, damaged ones among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter

from agent.errors import StateError
from agent.windows.base import PartitionKey
from agent.windows.codec import PaneRecord, build_model, decode, peek
from agent.windows.panes import ModelPanes, PaneMath

__all__ = ["Candidates", "lowest_offsets"]


class Candidates:
    """The values of one partition, sorted out by their headers: only what is needed is read in full.

    Attributes
    ----------
    damaged
        Values that could not be read, so far.
    floor
        The highest floor seen.
    following
        The generation after the highest seen, that of damaged states with a sound header included; 0 for no value.
    """

    __slots__ = ("_by_model", "damaged", "floor", "following")

    def __init__(self, key: PartitionKey, values: Iterable[bytes]) -> None:
        self.damaged = 0
        self.floor = 0
        self.following = 0
        self._by_model: dict[str, list[tuple[tuple[int, int, int], bytes]]] = {}
        for value in values:
            try:
                header = peek(value)
            except StateError:
                self.damaged += 1
                continue
            if header.key == key:
                self._by_model.setdefault(header.model, []).append((header.rank, value))
                self.floor = max(self.floor, header.floor)
                self.following = max(self.following, header.generation + 1)

    def build(self, math: PaneMath) -> list[tuple[PaneRecord, ModelPanes, int]]:
        """For each model the readable value of the highest rank, as `build_model` gives it; others are not read."""
        built: list[tuple[PaneRecord, ModelPanes, int]] = []
        for ranked in self._by_model.values():
            for rank, value in sorted(ranked, key=itemgetter(0), reverse=True):
                if rank[0] < self.floor:
                    break
                try:
                    record = decode(value)
                    model, moved = build_model(record, math)
                except StateError:
                    self.damaged += 1
                    continue
                built.append((record, model, moved))
                break
        return built


def lowest_offsets(all_offsets: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """From where all of several states have been offered all labels; from the first for one that names no offset."""
    told = list(all_offsets)
    places = {place for offsets in told for place in offsets}
    return {place: min(offsets.get(place, 0) for offsets in told) for place in places}
