"""Latin letters in the width of Chinese characters, or in mathematical and other styles (both go by NFKC)."""

from __future__ import annotations

import re
import unicodedata

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.characters import STYLED_CLASS, WIDE

__all__ = ["STYLED", "WIDE_LETTERS"]

_WIDE_RUN = re.compile("[\uff01-\uff5e](?:[\u3000 ]?[\uff01-\uff5e]++)*+")
_WIDE_LETTER = re.compile("[\uff21-\uff3a\uff41-\uff5a]")
_WIDE_WORD = re.compile("[\uff41-\uff5a]{3,}")
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]")
_STYLED_RUN = re.compile(f"[{STYLED_CLASS}]{{2,}}")
#: In a Chinese, Japanese or Korean text, where brands and abbreviations are written so, only whole sentences count.
_LEAST_WORDS = 4


def _look_wide(view: View) -> Found | None:
    text = view.text
    letters = len(_WIDE_LETTER.findall(text))
    if letters < 2:
        return None
    if len(_EAST_ASIAN.findall(text)) > letters // 4:
        words = len(_WIDE_WORD.findall(text))
        strength = 0.8 if words >= _LEAST_WORDS else 0.1
    else:
        strength = min(1.0, 0.2 * letters)
    pieces = [
        Piece(match.start(), match.end(), unicodedata.normalize("NFKC", match[0]))
        for match in _WIDE_RUN.finditer(text)
        if _WIDE_LETTER.search(match[0])
    ]
    return Found(strength, pieces, letters)


def _look_styled(view: View) -> Found | None:
    pieces: list[Piece] = []
    count = 0
    for match in _STYLED_RUN.finditer(view.text):
        count += len(match[0])
        pieces.append(Piece(match.start(), match.end(), "".join(map(_plain, match[0]))))
    return Found(min(1.0, count / 12), pieces, count) if pieces else None


def _plain(letter: str) -> str:
    code = ord(letter)
    if 0x1F150 <= code < 0x1F18A:
        return chr(ord("A") + (code - 0x1F150) % 0x20)
    return unicodedata.normalize("NFKC", letter).strip("()")


WIDE_LETTERS = SignalSource("full-width", OBFUSCATION, WIDE, "letters", _look_wide, "fold", rank=8)
STYLED = SignalSource("styled letters", OBFUSCATION, WIDE, "letters", _look_styled, "fold", rank=8)
