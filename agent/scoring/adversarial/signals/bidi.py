"""Bidirectional overrides, which make a text read otherwise than it is drawn ("Trojan Source", Boucher 2021).

Embeddings and isolates are left alone: applications put them around names and numbers.
"""

from __future__ import annotations

import re

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.characters import UNSEEN

__all__ = ["SIGNAL"]

_OVERRIDE = re.compile("([\u202d\u202e])([^\u202a-\u202e\u2066-\u2069\n]*+)([\u202c\u2069]?)")
_LETTERS = re.compile(r"[^\W\d_]{2}")


def _look(view: View) -> Found | None:
    pieces: list[Piece] = []
    letters = False
    for match in _OVERRIDE.finditer(view.text):
        inside = match[2]
        letters |= bool(_LETTERS.search(inside))
        # What is drawn from right to left is read backwards.
        pieces.append(Piece(match.start(), match.end(), inside[::-1] if match[1] == "\u202e" else inside))
    if not pieces:
        return None
    return Found(0.9 if letters else 0.4, pieces, len(pieces))


SIGNAL = SignalSource("bidirectional controls", OBFUSCATION, UNSEEN, "overrides", _look, "fold", rank=9)
