"""Where words begin and end: letters apart, words split, words run together, signs in place of blanks; letter case."""

from __future__ import annotations

import random
import re

from agent.probe.perturbations.base import LATIN, Perturbation, over_words

__all__ = ["PUNCTUATED", "RANDOM_CASE", "SPACED", "WORD_MERGE", "WORD_SPLIT"]

_SIGNS = ("_", "-", "/", "~", "|")
_BLANKS = re.compile(r"\s+")


def _closed(text: str) -> str:
    """All blanks and signs gone: what is left of a text whose words are told apart otherwise."""
    return "".join(c for c in text if c.isalnum()).casefold()


def _spaced(text: str, rng: random.Random) -> str:
    """``h o w  t o``: a blank after each letter, two between words."""
    del rng
    return "  ".join(" ".join(word) for word in text.split())


def _split(word: str, rng: random.Random) -> str:
    if len(word) < 4:
        return word
    place = rng.randrange(2, len(word) - 1)
    return f"{word[:place]} {word[place:]}"


def _merged(text: str, rng: random.Random) -> str:
    del rng
    return _BLANKS.sub("", text)


def _punctuated(text: str, rng: random.Random) -> str:
    sign = rng.choice(_SIGNS)
    return _BLANKS.sub(sign, text.strip())


def _any_case(text: str, rng: random.Random) -> str:
    return "".join(letter.upper() if rng.random() < 0.5 else letter.lower() for letter in text)


SPACED = Perturbation("spaced", "character", _spaced, _closed, languages=LATIN)
WORD_SPLIT = Perturbation(
    "word_split", "word", over_words(_split, share=0.6, least=4), _closed, languages=LATIN, word=_split,
    also_known_as="textattack textbugger's insertion of blanks",
)  # fmt: skip
WORD_MERGE = Perturbation("word_merge", "word", _merged, _closed, languages=LATIN)
PUNCTUATED = Perturbation("punctuated", "word", _punctuated, _closed, languages=LATIN)
RANDOM_CASE = Perturbation("random_case", "character", _any_case, languages=LATIN)
