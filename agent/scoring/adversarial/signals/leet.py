"""Figures and signs for letters ("leet"): words that are common ones once the figures are read as letters.

Names, quantities and codes (``h264``, ``3rd``, ``COVID19``) are not: of a word that is no common one then, figures must
stand between letters in two places, and what comes out must look like a word.
"""

from __future__ import annotations

import re
from itertools import islice, product

from agent.leet import LEET as TABLE
from agent.scoring.adversarial.base import OBFUSCATION, Found, Piece, SignalSource, View
from agent.scoring.adversarial.facts import LEET
from agent.scoring.adversarial.wordlike import wordlike

__all__ = ["SIGNAL"]

_SIGNS = "0-9@$€£!"
_WORD = re.compile(
    rf"(?<![\w@$€£!.%/&=#:\\-])[A-Za-z]*+[{_SIGNS}][A-Za-z{_SIGNS}]*+(?<=[A-Za-z{_SIGNS}]{{2}})(?![\w@$€£/&=#])"
)
_LETTER = re.compile("[A-Za-z]")
_SIGN = re.compile(f"[{_SIGNS}]")
_INSIDE = re.compile(f"(?<=[A-Za-z])[{_SIGNS}]+(?=[A-Za-z])")
#: Quantities, ordinals, names with a number behind them: figures in one place, at an end.
_NUMBERED = re.compile(
    "(?:[0-9]+(?:st|nd|rd|th|s|k|m|x|d|am|pm|px|km|kg|cm|mm|gb|mb|hz|h|g|v|w|p|ml|mg|bn|ft|yo|hr|mins?|hrs?)|[a-z]+[0-9]+)$"
)
#: Long words by how many letters are left out: i18n, l10n, a11y, k8s.
_SHORTENED = re.compile("[a-z](?:1[0-9]|8)[a-z]")
_READINGS = {sign: letter for sign, letter in TABLE.items() if sign not in "|¡"} | {"9": "g", "6": "g", "2": "z"}
_AMBIGUOUS = "il"
_MOST_CHARACTERS = 20_000
_LONGEST = 30
_SURE = 1.0
#: Words that may be anything make no trick however many they are: bytes in hexadecimal are such.
_SHORT = 3
_MOST_OF_SHORT = 0.4
_MOST_READINGS = 16


def _look(view: View) -> Found | None:
    weight, pieces = _pieces(view, sure=False)
    if weight >= _SURE:
        # In a text that is written so throughout, short words and words with figures at an end are too.
        _, pieces = _pieces(view, sure=True)
    return Found(min(1.0, weight), pieces, len(pieces)) if pieces else None


def _pieces(view: View, sure: bool) -> tuple[float, list[Piece]]:
    weight = short = 0.0
    pieces: list[Piece] = []
    for match in _WORD.finditer(view.text, 0, view.end(_MOST_CHARACTERS)):
        core = match[0].rstrip("!")
        if len(core) > _LONGEST or not _SIGN.search(core) or not _LETTER.search(core):
            continue
        read = _read(core, view, sure)
        if read is not None:
            plain, worth = read
            if len(plain) < _SHORT:
                short += worth
            else:
                weight += worth
            pieces.append(Piece(match.start(), match.start() + len(core), plain))
    return weight + min(short, _MOST_OF_SHORT), pieces


def _read(core: str, view: View, sure: bool) -> tuple[str, float] | None:
    """What a word says, and what it is worth as evidence."""
    small = core.lower()
    if not sure and (_NUMBERED.fullmatch(small) or _SHORTENED.fullmatch(small)):
        return None
    signs = len(_SIGN.findall(small))
    inside = len(_INSIDE.findall(core))
    choices = [_AMBIGUOUS if sign == "1" else _READINGS.get(sign, sign) for sign in small]
    for letters in islice(product(*choices), _MOST_READINGS):
        plain = "".join(letters)
        if plain in view.ordinary.words and plain.isalpha():
            # Two letters with a figure may be anything: a seat, a chess move, a model.
            worth = 0.1 if len(plain) < _SHORT else 0.3 if not inside or signs * 2 > len(plain) else 0.4
            return _cased(core, plain), worth
    plain = "".join(choice[0] if len(choice) > 1 else choice for choice in choices)
    letters_left = len(small) - signs
    if (inside >= 2 or (sure and inside)) and letters_left >= 2 and plain.isalpha() and wordlike(plain, view.ordinary):
        return _cased(core, plain), 0.25
    return None


def _cased(core: str, plain: str) -> str:
    return plain.upper() if core.isupper() and len(core) > 2 else plain.capitalize() if core[0].isupper() else plain


SIGNAL = SignalSource("leetspeak", OBFUSCATION, LEET, "words", _look, "fold", rank=6)
