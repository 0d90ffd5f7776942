"""What a recogniser is: one kind of personal data, how it looks, and how a look-alike is told from it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec

from agent.simplified import simplified

__all__ = ["CATEGORIES", "Match", "Nearby", "Recognizer", "Words", "bounded", "longest_match"]

CATEGORIES: dict[str, str] = {
    "NAME": "pii.name",
    "EMAIL": "pii.email",
    "PHONE": "pii.phone",
    "NATIONAL_ID": "pii.national_id",
    "CARD": "pii.card",
    "BANK_ACCOUNT": "pii.bank_account",
    "ADDRESS": "pii.address",
    "IP": "pii.ip",
    "IM_ACCOUNT": "pii.im_account",
    "LICENCE_ID": "pii.licence_id",
    "MEDICAL_ID": "pii.medical_id",
    "PLATE": "pii.plate",
    "SECRET": "pii.secret",
    "DATE_OF_BIRTH": "pii.date_of_birth",
}
"""Category in findings by type of span, as in the contract, and `DATE_OF_BIRTH`."""


class Match(msgspec.Struct, frozen=True, gc=False):
    """One accepted hit, ``[start, end)`` in the text that was searched."""

    start: int
    end: int
    score: float
    recognizer: Recognizer


@dataclass(frozen=True, slots=True)
class Recognizer:
    """How one kind of personal data looks, and how a look-alike is told from it.

    Attributes
    ----------
    name
        Shown to people as the explanation of a hit.
    type
        As in the contract: ``EMAIL``.
    source
        The standard or the vendor's page that the pattern follows.
    pattern
        Must run in linear time on any text: it starts at a boundary, and every repetition is bounded or possessive.
        The group ``value``, when there is one, is the span; the whole match otherwise.
    judge
        ``(match, in_context) -> score`` in [0, 1], 0 to reject. `in_context` is whether a context word stands near;
        it never lowers the score, so that a hit rejected in context is rejected without looking for any.
    trigger
        What the one pass over the text looks for, in Hyperscan's syntax: every match of `pattern` has a match of
        `trigger` that ends inside of it. The pattern itself when empty, which is right for patterns that end soon; one
        with a long tail should give a trigger that ends with its beginning, so that it is reported once.
    span
        Where the value lies, for the few patterns that match more than the value; overrides the group.
    reach
        How many characters before the hit are searched for context words.
    context, denial
        Words that support a hit when they stand near it, and words just before it that deny it (an order number).
    label
        Words that deny a hit right before it only, as its label (order no.).
    is_plain
        Whether a match is one beyond doubt, whatever is spoken of: then `denial` is switched off, and `label` is not.
    priority
        Of overlapping hits the one with the higher priority is kept, then the longer.
    starts
        Whether a match of the trigger begins where that of the pattern does; then no other place is tried first.
    lead
        Characters from the beginning of a match to the end of the trigger's match in it, at the most: what is searched
        before a report. The longest match's when 0, which is right for any trigger and slow where a match is long.
    seldom
        Few texts have what `trigger` describes, and it holds no fixed characters. Such triggers are looked for as one,
        and a report is looked into by all of their recognisers: each by itself would take long to compile.
    longest
        Characters of the longest match: computed from the pattern.
    category
        Of findings of this type.
    group
        The group that is the span, where `span` does not tell: ``value``, or the whole match.
    is_whole
        Whether the whole match is the span.
    looks_around
        Whether there are words to look for around a hit.
    """

    name: str
    type: str
    source: str
    pattern: re.Pattern[str]
    judge: Callable[[re.Match[str], bool], float]
    trigger: str = ""
    context: Words | None = None
    denial: Words | None = None
    label: Words | None = None
    is_plain: Callable[[re.Match[str]], bool] | None = None
    priority: int = 5
    span: Callable[[re.Match[str]], tuple[int, int]] | None = None
    reach: int = 48
    starts: bool = False
    lead: int = 0
    seldom: bool = False
    longest: int = field(init=False)
    group: str | int = field(init=False)
    category: str = field(init=False)
    is_whole: bool = field(init=False)
    looks_around: bool = field(init=False)

    def __post_init__(self) -> None:
        shortest, longest = _widths(self.pattern.pattern, self.pattern.flags & ~re.UNICODE)
        if not 0 < shortest <= longest <= _LONGEST:
            raise ValueError(f"pii: the pattern of {self.name} has no bound, or matches nothing; this is a bug")
        object.__setattr__(self, "longest", longest)
        object.__setattr__(self, "group", "value" if "value" in self.pattern.groupindex else 0)
        object.__setattr__(self, "category", CATEGORIES[self.type])
        object.__setattr__(self, "is_whole", self.span is None and self.group == 0)
        object.__setattr__(self, "looks_around", self.context is not None or self.denial is not None)
        object.__setattr__(self, "lead", self.lead or longest)
        object.__setattr__(self, "trigger", self.trigger or self.pattern.pattern)


def longest_match(expression: str, flags: int = 0) -> int:
    """Characters of the longest match of an expression; a huge number for one without bound."""
    return _widths(expression, flags)[1]


def _widths(expression: str, flags: int = 0) -> tuple[int, int]:
    shortest, longest = re._parser.parse(expression, flags).getwidth()  # type: ignore[attr-defined]
    return int(shortest), int(longest)


class Words:
    """A set of words to look for near a hit.

    Parameters
    ----------
    english
        Blank-separated. They match as whole words, with a plural s or not (not: when a ``.`` ends the word); two words
        joined by ``_`` match written as one, and one after the other.
    chinese
        Blank-separated. They match anywhere, since Chinese is written without blanks, and in either writing of it.
    """

    __slots__ = ("_chinese", "_firsts", "_pairs", "_single")

    def __init__(self, english: str, chinese: str = "") -> None:
        single = [word.replace("_", "") for word in english.split()]
        plural = [f"{word}s" for word in single if not word.endswith(".")]
        self._single = frozenset([word.rstrip(".") for word in single] + plural)
        pairs = [tuple(word.split("_")) for word in english.split() if "_" in word]
        self._pairs = frozenset(pairs + [(first, f"{second}s") for first, second in pairs])
        self._firsts = frozenset(first for first, _ in pairs)
        longest_first = sorted(dict.fromkeys(simplified(chinese).split()), key=len, reverse=True)
        self._chinese = re.compile("|".join(longest_first)) if longest_first else None

    def last_end(self, near: Nearby) -> int:
        """Where the last of the words ends in that text; -1 when there is none."""
        end = -1
        words = near.words
        if not self._single.isdisjoint(words):
            end = max(map(near.end_of, self._single.intersection(words)))
        if not self._firsts.isdisjoint(words) and not self._pairs.isdisjoint(near.pairs):
            end = max(end, *(near.end_of(second, behind=first) for first, second in self._pairs & near.pairs))
        if self._chinese is not None and not near.is_ascii:
            for match in self._chinese.finditer(near.simplified):
                end = max(end, match.end())
        return end


class Nearby:
    """A little text near a hit, lower-cased and cut into words once for all that look for some in it.

    Its Latin letters lose their accents, as those of the words looked for are written without: ``teléfono``.
    """

    __slots__ = ("_pairs", "_simplified", "is_ascii", "text", "words")

    def __init__(self, text: str) -> None:
        text = text.lower()
        self.is_ascii = text.isascii()
        if not self.is_ascii:
            text = _MARKED_LATIN.sub(_without_mark, text)
        self.text = text
        self.words = _LATIN_WORD.findall(text)
        self._pairs: set[tuple[str, str]] | None = None
        self._simplified: str | None = None

    @property
    def simplified(self) -> str:
        """The text in simplified characters; places stay."""
        if self._simplified is None:
            self._simplified = simplified(self.text)
        return self._simplified

    @property
    def pairs(self) -> set[tuple[str, str]]:
        """Each word with the one after it, without a particle between them: ``numéro de commande`` as well."""
        if self._pairs is None:
            self._pairs = set(pairwise(self.words))
            if not _PARTICLES.isdisjoint(self.words):
                self._pairs.update(pairwise([word for word in self.words if word not in _PARTICLES]))
        return self._pairs

    def end_of(self, word: str, behind: str = "") -> int:
        """Where one of its words ends for the last time, behind that other one; -1 when it does not."""
        start = len(self.text)
        while start > 0:
            start = self.text.rfind(word, 0, start + len(word) - 1)
            end = start + len(word)
            if start < 0 or _is_latin(self.text[start - 1 : start]) or _is_latin(self.text[end : end + 1]):
                continue
            if not behind or self._stands_behind(start, behind):
                return end
        return -1

    def _stands_behind(self, start: int, word: str) -> bool:
        """In the same sentence: not in *Where is my order? Number: 030 ...*."""
        behind = self.text.rfind(word, 0, start) + len(word)
        if _SENTENCE_END.search(self.text, behind, start):
            return False
        before = _LATIN_WORD.findall(self.text[:start])
        return before[-1:] == [word] or [one for one in before if one not in _PARTICLES][-1:] == [word]


def _without_mark(match: re.Match[str]) -> str:
    # A mark of its own goes, a letter loses its own.
    return "" if "\u0300" <= match[0] <= "\u036f" else unicodedata.normalize("NFD", match[0])[0]


def _is_latin(character: str) -> bool:
    return "a" <= character <= "z"


def bounded(body: str) -> re.Pattern[str]:
    """Compile a pattern in which ``\\w`` means ASCII only, so that Chinese text may touch a value on both sides."""
    return re.compile(body, re.ASCII)


_LATIN_WORD = re.compile("[a-z]+")
_SENTENCE_END = re.compile(r"(?:[?!]|(?<!\bn)(?<!\bno)(?<!\bnr)(?<!\bnum)(?<!\bref)(?<!\bid)\.)\s")
_MARKED_LATIN = re.compile("[\u00e0-\u024f\u0300-\u036f\u1e00-\u1eff]")
_PARTICLES = frozenset(("de", "la", "du", "d", "del", "do", "da", "di", "dell"))
_LONGEST = 65_536
