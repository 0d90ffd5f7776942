"""English in rot13, told by its commonest words; the text turned back must have more common words than before."""

from __future__ import annotations

import codecs
import re

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.prefilter import ROT13

__all__ = ["SIGNAL"]

# Stretches of plain words; a mark between them ends none, another script or a blank line does.
_STRETCH = re.compile(r"[A-Za-z](?:[A-Za-z'’]|[ \t,.;:?!\"()-]{1,3}(?=[A-Za-z\"'(]))*+")
_WORD = re.compile("[A-Za-z]{2,}")
_MOST_CHARACTERS = 20_000
_LEAST_WORDS = 3


def _look(view: View) -> Found | None:
    pieces: list[Piece] = []
    count = 0
    common = view.ordinary.words
    for stretch in _STRETCH.finditer(view.text, 0, view.end(_MOST_CHARACTERS)):
        words = [(match.start(), match.end(), match[0].lower()) for match in _WORD.finditer(view.text, *stretch.span())]
        if len(words) < _LEAST_WORDS:
            continue
        # +1 for a word that is one only when turned, -1 for one that is one as it stands.
        gains = [(codecs.encode(word, "rot13") in common) - (word in common) for _, _, word in words]
        first, last, gain = _best(gains)
        if gain >= _LEAST_WORDS and 2 * gain > last - first:
            start, end = words[first][0], words[last - 1][1]
            pieces.append(Piece(start, end, codecs.encode(view.text[start:end], "rot13")))
            count += last - first
    return Found(0.9, pieces, count) if pieces else None


def _best(gains: list[int]) -> tuple[int, int, int]:
    """The stretch with the largest sum (Kadane)."""
    best = (0, 0, 0)
    total = start = 0
    for place, gain in enumerate(gains):
        if total <= 0:
            total, start = 0, place
        total += gain
        if total > best[2]:
            best = (start, place + 1, total)
    return best


SIGNAL = SignalSource("rot13", OBFUSCATION, ROT13, "words", _look, "payload", rank=9)
