"""Characters that draw nothing, or draw in another order: zero-width, soft hyphens, bidirectional controls."""

from __future__ import annotations

import random

from agent.normalize import normalize
from agent.probe.perturbations.base import Perturbation, over_words

__all__ = ["BIDI", "SOFT_HYPHEN", "ZERO_WIDTH"]

_NOTHING = ("\u200b", "\u200c", "\u2060", "\ufeff")
_OVERRIDE, _POP = "\u202e", "\u202c"


def _between(text: str, rng: random.Random) -> str:
    """One between any two letters of a word."""
    return "".join(
        letter + rng.choice(_NOTHING) if letter.isalnum() and text[place + 1 : place + 2].isalnum() else letter
        for place, letter in enumerate(text)
    )


def _one_between(word: str, rng: random.Random) -> str:
    if len(word) < 2:
        return word
    place = rng.randrange(1, len(word))
    return word[:place] + rng.choice(_NOTHING) + word[place:]


def _hyphened(text: str, rng: random.Random) -> str:
    del rng
    return "".join(
        f"{letter}\u00ad" if letter.isalpha() and text[place + 1 : place + 2].isalpha() else letter
        for place, letter in enumerate(text)
    )


def _turned(word: str, rng: random.Random) -> str:
    """Written backwards and shown forwards, as of Boucher et al. (2021)."""
    del rng
    return f"{_OVERRIDE}{word[::-1]}{_POP}"


def _shown(text: str) -> str:
    parts: list[str] = []
    rest = text
    while True:
        before, found, after = rest.partition(_OVERRIDE)
        parts.append(before)
        if not found:
            return normalize("".join(parts))
        turned, _, rest = after.partition(_POP)
        parts.append(turned[::-1])


ZERO_WIDTH = Perturbation(
    "zero_width", "character", _between, normalize, word=_one_between,
    also_known_as="textattack WordSwapInvisibleCharacters, garak badchars.BadCharacters",
)  # fmt: skip
SOFT_HYPHEN = Perturbation("soft_hyphen", "character", _hyphened, normalize)
BIDI = Perturbation(
    "bidi", "character", over_words(_turned, least=3), _shown,
    also_known_as="textattack WordSwapReorderings, garak badchars.BadCharacters",
)  # fmt: skip
