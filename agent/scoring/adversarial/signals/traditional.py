"""Traditional Chinese characters, which classifiers of simplified text do not know.

They are the writing of Taiwan, Hong Kong and Macau, so a text in them is no trick: it is told as an observation of low
strength, and judged in simplified characters too. A text that mixes both writings is one, unless it is mostly in one.
"""

from __future__ import annotations

import re

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.characters import TRADITIONAL

__all__ = ["SIGNAL"]

_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
_KANA = re.compile("[\u3041-\u30fa\uac00-\ud7a3]")
_WHOLE = 0.2
_MIXED = 0.6
_LEAST_OF_EACH = 4
_LEAST_SHARE = 0.25


def _look(view: View) -> Found | None:
    text = view.text
    if _KANA.search(text):
        return None
    table, plain = view.ordinary.simplified, view.ordinary.only_simplified
    old = sum(ord(character) in table for character in text)
    new = sum(character in plain for character in text)
    least = min(old, new)
    mixed = least >= _LEAST_OF_EACH and least >= _LEAST_SHARE * (old + new)
    if old < 2 and not (old and not new):
        return None
    pieces = [
        Piece(match.start(), match.end(), match[0].translate(table))
        for match in _RUN.finditer(text)
        if any(ord(character) in table for character in match[0])
    ]
    return Found(_MIXED if mixed else _WHOLE if old >= new else 0.1, pieces, old)


SIGNAL = SignalSource("traditional", OBFUSCATION, TRADITIONAL, "characters", _look, "fold", rank=2)
