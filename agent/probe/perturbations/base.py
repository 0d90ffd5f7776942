"""What a perturbation is, and what several of them need."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["HAN", "LATIN", "Kind", "Perturbation", "Span", "has_han", "language_of", "over_words", "same", "words_of"]

Kind: TypeAlias = Literal["character", "word", "encoding", "translation", "chinese", "template"]
Span: TypeAlias = tuple[int, int]

HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LONGEST_INPUT = 20_000

_LATIN = "en de fr es it pt nl pl cs sk sv da no nb nn fi hu ro tr id ms vi hr sl lt lv et sq af ca"
LATIN = frozenset(_LATIN.split())
"""Languages in Latin letters with blanks between words."""


def same(text: str) -> str:
    """A text as it is read when nothing but normalising has to be undone."""
    return text


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One way to change a text so that a model, or a filter before it, sees something else and a reader does not.

    Attributes
    ----------
    change
        From a text and a source of chance to the changed text. Never raises, whatever the text; the same text and state
        of chance give the same result. It may give the text as it is, where it has nothing to change.
    read_back
        What a knowing reader reads, applied to the changed text and to the original before they are compared: decodes,
        or maps what the perturbation takes for equal onto one form. The constraint of similarity is over this view, so
        that Base64 counts as equal and a text of which half is lost does not.
    languages
        Those that it is for; empty for any.
    word
        The same for one word, where that makes sense: what recipes choose their steps from.
    also_known_as
        The name that textattack or garak gives to the same thing.
    """

    name: str
    kind: Kind
    change: Callable[[str, random.Random], str]
    read_back: Callable[[str], str] = same
    languages: frozenset[str] = frozenset()
    word: Callable[[str, random.Random], str] | None = None
    also_known_as: str = ""

    def suits(self, language: str, text: str) -> bool:
        """Whether it is for texts in this language; where that is not known, the text's script tells."""
        if not self.languages:
            return True
        known = language.partition("-")[0].lower()
        return (language_of(text) if known in ("", "und", "xx") else known) in self.languages

    def __call__(self, text: str, rng: random.Random) -> str:
        """The changed text; of a very long one the beginning is changed and the rest left as it is."""
        return self.change(text[:_LONGEST_INPUT], rng) + text[_LONGEST_INPUT:]


def has_han(text: str) -> bool:
    """Whether a Chinese character stands in it."""
    return HAN.search(text) is not None


def language_of(text: str) -> str:
    """``zh`` for a text with Chinese characters, else ``en``: all that perturbations have to tell apart."""
    return "zh" if has_han(text) else "en"


def words_of(text: str, least: int = 1) -> list[Span]:
    """Where words of so many letters and more stand; a run of Chinese characters counts as one."""
    return [match.span() for match in _WORD.finditer(text) if match.end() - match.start() >= least]


def over_words(
    change: Callable[[str, random.Random], str], *, share: float = 1.0, least: int = 1
) -> Callable[[str, random.Random], str]:
    """A change of words as a change of texts: a share of the words, at least one, drawn by chance."""

    def changed(text: str, rng: random.Random) -> str:
        places = words_of(text, least)
        if share < 1.0 and places:
            places = sorted(rng.sample(places, max(1, round(share * len(places)))))
        parts: list[str] = []
        end = 0
        for start, stop in places:
            parts += (text[end:start], change(text[start:stop], rng))
            end = stop
        return "".join([*parts, text[end:]])

    return changed
