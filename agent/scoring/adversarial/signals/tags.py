"""Text in characters that nobody sees: Unicode tags outside flags, and runs of variation selectors.

Tags spell ASCII ("ASCII smuggling"); of selectors each is a byte (Butler 2025, "Smuggling arbitrary data through an
emoji").
"""

from __future__ import annotations

import re

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.characters import UNSEEN

__all__ = ["SIGNAL"]

# A flag of a subdivision: a black flag, at most six tags, and the tag that ends it (Unicode Technical Standard 51).
_TAGS = re.compile("(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f)|[\U000e0000-\U000e007f]++")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{3,}")


def _look(view: View) -> Found | None:
    pieces: list[Piece] = []
    count = 0
    for match in _TAGS.finditer(view.text):
        if match[1] is None:
            spelled = (chr(ord(tag) - 0xE0000) for tag in match[0])
            pieces.append(Piece(match.start(), match.end(), "".join(c if c.isprintable() else " " for c in spelled)))
            count += len(match[0])
    for match in _SELECTORS.finditer(view.text):
        if len(set(match[0])) > 1:
            data = bytes(ord(c) - 0xFE00 if c < "\U000e0000" else ord(c) - 0xE0100 + 16 for c in match[0])
            pieces.append(Piece(match.start(), match.end(), data.decode("utf-8", "replace")))
            count += len(match[0])
    pieces.sort()
    return Found(1.0, pieces, count) if pieces else None


SIGNAL = SignalSource("tags", OBFUSCATION, UNSEEN, "invisible characters", _look, "drop", rank=10)
