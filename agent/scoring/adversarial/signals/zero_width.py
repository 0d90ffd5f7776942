"""Characters without width inside words. Emoji, Arabic, Persian and Indic writing need them, and are left alone."""

from __future__ import annotations

import re

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View, apart
from agent.scoring.adversarial.characters import HIDDEN, HIDDEN_CLASS

__all__ = ["SIGNAL"]

# Scripts that need none: Latin, Greek, Cyrillic, Armenian, Georgian, Han, kana, Hangul; figures.
_PLAIN = (
    "0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u02af\u0300-\u034e\u0350-\u058f\u10a0-\u10ff\u1e00-\u1fff"
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff10-\uff5a"
)
_WORD = re.compile(f"(?<![{_PLAIN}])[{_PLAIN}]++(?:[{HIDDEN_CLASS}]++[{_PLAIN}]++)++")
_HIDDEN = re.compile(f"[{HIDDEN_CLASS}]+")
_EDGE = re.compile(
    f"(?<=[{_PLAIN}])[{HIDDEN_CLASS}]+(?![{_PLAIN}])|(?<![{_PLAIN}{HIDDEN_CLASS}])[{HIDDEN_CLASS}]+(?=[{_PLAIN}])"
)
_HAN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
#: So many on end say nothing in any script, but may carry a message.
_LONG_RUN = re.compile(f"[{HIDDEN_CLASS}]{{16,}}")
_SOFT_HYPHENS = 0.1
_IDEOGRAPHS = 0.25
_OTHERS = 0.4


def _look(view: View) -> Found | None:
    pieces: list[Piece] = []
    strength, count = 0.0, 0
    for match in _WORD.finditer(view.text):
        word = match[0]
        runs = _HIDDEN.findall(word)
        if all(run == "\u00ad" for run in runs):
            strength += min(_SOFT_HYPHENS * len(runs), 0.2)
        else:
            # Web pages break Chinese and Japanese lines with them.
            strength += (_IDEOGRAPHS if _HAN.search(word) else _OTHERS) * len(runs)
        count += len(runs)
        pieces.append(Piece(match.start(), match.end(), _HIDDEN.sub("", word)))
    for match in _LONG_RUN.finditer(view.text):
        if not any(piece.start <= match.start() < piece.end for piece in pieces[-1:]):
            strength, count = strength + 1.0, count + 1
            pieces.append(Piece(match.start(), match.end()))
    if strength >= 0.5:
        # Where they are a trick, those beside words are part of it.
        pieces += (Piece(*match.span()) for match in _EDGE.finditer(view.text))
    return Found(min(strength, 1.0), apart(pieces), count) if pieces else None


SIGNAL = SignalSource("zero-width", OBFUSCATION, HIDDEN, "places", _look, "fold", rank=7)
