"""What a recogniser is, and the cheap facts about a text that say which recognisers need to look at it at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntFlag

__all__ = ["Facts", "Match", "Recognizer", "Words", "bounded", "facts_of"]


class Facts(IntFlag):
    """Necessary conditions. A recogniser names those without which its pattern cannot match."""

    AT = 1
    DIGITS_7 = 2
    DIGITS_9 = 4
    DIGITS_11 = 8
    DIGITS_15 = 16
    DOTTED_DIGITS = 32
    COLONS = 64
    TOKEN = 128
    SECRET_WORD = 256
    CREDENTIAL_URL = 512
    PEM = 1024


@dataclass(frozen=True, slots=True)
class Match:
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
    category, type
        As in the contract: ``pii.email`` and ``EMAIL``.
    source
        The standard or the vendor's page that the pattern follows.
    needs
        Facts that must all hold for the text; the pattern runs only then.
    pattern
        Must run in linear time on any text: it starts at a boundary, and every repetition is bounded or possessive.
        The group ``value``, when there is one, is the span; the whole match otherwise.
    judge
        ``(match, in_context) -> score`` in [0, 1], 0 to reject. `in_context` is whether a context word stands near;
        it never lowers the score, so that a hit rejected in context is rejected without looking for any.
    span
        Where the value lies, for the few patterns that match more than the value; overrides the group.
    reach
        How many characters before the hit are searched for context words.
    literals
        When given, at least one must be in the lower-cased text.
    anchors
        When given, the pattern is tried only where one of them stands in the lower-cased text, instead of everywhere.
    context, denial
        Words that support a hit when they stand near it, and words just before it that deny it (an order number).
    priority
        Of overlapping hits the one with the higher priority is kept, then the longer.
    """

    name: str
    category: str
    type: str
    source: str
    needs: Facts
    pattern: re.Pattern[str]
    judge: Callable[[re.Match[str], bool], float]
    literals: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    context: Words | None = None
    denial: Words | None = None
    priority: int = 5
    span: Callable[[re.Match[str]], tuple[int, int]] | None = None
    reach: int = 48


class Words:
    """A set of words to look for in a little lower-cased text. Faster than one pattern with fifty alternatives.

    Parameters
    ----------
    english
        Blank-separated. They match as whole words, with a plural s or not; two words joined by ``_`` match with any
        one character, or none, between them.
    chinese
        Blank-separated. They match anywhere, since Chinese is written without blanks.
    """

    __slots__ = ("_chinese", "_latin")

    def __init__(self, english: str, chinese: str = "") -> None:
        self._latin = frozenset(word.replace("_", "") for word in english.split())
        self._chinese = tuple(chinese.split())

    def last_end(self, text: str) -> int:
        """Where the last of the words ends; -1 when there is none."""
        end = -1
        previous, previous_end = "", -2
        for match in _LATIN_WORD.finditer(text):
            word = match[0]
            if self._has(word) or (match.start() == previous_end + 1 and self._has(previous + word)):
                end = match.end()
            previous, previous_end = word, match.end()
        if not text.isascii():
            for word in self._chinese:
                at = text.rfind(word)
                if at >= 0:
                    end = max(end, at + len(word))
        return end

    def _has(self, word: str) -> bool:
        return word in self._latin or (word[-1] == "s" and word[:-1] in self._latin)


def bounded(body: str) -> re.Pattern[str]:
    """Compile a pattern in which ``\\w`` means ASCII only, so that Chinese text may touch a value on both sides."""
    return re.compile(body, re.ASCII)


_LATIN_WORD = re.compile("[a-z]+")

# Bytes to classes: 0 for a digit, k for what else a key is made of, the few characters that decide, and x.
_CLASSES = bytearray(b"x" * 256)
for _byte in b"0123456789":
    _CLASSES[_byte] = ord("0")
for _byte in b"@.:":
    _CLASSES[_byte] = _byte
_CLASS_TABLE = bytes(_CLASSES)
_TOKENS = bytearray(b"x" * 256)
for _byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-":
    _TOKENS[_byte] = ord("k")
_TOKEN_TABLE = bytes(_TOKENS)
_DIGIT_SEPARATORS = b" -.()/+\t\n"
_SECRET_WORDS = ("pass", "pwd", "pw", "secret", "token", "key", "auth", "密码", "口令", "密钥", "秘钥", "凭证", "令牌")


def facts_of(text: str) -> int:
    """The facts about a text, as the bits of `Facts`; one to three microseconds per hundred characters.

    Plain integers, because making the enumeration would cost as much as finding them. Everything is a byte-wise
    translation or a substring search, both of which run at memory speed.
    """
    data = text.encode("utf-8", "surrogatepass")
    classes = data.translate(_CLASS_TABLE)
    facts = 0
    if b"0" in classes:
        digits = data.translate(_CLASS_TABLE, _DIGIT_SEPARATORS)
        if b"0000000" in digits:
            facts |= 2
            if b"000000000" in digits:
                facts |= 4
                if b"00000000000" in digits:
                    facts |= 8
                    if b"000000000000000" in digits:
                        facts |= 16
        if b"0.0" in classes and classes.count(b".") >= 3:
            facts |= 32
    if b"@" in classes:
        facts |= 1
    if b":" in classes:
        if b"::" in classes or classes.count(b":") >= 7:
            facts |= 64
        if "://" in text:
            facts |= 512
    if b"kkkkkkkkkkkkkkkk" in data.translate(_TOKEN_TABLE):
        facts |= 128
    lowered = text.lower()
    for word in _SECRET_WORDS:
        if word in lowered:
            facts |= 256
            break
    if "-----BEGIN " in text:
        facts |= 1024
    return facts
