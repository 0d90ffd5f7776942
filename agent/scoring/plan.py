"""Which scorer has to see which texts of a batch: its directions, not known yet, each text once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from agent.events import DIRECTIONS, Direction
from agent.scoring.base import Batch, ScoringItem

__all__ = ["BatchPlan", "Unit"]

Unit: TypeAlias = tuple[bytes, Sequence[int]]
"""One distinct text: its digest, and the places in the batch where it stands."""


class BatchPlan:
    """Groups the texts of one batch, and cuts the sub-batches that scorers are given.

    Scorers that are given the same texts are given the same `Batch` object, so that they share its memo. When scorers
    differ in their directions, inputs and outputs become separate sub-batches: a scorer of both directions and one of
    inputs alone then still share the work on the inputs.

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
    """

    __slots__ = ("_batch", "_cut", "_groups", "_in_context", "_sampled", "_uniform", "_units")

    def __init__(
        self,
        batch: Batch,
        digest: Callable[[str], bytes],
        uniform: frozenset[Direction] | None,
        digest_in_context: Callable[[ScoringItem], bytes] | None = None,
        *,
        sampled: bool = False,
    ) -> None:
        self._batch = batch
        self._uniform = uniform
        groups: dict[Direction, dict[bytes, list[int]]] = {"input": {}, "output": {}}
        for index, item in enumerate(batch.items):
            if uniform is None:
                groups[item.direction].setdefault(digest(item.raw), []).append(index)
            elif item.direction in uniform:
                groups["input"].setdefault(digest(item.raw), []).append(index)
        self._groups = groups
        self._in_context: dict[bytes, list[int]] = {}
        if digest_in_context is not None:
            for index, item in enumerate(batch.items):
                given = item.given
                if given is not None and item.direction == "output" and (given.passages or given.tool_results):
                    self._in_context.setdefault(digest_in_context(item), []).append(index)
        self._sampled: dict[bytes, list[int]] = {}
        if sampled:
            for index, item in enumerate(batch.items):
                if item.sampled:
                    self._sampled.setdefault(digest(item.raw), []).append(index)
        self._units: dict[frozenset[Direction], tuple[Sequence[Unit], ...]] = {}
        self._cut: dict[tuple[int, ...], Batch] = {}

    def digests(self) -> Collection[bytes]:
        """The distinct texts, and the distinct texts in their contexts."""
        inputs, outputs = self._groups["input"], self._groups["output"]
        texts = inputs.keys() | outputs.keys() if outputs else inputs.keys()
        texts = texts | self._sampled.keys() if self._sampled else texts
        return texts | self._in_context.keys() if self._in_context else texts

    def units(self, directions: frozenset[Direction]) -> tuple[Sequence[Unit], ...]:
        """Distinct texts that a scorer of these directions may see, by sub-batch.

        A text that is both an input and an output (an echo) is one unit of the inputs' sub-batch.
        """
        units = self._units.get(directions)
        if units is None:
            units = self._units[directions] = tuple(self._divide(directions))
        return units

    def units_in_context(self) -> Sequence[Unit]:
        """Distinct outputs that a scorer which uses the context may see: those that have one."""
        return list(self._in_context.items())

    def units_sampled(self) -> Sequence[Unit]:
        """Distinct texts of the sample."""
        return list(self._sampled.items())

    def cut(self, units: Sequence[Unit]) -> Batch:
        """The sub-batch that holds one item of each unit."""
        places = tuple([members[0] for _, members in units])
        if len(places) == len(self._batch):
            return self._batch
        batch = self._cut.get(places)
        if batch is None:
            items = self._batch.items
            batch = self._cut[places] = Batch([items[place] for place in places])
        return batch

    def _divide(self, directions: frozenset[Direction]) -> list[Sequence[Unit]]:
        inputs, outputs = self._groups["input"], self._groups["output"]
        if self._uniform is not None:
            return [list(inputs.items())]
        if not directions.issuperset(DIRECTIONS):
            return [list(self._groups[direction].items()) for direction in directions]
        return [
            [(digest, members + outputs.get(digest, [])) for digest, members in inputs.items()],
            [(digest, members) for digest, members in outputs.items() if digest not in inputs],
        ]
