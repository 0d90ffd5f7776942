"""Letters replaced by others that look like them: Cyrillic and Greek, full-width, mathematical, figures, with marks.

The pairs are facts of Unicode (the confusables of Unicode Technical Standard 39, compatibility forms of Annex 15).
"""

from __future__ import annotations

import random
import unicodedata

from agent.leet import LEET
from agent.normalize import normalize
from agent.probe.perturbations.base import Perturbation

__all__ = ["DIACRITICS", "FULL_WIDTH", "HOMOGLYPH", "LEETSPEAK", "MATH_ALPHABET", "ZALGO"]

_LOOK_ALIKE = {
    "a": "а", "c": "с", "d": "ԁ", "e": "е", "i": "і", "j": "ј", "o": "о", "p": "р", "q": "ԛ", "s": "ѕ", "w": "ԝ",
    "x": "х", "y": "у", "A": "А", "B": "В", "C": "С", "E": "Е", "H": "Н", "I": "І", "J": "Ј", "K": "К", "M": "М",
    "O": "О", "P": "Р", "S": "Ѕ", "T": "Т", "X": "Х", "Y": "Υ", "Z": "Ζ", "N": "Ν",
}  # fmt: skip
_FIGURES = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7", "b": "8"}
_MARKS = ("\u0300", "\u0301", "\u0302", "\u0303", "\u0308", "\u030a", "\u0323", "\u0331")
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
_BOLD = {ord("a") + place: 0x1D41A + place for place in range(26)}
_BOLD |= {ord("A") + place: 0x1D400 + place for place in range(26)}
_PILE = 3


_LOOK_ALIKES = str.maketrans(_LOOK_ALIKE)
_SEEN = str.maketrans({strange: letter for letter, strange in _LOOK_ALIKE.items()})


def _look_alike(text: str, rng: random.Random) -> str:
    del rng
    return text.translate(_LOOK_ALIKES)


def _one_look_alike(word: str, rng: random.Random) -> str:
    places = [place for place, letter in enumerate(word) if letter in _LOOK_ALIKE]
    if not places:
        return word
    place = rng.choice(places)
    return word[:place] + _LOOK_ALIKE[word[place]] + word[place + 1 :]


def _wide(text: str, rng: random.Random) -> str:
    del rng
    return text.translate(_WIDE)


def _bold(text: str, rng: random.Random) -> str:
    del rng
    return text.translate(_BOLD)


def _figures(text: str, rng: random.Random) -> str:
    return "".join(
        _FIGURES[letter.lower()] if letter.lower() in _FIGURES and rng.random() < 0.75 else letter for letter in text
    )


def _marked(count: int, share: float) -> Perturbation:
    def change(text: str, rng: random.Random) -> str:
        return "".join(
            letter + "".join(rng.choice(_MARKS) for _ in range(count))
            if letter.isascii() and letter.isalpha() and rng.random() < share
            else letter
            for letter in text
        )

    return Perturbation(
        "zalgo" if count > 1 else "diacritics",
        "character",
        change,
        without_marks,
        also_known_as="garak encoding.InjectZalgo" if count > 1 else "",
    )


def without_marks(text: str) -> str:
    """Base letters without what stands over and under them; other scripts keep their vowel signs."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not "\u0300" <= c <= "\u036f")


def _letters_for_figures(text: str) -> str:
    return "".join(LEET.get(c, c) for c in normalize(text))


HOMOGLYPH = Perturbation(
    "homoglyph", "character", _look_alike, lambda text: text.translate(_SEEN), word=_one_look_alike,
    also_known_as="textattack WordSwapHomoglyphSwap, garak badchars.BadCharacters",
)  # fmt: skip
FULL_WIDTH = Perturbation("full_width", "character", _wide, normalize)
MATH_ALPHABET = Perturbation("math_alphabet", "character", _bold, normalize)
LEETSPEAK = Perturbation(
    "leetspeak", "character", _figures, _letters_for_figures, also_known_as="garak encoding.InjectLeet"
)
DIACRITICS = _marked(1, 0.6)
ZALGO = _marked(_PILE, 1.0)
