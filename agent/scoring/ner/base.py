"""Ports of name finding: what a model says, and what the scorer gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

from agent.scores import TextSpan
from agent.scoring.ner.gate import Script

__all__ = ["Entity", "EntityKind", "EntityModel", "NameFinder", "readable"]

EntityKind: TypeAlias = Literal["person", "place", "address"]


class Entity(NamedTuple):
    """A span that a model marked, ``[start, end)`` in code points. A place need not be an address: Paris is none."""

    start: int
    end: int
    kind: EntityKind
    score: float


class EntityModel(Protocol):
    """A model of named entities.

    Attributes
    ----------
    version
        ``<model>@<version>``, known before it is loaded; verdicts tell it.
    script
        In which script it knows names.
    """

    version: str
    script: Script

    def warm_up(self) -> None:
        """Load it. Nothing is fetched from anywhere.

        Raises
        ------
        ModelError
            When packages or files are missing or damaged.
        """

    def entities(self, texts: Sequence[str]) -> list[list[Entity]]:
        """The entities of each text, in order of their start. Texts are what `readable` gives."""


class NameFinder(Protocol):
    """Finds names and addresses. A text's spans do not depend on its neighbours, but for the rounding of floats."""

    version: str

    def warm_up(self) -> None:
        """Load what it needs, and look at a first text."""

    def find(self, texts: Sequence[str]) -> list[list[TextSpan]]:
        """Spans of the types NAME and ADDRESS of each text, in order of their start, none overlapping another."""


def readable(text: str) -> str:
    """What a model is shown: without lone surrogates, which no library takes, and capitals by word where all is in
    capitals, since models take such words for acronyms (F1 0.64 instead of 0.28 on names in capitals). One character
    for one, so that offsets stay."""
    if text.isupper():
        titled = text.title()
        text = titled if len(titled) == len(text) else text
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
