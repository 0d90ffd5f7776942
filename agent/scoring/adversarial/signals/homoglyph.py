"""Letters of other alphabets in Latin words, drawn alike. Russian, Greek and units such as "μm" are left alone."""

from __future__ import annotations

import re

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.characters import FOREIGN, LOOK_ALIKES, SMALL_CAPITALS, STRONG_LOOK_ALIKES

__all__ = ["SIGNAL"]

_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[A-Za-z]")
# Of no alphabet that is written: they stand for Latin letters where there is none, too.
_LATIN_OR_SMALL_CAPITAL = re.compile(f"[A-Za-z{SMALL_CAPITALS}]")
_FOREIGN_LETTER = re.compile("[\u0370-\u058f\u13a0-\u13ff\u1c80-\u1c8f]")
# Between slashes or brackets these are sounds: /sɪt/, [bɪɡ].
_SOUNDS = frozenset("ɑɡɪʏʙɢʜʟɴʀ")
_TABLE = str.maketrans(LOOK_ALIKES)


def _look(view: View) -> Found | None:
    text = view.text
    if not _LATIN_OR_SMALL_CAPITAL.search(text):
        return None
    mixed: list[Piece] = []
    alike: list[Piece] = []
    genuine = 0
    for match in _WORD.finditer(text):
        word = match[0]
        if word.isascii():
            continue
        strong = sum(letter in STRONG_LOOK_ALIKES for letter in word)
        if any(letter > "\u024f" and letter not in LOOK_ALIKES for letter in word) or not strong:
            genuine += bool(_FOREIGN_LETTER.search(word))
            continue
        if text[match.start() - 1 : match.start()] in ("/", "[") and _is_transcription(text, match):
            continue
        piece = Piece(match.start(), match.end(), word.translate(_TABLE))
        # "PRа": a word that only begins in another alphabet is a foreign stem with an ending.
        (mixed if _LATIN.search(word) else alike).append(piece)
    if genuine:
        # A text in the other alphabet: its short words are made of look-alikes, and a slip of the keyboard is one.
        alike = []
    if not mixed and not alike:
        return None
    strength = (0.3 if genuine > len(mixed) else 0.5) * len(mixed) + 0.2 * len(alike)
    return Found(min(1.0, strength), sorted(mixed + alike), len(mixed) + len(alike))


def _is_transcription(text: str, word: re.Match[str]) -> bool:
    return text[word.end() : word.end() + 1] in ("/", "]") and all(
        letter.isascii() or letter in _SOUNDS for letter in word[0]
    )


SIGNAL = SignalSource("homoglyph", OBFUSCATION, FOREIGN, "words", _look, "fold", rank=8)
