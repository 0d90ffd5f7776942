"""Slips of typing, one in a word; first and last letter stay, since readers go by them (Pruthi et al., ACL 2019)."""

from __future__ import annotations

import random
from collections.abc import Callable

from agent.probe.perturbations.base import LATIN, Perturbation, over_words

__all__ = ["DELETE", "INSERT", "QWERTY", "SCRAMBLE", "SUBSTITUTE", "SWAP"]

_SHARE = 0.4
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _neighbours() -> dict[str, str]:
    """The keys beside a key, and those above and below it."""
    places = {key: (row, column) for row, keys in enumerate(_ROWS) for column, key in enumerate(keys)}
    return {
        key: "".join(other for other, (r, c) in places.items() if other != key and abs(r - row) <= 1 >= abs(c - column))
        for key, (row, column) in places.items()
    }


_BESIDE = _neighbours()


def _swap(word: str, rng: random.Random) -> str:
    if len(word) < 4:
        return word
    place = rng.randrange(1, len(word) - 2)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _delete(word: str, rng: random.Random) -> str:
    if len(word) < 4:
        return word
    place = rng.randrange(1, len(word) - 1)
    return word[:place] + word[place + 1 :]


def _insert(word: str, rng: random.Random) -> str:
    if len(word) < 3:
        return word
    place = rng.randrange(1, len(word))
    return word[:place] + rng.choice(_LETTERS) + word[place:]


def _substitute(word: str, rng: random.Random) -> str:
    if len(word) < 3:
        return word
    place = rng.randrange(1, len(word) - 1)
    return word[:place] + rng.choice(_LETTERS) + word[place + 1 :]


def _beside(word: str, rng: random.Random) -> str:
    places = [place for place in range(1, len(word) - 1) if word[place].lower() in _BESIDE]
    if not places:
        return word
    place = rng.choice(places)
    return word[:place] + rng.choice(_BESIDE[word[place].lower()]) + word[place + 1 :]


def _scramble(word: str, rng: random.Random) -> str:
    if len(word) < 5:
        return word
    inner = list(word[1:-1])
    rng.shuffle(inner)
    return word[0] + "".join(inner) + word[-1]


def _typo(name: str, change: Callable[[str, random.Random], str], known_as: str = "") -> Perturbation:
    return Perturbation(
        name, "character", over_words(change, share=_SHARE, least=4), word=change, also_known_as=known_as,
        languages=LATIN,
    )  # fmt: skip


SWAP = _typo("typo_swap", _swap, "textattack WordSwapNeighboringCharacterSwap")
DELETE = _typo("typo_delete", _delete, "textattack WordSwapRandomCharacterDeletion")
INSERT = _typo("typo_insert", _insert, "textattack WordSwapRandomCharacterInsertion")
SUBSTITUTE = _typo("typo_substitute", _substitute, "textattack WordSwapRandomCharacterSubstitution")
QWERTY = _typo("typo_qwerty", _beside, "textattack WordSwapQWERTY")
SCRAMBLE = _typo("scramble", _scramble, "textattack WordInnerSwapRandom")
