"""What an attack is: something that proposes changed inputs, sees what came of them, and proposes the next ones."""

from __future__ import annotations

import random
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from agent.probe.adversarial.items import Item
from agent.probe.adversarial.similarity import similarity_after
from agent.probe.perturbations import Perturbation
from agent.probe.served import Features

__all__ = ["Attack", "Hunt", "Limits", "Result", "SinglePerturbation", "Skip", "Try", "chance"]

Skip: TypeAlias = Literal["unchanged", "dissimilar"]
"""Why an attack proposes nothing: it has nothing to change there, or too little of the original would be left."""


@dataclass(frozen=True, slots=True, repr=False)
class Try:
    """An input that is put to the model.

    Attributes
    ----------
    similarity
        To the original, in [0, 1].
    steps
        What was done to it.
    undone
        What a knowing reader undoes, the last one first (`Perturbation.read_back`).
    counts
        False for what only tells where to go on, such as a text with a word left out: no attack, whatever comes of it.
    """

    input: str | Features
    similarity: float
    steps: tuple[str, ...] = ()
    undone: tuple[Perturbation, ...] = ()
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a try. A request that failed has neither succeeded nor come near."""

    succeeded: bool
    score: float
    failed: bool = False


Hunt: TypeAlias = Generator[Sequence[Try], Sequence[Result], Skip | None]
"""Yields tries that are put to the model together, is sent their results in order, and ends when it has succeeded, has
no more ideas, or has used its queries. What it does depends on item, seed and results alone, so that a run that goes on
from a journal does the same again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for every attack.

    Attributes
    ----------
    queries
        Most tries of one attack on one item.
    similarity
        Least similarity of a try.
    """

    seed: int = 0
    queries: int = 32
    similarity: float = 0.5


class Attack(Protocol):
    """One attack, over all items.

    Attributes
    ----------
    kind
        A kind of perturbations, ``search`` or ``features``.
    also_known_as
        Its name in textattack or garak.
    """

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def also_known_as(self) -> str: ...

    def suits(self, item: Item) -> bool:
        """Whether it is for such items."""

    def hunt(self, item: Item, label: str, original: Result) -> Hunt:
        """Attack an item; not called when the unchanged input has done what the attack is after and it is a search.

        Parameters
        ----------
        label
            The mark of the decision about the unchanged item; empty where there is none.
        original
            What came of the unchanged item.
        """


def chance(*parts: object) -> random.Random:
    """A source of chance that depends on nothing but these: the same in every process."""
    return random.Random("\0".join(map(str, parts)))


class SinglePerturbation:
    """A perturbation by itself: one try."""

    def __init__(self, perturbation: Perturbation, limits: Limits) -> None:
        self._perturbation, self._limits = perturbation, limits
        self.name, self.kind = perturbation.name, str(perturbation.kind)
        self.also_known_as = perturbation.also_known_as

    def suits(self, item: Item) -> bool:
        return item.features is None and self._perturbation.suits(item.language, item.text)

    def hunt(self, item: Item, label: str, original: Result) -> Hunt:
        del label, original
        changed = self._perturbation(item.text, chance(self._limits.seed, item.id, self.name))
        if changed == item.text:
            return "unchanged"
        similarity = similarity_after(item.text, changed, (self._perturbation,))
        if similarity < self._limits.similarity:
            return "dissimilar"
        yield [Try(changed, similarity, (self.name,), (self._perturbation,))]
        return None
