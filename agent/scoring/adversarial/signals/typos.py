"""Words whose letters stand a place or two off, which the reader mends and a classifier does not ("hsout").

One such word is an ordinary slip: then the strength stays low, an observation. Several in a text whose other words are
right are told as a trick; a hasty writer may be meant.
"""

from __future__ import annotations

import re

from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.facts import EXCHANGED
from agent.scoring.adversarial.spelling import mended

__all__ = ["SIGNAL"]

_WORD = re.compile(r"(?<![@#./:&-])\b[^\W\d_]{3,20}\b(?![@/-])")
_MOST_CHARACTERS = 500
#: In a language whose words are not known many words look like exchanges.
_LEAST_READ = 0.5
_LEAST_KNOWN = 0.7
_LEAST_SHARE = 0.08
_LONG_WORD = 4
#: So long a word does not happen to be one of another language.
_NO_ACCIDENT = 8
_SINGLE = 0.1
_SEVERAL = 0.6


def _look(view: View) -> Found | None:
    common = view.ordinary.words
    known = total = 0
    pieces: list[Piece] = []
    for match in _WORD.finditer(view.text, 0, _MOST_CHARACTERS):
        word = match[0].lower()
        total += 1
        if word in common:
            known += 1
        elif word.isascii():
            plain = mended(word)
            if plain is not None and _is_cased_as_a_word(match[0]):
                pieces.append(Piece(match.start(), match.end(), _cased(match[0], plain)))
    longest = max((piece.end - piece.start for piece in pieces), default=0)
    if not pieces or (known + len(pieces) < _LEAST_READ * total and longest < _NO_ACCIDENT):
        return None
    # Abbreviations and words of other languages are short.
    long = sum(piece.end - piece.start >= _LONG_WORD for piece in pieces)
    several = long >= 2 and len(pieces) >= _LEAST_SHARE * total and known + len(pieces) >= _LEAST_KNOWN * total
    strength = min(0.9, _SEVERAL + 0.1 * (long - 2)) if several else _SINGLE
    return Found(strength, pieces, len(pieces))


def _is_cased_as_a_word(word: str) -> bool:
    """Not as names of many capitals are, nor as abbreviations: these are short."""
    capitals = sum(letter.isupper() for letter in word)
    return capitals <= 1 or (capitals == len(word) and len(word) >= _LONG_WORD)


def _cased(word: str, plain: str) -> str:
    if word.isupper():
        return plain.upper()
    # The capital went along with its letter.
    return plain.capitalize() if any(letter.isupper() for letter in word[:2]) else plain


SIGNAL = SignalSource("typos", OBFUSCATION, EXCHANGED, "words", _look, "fold", rank=1)
