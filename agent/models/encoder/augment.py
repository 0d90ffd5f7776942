"""Disguises for training texts: what people do to words so that filters miss them, and plain typing errors.

Applied to texts that `agent.reading` has read already, so only what it cannot undo is made here. Both classes get the
same treatment: a disguise must not become a sign of harm by itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable

__all__ = ["disguise"]

_STARS = "*#-_."


def _typo(word: str, rng: random.Random) -> str:
    place = rng.randrange(len(word) - 1)
    way = rng.randrange(3)
    if way == 0:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if way == 1:
        return word[:place] + word[place + 1 :]
    return word[:place] + word[place] + word[place:]


def _starred(word: str, rng: random.Random) -> str:
    """One or two inner letters behind a sign."""
    place = rng.randrange(1, len(word) - 1)
    width = 1 if len(word) < 5 else rng.randint(1, 2)
    return word[:place] + rng.choice(_STARS) * width + word[place + width :]


def _split(word: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(word))
    return f"{word[:place]} {word[place:]}"


_WAYS: tuple[Callable[[str, random.Random], str], ...] = (_typo, _starred, _split)


def disguise(text: str, rng: random.Random) -> str:
    """The text with a fifth of its words disguised, or its blanks gone; Chinese characters dropped, doubled or
    swapped."""
    words = text.split(" ")
    if len(words) > 2 and rng.random() < 0.15:
        place = rng.randrange(len(words) - 1)
        words[place : place + 2] = [words[place] + words[place + 1]]
        return " ".join(words)
    way = rng.choice(_WAYS)
    if any("\u4e00" <= character <= "\u9fff" for character in text[:200]):
        return "".join(_han(character, rng) for character in text)
    share = max(0.2, 1.0 / len(words))
    return " ".join(way(word, rng) if len(word) > 3 and rng.random() < share else word for word in words)


def _han(character: str, rng: random.Random) -> str:
    if not "\u4e00" <= character <= "\u9fff" or rng.random() > 0.06:
        return character
    return rng.choice(("", character * 2, character + rng.choice("*.-x")))
