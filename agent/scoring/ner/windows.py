"""Windows of characters over long texts, for models that take them whole: nothing is left out, no name is cut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from agent.scoring.ner.base import Entity

__all__ = ["Window", "joined", "windows_of"]

LENGTH: Final = 4_000
"""Characters of a window. Models of this kind look a few words around, and their memory grows with it."""

OVERLAP: Final = 200
"""Characters that neighbouring windows have in common: longer than any name or address."""

_CUT: Final = re.compile(r"\s|[。！？；，、]")


class Window(NamedTuple):
    """``text[start:end]``; entities that begin in ``[own, own_end)`` are this window's, others its neighbours'."""

    start: int
    end: int
    own: int
    own_end: int


def windows_of(text: str, length: int = LENGTH, overlap: int = OVERLAP) -> list[Window]:
    """Overlapping windows over all of a text, ending between words where there are any."""
    if len(text) <= length:
        return [Window(0, len(text), 0, len(text))]
    windows: list[Window] = []
    start = own = 0
    while True:
        end = min(start + length, len(text))
        if end == len(text):
            windows.append(Window(start, end, own, end))
            return windows
        end = _between_words(text, end, overlap // 4)
        next_start = _between_words(text, end - overlap, overlap // 4)
        boundary = end - overlap // 2
        windows.append(Window(start, end, own, boundary))
        start, own = next_start, boundary


def joined(windows: Sequence[Window], found: Sequence[Sequence[Entity]]) -> list[Entity]:
    """The entities of a text, given those of its windows with offsets in the window."""
    return [
        entity._replace(start=entity.start + window.start, end=entity.end + window.start)
        for window, entities in zip(windows, found, strict=True)
        for entity in entities
        if window.own <= entity.start + window.start < window.own_end
    ]


def _between_words(text: str, at: int, reach: int) -> int:
    """The last place between words in the characters before; the place itself where there is none."""
    cuts = [match.end() for match in _CUT.finditer(text, at - reach, at)]
    return cuts[-1] if cuts else at
