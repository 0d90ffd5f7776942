"""Which scorer has to see which texts of a batch: its directions, not known yet, each text once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeAlias

from agent.events import DIRECTIONS, Direction
from agent.scoring.base import Batch, ScoringItem

__all__ = ["BatchPlan", "Unit"]

Unit: TypeAlias = tuple[bytes, Sequence[int]]
"""One distinct text: its digest, and the places in the batch where it stands."""

_Group: TypeAlias = dict[bytes, list[int]]


class BatchPlan:
    """Groups the texts of one batch, and cuts the sub-batches that scorers are given.

    Scorers that are given the same texts are given the same `Batch` object, so that they share its memo. When scorers
    differ in their directions, inputs and outputs become separate sub-batches: a scorer of both directions and one of
    inputs alone then still share the work on the inputs. Passages are a sub-batch of their own, which most never see.

    Parameters
    ----------
    digest
        Hash by which equal texts are known.
    uniform
        The directions of all scorers; None when they differ.
    digest_in_context
        Hash by which equal texts with equal contexts are known; None when no scorer uses the context.
    sampled
        Whether a scorer wants the items of the sample.
    drawn
        Whether a scorer looks at a text by the lot of its call: of calls with the same text, by the least.
    """

    __slots__ = ("_batch", "_cut", "_drawn", "_groups", "_in_context", "_passages", "_sampled", "_uniform", "_units")

    def __init__(
        self,
        batch: Batch,
        digest: Callable[[str], bytes],
        uniform: frozenset[Direction] | None,
        digest_in_context: Callable[[ScoringItem], bytes] | None = None,
        *,
        sampled: bool = False,
        drawn: bool = False,
    ) -> None:
        self._batch = batch
        self._drawn = drawn
        self._uniform = uniform
        self._groups: dict[Direction, _Group] = {"input": {}, "output": {}}
        self._passages: _Group = {}
        self._in_context: _Group = {}
        self._sampled: _Group = {}
        for index, item in enumerate(batch.items):
            group, in_sample = self._group_of(item), sampled and item.sampled
            if group is None and not in_sample:
                continue
            key = digest(item.raw)  # once: hashing is most of the work here
            if group is not None:
                group.setdefault(key, []).append(index)
            if in_sample:
                self._sampled.setdefault(key, []).append(index)
        if digest_in_context is not None:
            for index, item in enumerate(batch.items):
                given = item.given
                if given is not None and item.direction == "output" and (given.passages or given.tool_results):
                    self._in_context.setdefault(digest_in_context(item), []).append(index)
        self._units: dict[tuple[frozenset[Direction], bool], tuple[Sequence[Unit], ...]] = {}
        self._cut: dict[tuple[int, ...], Batch] = {}

    def digests(self) -> Collection[bytes]:
        """The distinct texts, and the distinct texts in their contexts."""
        inputs, outputs = self._groups["input"], self._groups["output"]
        texts = inputs.keys() | outputs.keys() if outputs else inputs.keys()
        for more in (self._sampled, self._in_context, self._passages):
            texts = texts | more.keys() if more else texts
        return texts

    def units(self, directions: frozenset[Direction], *, passages: bool = False) -> tuple[Sequence[Unit], ...]:
        """Distinct texts that a scorer of these directions may see, by sub-batch.

        A text that is both an input and an output (an echo) is one unit of the inputs' sub-batch.

        Parameters
        ----------
        passages
            Whether it sees retrieved passages too.
        """
        key = (directions, passages)
        units = self._units.get(key)
        if units is None:
            units = self._units[key] = tuple(self._divide(directions, passages))
        return units

    def units_in_context(self) -> Sequence[Unit]:
        """Distinct outputs that a scorer which uses the context may see: those that have one."""
        return list(self._in_context.items())

    def units_sampled(self) -> Sequence[Unit]:
        """Distinct texts of the sample."""
        return list(self._sampled.items())

    def cut(self, units: Sequence[Unit]) -> Batch:
        """The sub-batch that holds one item of each unit."""
        items = self._batch.items
        if self._drawn:
            places = tuple([min(members, key=lambda place: items[place].lot) for _, members in units])
        else:
            places = tuple([members[0] for _, members in units])
        if len(places) == len(self._batch):
            return self._batch
        batch = self._cut.get(places)
        if batch is None:
            batch = self._cut[places] = Batch([items[place] for place in places])
        return batch

    def _group_of(self, item: ScoringItem) -> _Group | None:
        """Where a text stands for the scorers that are given all texts; None when none of them sees its direction."""
        if item.passage:
            return self._passages
        if self._uniform is None:
            return self._groups[item.direction]
        return self._groups["input"] if item.direction in self._uniform else None

    def _divide(self, directions: frozenset[Direction], passages: bool) -> list[Sequence[Unit]]:
        if self._uniform is not None:  # all their texts stand there
            groups = [self._groups["input"]]
        else:
            groups = [self._groups[direction] for direction in DIRECTIONS if direction in directions]
        if passages:
            groups.append(self._passages)
        groups = [group for group in groups if group]
        return [list(_units(groups, place)) for place in range(len(groups))]


def _units(groups: Sequence[_Group], place: int) -> Iterable[Unit]:
    """The units of one group: a text that stands in several belongs to the first, with all its places."""
    own = groups[place].items()
    if len(groups) == 1:
        return own
    earlier, later = groups[:place], groups[place + 1 :]
    return [
        (digest, [*members, *(index for group in later for index in group.get(digest, ()))])
        for digest, members in own
        if not any(digest in group for group in earlier)
    ]
