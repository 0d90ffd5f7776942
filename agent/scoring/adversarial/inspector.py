"""Looks at texts with all signals, and uncovers what is hidden in them: layer by layer, to a bounded depth and size."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import NamedTuple

from agent.scoring.adversarial.base import Piece, Signal, View, apart
from agent.scoring.adversarial.facts import facts_of
from agent.scoring.adversarial.ordinary import load_ordinary
from agent.scoring.adversarial.prefilter import load_prefilter
from agent.scoring.adversarial.signals import load_signals

__all__ = ["MOST_CHARACTERS", "MOST_DEPTH", "MOST_LAYERS", "Inspected", "Inspector", "Layer", "rewritten"]

MOST_DEPTH = 4
"""Encodings in encodings that are undone."""
MOST_LAYERS = 8
"""Layers of one text."""
MOST_CHARACTERS = 100_000
"""Of all layers of a text together; of a longer one its two ends are kept."""
#: Pieces weaker than this are left as they are.
_LEAST_STRENGTH = 0.15
_MOST_NAMES = 3


class Layer(NamedTuple):
    """A text that was hidden in another.

    Attributes
    ----------
    path
        How it was hidden, from the outside: ``("base64", "url encoding")``.
    signals
        What was seen in it.
    """

    text: str
    path: tuple[str, ...]
    signals: Sequence[Signal]


class Inspected(NamedTuple):
    """One text: what was seen in it, its layers, and whether some were left out."""

    signals: Sequence[Signal]
    layers: Sequence[Layer]
    truncated: bool


_NOTHING = Inspected((), (), False)


class Inspector:
    """Holds what looking needs. Not for several threads at once (`load_prefilter`)."""

    def __init__(self) -> None:
        self._ordinary = load_ordinary()
        self._prefilter = load_prefilter()
        self._sources = [(source.needs, source) for source in load_signals()]
        self._needed = functools.reduce(operator.or_, (needs for needs, _ in self._sources))
        facts_of(["warm"])

    def signals(self, texts: Sequence[str]) -> list[list[Signal]]:
        """What is seen in each text, in the order of the table. A text's do not depend on the others."""
        found: list[list[Signal]] = []
        prefilter, needed, ordinary = self._prefilter, self._needed, self._ordinary
        for text, facts in zip(texts, facts_of(texts), strict=True):
            facts |= prefilter(text)
            seen: list[Signal] = []
            found.append(seen)
            if facts & needed:
                view = View(text, facts, ordinary)
                for needs, source in self._sources:
                    if needs & facts:
                        what = source.look(view)
                        if what is not None:
                            seen.append(Signal(source, what))
        return found

    def inspect(self, texts: Sequence[str]) -> list[Inspected]:
        """Look at texts and at what is hidden in them, breadth first."""
        signals = self.signals(texts)
        current = [
            (row, Layer(text, (), seen)) for row, (text, seen) in enumerate(zip(texts, signals, strict=True)) if seen
        ]
        budgets = {row: _Budget() for row, _ in current}
        layers: dict[int, list[Layer]] = {row: [] for row, _ in current}
        for depth in range(MOST_DEPTH + 1):
            inner: list[tuple[int, str, tuple[str, ...]]] = []
            for row, layer in current:
                for name, text in _inside(layer) if layer.signals else ():
                    kept = budgets[row].spend(text) if depth < MOST_DEPTH else budgets[row].refuse()
                    if kept:
                        inner.append((row, kept, (*layer.path, name)))
            if not inner:
                break
            seen_inside = self.signals([text for _, text, _ in inner])
            current = [
                (row, Layer(text, path, seen)) for (row, text, path), seen in zip(inner, seen_inside, strict=True)
            ]
            for row, layer in current:
                layers[row].append(layer)
        return [
            Inspected(seen, layers[row], budgets[row].truncated) if seen else _NOTHING
            for row, seen in enumerate(signals)
        ]


class _Budget:
    """What layers of one text may be looked at."""

    __slots__ = ("characters", "layers", "truncated")

    def __init__(self) -> None:
        self.characters = MOST_CHARACTERS
        self.layers = MOST_LAYERS
        self.truncated = False

    def spend(self, text: str) -> str:
        """What may be looked at of a layer; "" when nothing."""
        if not self.layers or not self.characters:
            return self.refuse()
        if len(text) > self.characters:
            self.truncated = True
            half = self.characters // 2
            text = text[:half] + text[len(text) - half :]
        self.layers -= 1
        self.characters -= len(text)
        return text

    def refuse(self) -> str:
        self.truncated = True
        return ""


def rewritten(text: str, pieces: Sequence[Piece]) -> str:
    """The text with its pieces, in order and apart from each other, replaced."""
    parts: list[str] = []
    at = 0
    for start, end, plain in pieces:
        parts += (text[at:start], plain)
        at = end
    return "".join((*parts, text[at:]))


def _inside(layer: Layer) -> list[tuple[str, str]]:
    """What a text says with its tricks undone, and each kind of its payloads alone, with the names of the tricks."""
    chosen = [
        signal for signal in layer.signals
        if signal.source.treatment != "none" and signal.strength >= _LEAST_STRENGTH
    ]  # fmt: skip
    if not chosen:
        return []
    found: list[tuple[str, str]] = []
    # A payload is judged by itself first: it counts most, and little room may be left.
    for signal in chosen:
        if signal.source.treatment in ("payload", "drop"):
            alone = "\n".join(piece.plain for piece in signal.found.pieces).strip()
            if alone and len(alone) < len(layer.text):
                found.append((signal.kind, alone))
    pieces: list[Piece] = []
    for signal in chosen:
        pieces += signal.found.pieces
    whole = rewritten(layer.text, apart(pieces))
    if whole != layer.text and not any(whole.strip() == alone for _, alone in found):
        kinds = sorted(chosen, key=lambda signal: -signal.strength)[:_MOST_NAMES]
        found.append(("+".join(signal.kind for signal in kinds), whole))
    return found
