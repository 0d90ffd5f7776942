"""Sentences and words of a text, as offsets: what an explanation points at and what a filter masks.

English and Chinese alike; linear in the length of the text. A rough cut is enough here: a boundary that is missed makes
a sentence longer, so that more is masked, never less.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

__all__ = ["LONGEST_SENTENCE", "Bounds", "covering", "cut_out", "sentences", "words"]

Bounds: TypeAlias = tuple[int, int]
"""``[start, end)`` in code points."""

LONGEST_SENTENCE = 300
"""Characters; a longer stretch without a full stop is cut at blanks or commas, or anywhere when it has none."""

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_END = re.compile(r"(?:[.!?]+(?=\s)|[。！？；…\n]+)[”’」』\"')\]]*")
_WORD = re.compile(rf"[{_HAN}]|[^\s{_HAN}]+")
_EDGES = ".,!?;:\"'()[]{}<>…，。！？；：、“”‘’（）《》【】「」"


def sentences(text: str) -> list[Bounds]:
    """The sentences that are not blank, in order, without outer white space; together they hold all that is visible."""
    found: list[Bounds] = []
    start = 0
    for match in _END.finditer(text):
        found += _pieces(text, start, match.end())
        start = match.end()
    return found + _pieces(text, start, len(text))


def words(text: str, start: int, end: int) -> list[Bounds]:
    """The words of ``text[start:end]`` without outer punctuation; each Chinese character is one."""
    found: list[Bounds] = []
    for match in _WORD.finditer(text, start, end):
        word = match[0]
        left = len(word) - len(word.lstrip(_EDGES))
        right = len(word.rstrip(_EDGES))
        if right > left:
            found.append((match.start() + left, match.start() + right))
    return found


def covering(bounds: Sequence[Bounds], start: int, end: int) -> list[Bounds]:
    """Those of some stretches that share at least one character with ``[start, end)``."""
    return [one for one in bounds if one[0] < end and start < one[1]]


def cut_out(text: str, holes: Iterable[Bounds]) -> str:
    """The text without these stretches, which may overlap."""
    kept: list[str] = []
    position = 0
    for start, end in sorted(holes):
        if start > position:
            kept.append(text[position:start])
        position = max(position, end)
    return "".join((*kept, text[position:]))


def _pieces(text: str, start: int, end: int) -> list[Bounds]:
    """One sentence, trimmed, in pieces when it is long."""
    found: list[Bounds] = []
    while end - start > LONGEST_SENTENCE:
        limit = start + LONGEST_SENTENCE
        at = max(text.rfind(mark, start + 1, limit) for mark in (" ", ",", "，", "、", "\t"))
        cut = at + 1 if at > start else limit
        found += _trimmed(text, start, cut)
        start = cut
    return found + _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> list[Bounds]:
    stretch = text[start:end]
    left = len(stretch) - len(stretch.lstrip())
    length = len(stretch.strip())
    return [(start + left, start + left + length)] if length else []
