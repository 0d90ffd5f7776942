"""What a signal is: a cheap look at a text that says what kind of trick stands where, how strongly, and in other words.

A signal takes time linear in the length of the text. Before it looks, `facts` of the whole batch say whether there can
be anything to see; most texts have nothing that any signal needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from agent.scoring.adversarial.ordinary import Ordinary

__all__ = [
    "CALLED",
    "CATEGORY",
    "OBFUSCATION",
    "SUFFIX",
    "Found",
    "Piece",
    "Signal",
    "SignalSource",
    "Treatment",
    "View",
    "apart",
]

CATEGORY = "adversarial"
OBFUSCATION = f"{CATEGORY}.obfuscation"
SUFFIX = f"{CATEGORY}.suffix"
CALLED = 0.5
"""The strength from which a trick is called one."""

Treatment: TypeAlias = Literal["fold", "drop", "payload", "cut", "none"]
"""What undoes a trick: its pieces are written plainly (fold), nobody sees them (drop), they are another text in an
encoding (payload), they are noise (cut), or there is nothing to undo."""


class View:
    """One text as signals see it.

    Attributes
    ----------
    text
        Raw.
    facts
        What `agent.scoring.adversarial.facts` knows of it.
    ordinary
        Tables of ordinary text.
    whole
        Whether every trick in the text must be told, in whatever time that takes; else some signals look at the first
        thousands of characters alone, which is enough to name a trick.
    """

    __slots__ = ("facts", "ordinary", "text", "whole")

    def __init__(self, text: str, facts: int, ordinary: Ordinary, whole: bool = False) -> None:
        self.text = text
        self.whole = whole
        self.facts = facts
        self.ordinary = ordinary

    def end(self, most: int) -> int:
        """How far to look: at most so many characters, unless the whole text is wanted."""
        return len(self.text) if self.whole else min(most, len(self.text))


class Piece(NamedTuple):
    """A stretch ``[start, end)`` of a text, and what it says plainly."""

    start: int
    end: int
    plain: str = ""


def apart(pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces in order; of two that overlap the one that begins first, or the longer one: it is around the other."""
    kept: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: (piece.start, -piece.end)):
        if not kept or piece.start >= kept[-1].end:
            kept.append(piece)
    return kept


class Found(NamedTuple):
    """What a signal saw.

    Attributes
    ----------
    strength
        In [0, 1]. From `CALLED` on the trick is called one; below, it is an observation that others may confirm.
    pieces
        Where, in order and apart from each other.
    times
        How often; told in the explanation.
    """

    strength: float
    pieces: Sequence[Piece]
    times: int


@dataclass(frozen=True, slots=True)
class SignalSource:
    """A row of `SIGNALS`.

    Attributes
    ----------
    kind
        Its name in explanations.
    category
        What its finding belongs to.
    needs
        Facts of which a text must have one, or there is nothing to see.
    unit
        What `Found.times` counts, in the plural; behind a slash in the singular when that is not one s less.
    look
        The look itself; None when there is nothing. Never raises, whatever the text.
    treatment
        See `Treatment`.
    rank
        Of two signals of equal strength the higher names the text.
    """

    kind: str
    category: str
    needs: int
    unit: str
    look: Callable[[View], Found | None]
    treatment: Treatment = "none"
    rank: int = 0


class Signal(NamedTuple):
    """What one source found in one text."""

    source: SignalSource
    found: Found

    @property
    def kind(self) -> str:
        return self.source.kind

    @property
    def strength(self) -> float:
        return self.found.strength

    @property
    def explanation(self) -> str:
        """One line without payload."""
        many, _, one = self.source.unit.partition("/")
        unit = many if self.found.times != 1 else one or many.removesuffix("s")
        return f"{self.source.kind} ({self.found.times} {unit}, strength {self.found.strength:.2f})"
