"""Values that their label tells: ``Passport No: ...``, ``"nhs_number": "..."``, ``PESEL ...``.

A number that looks like a thousand others is personal data only because the text says so before it. Looking for the
label first costs ordinary text nothing: the one pass over the text reports labels, which are rare, where it would
have to report every number otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.scoring.pii.base import Recognizer

__all__ = ["FAR", "NEAR", "LabelledNumber", "labelled", "labelled_numbers"]

_JOIN = r"(?:[ _.'/-]|’){0,2}"
_SUFFIX = "(?:s|number|num|no|id)?"
_LONGEST_SUFFIX = len("number")
_LONG = 9
_LINKS = (
    "numbers?|num|no|nr|nbr|ids?|code|card|is|was|are|as|of|for|the|my|his|her|their|your|our|a|ref|reference|value|"
    "on|file|holder|to|under|with|and|it|s|numero"
)
NEAR = rf"[\W_]{{0,24}}(?:(?:{_LINKS})[\W_]{{1,6}}){{0,4}}+"
"""Between a label and its value: signs, blanks, and at most four of the words that join the two."""
FAR = "[^0-9]{0,40}?(?:(?<![A-Za-z])|(?=[0-9]))"
"""Anything without a digit, for values that have check digits of their own."""
# It begins with at most six letters, or the words between the label and the number would be taken for its beginning.
_NUMBER = "(?=[A-Z]{0,6}[0-9]|[XYZ]-[0-9])[0-9A-Z](?:[ ./-]?[0-9A-Z]){6,21}"


def labelled(
    name: str,
    kind: str,
    source: str,
    words: str,
    value: str,
    judge: Callable[[re.Match[str], bool], float],
    *,
    gap: str = NEAR,
    end: str = r"(?!\w)",
    priority: int = 7,
    span: Callable[[re.Match[str]], tuple[int, int]] | None = None,
) -> Recognizer:
    """A recogniser of what stands after one of the words; its pattern has the groups ``label`` and ``value``.

    Parameters
    ----------
    name, source, judge, priority, span
        As of `Recognizer`.
    kind
        The type of the span.
    words
        Blank-separated, in lower case; in a word, ``_`` stands for up to two signs or blanks, or none. They match as
        whole words in any case, and as the beginning of a key (``passport_number``, ``passportNumber``).
    value
        Pattern of the value, any case.
    gap
        What may stand between the two: `NEAR`, `FAR` or another pattern.
    end
        What must not follow.
    """
    words = _with_capitals(words)
    labels = "|".join(_spelled(words))
    return Recognizer(
        name=name,
        type=kind,
        source=source,
        pattern=re.compile(
            rf"(?<![A-Za-z0-9])(?P<label>{labels}){_SUFFIX}(?![A-Za-z]){gap}(?P<value>{value}){end}",
            re.ASCII | re.IGNORECASE,
        ),
        trigger=_trigger(words),
        judge=judge,
        priority=priority,
        span=span,
        # The label, two signs where it is joined, what a key may add to it, and one character after it.
        lead=max(len(word) + word.count("_") for word in words.split()) + _LONGEST_SUFFIX + 1,
    )


def _trigger(words: str) -> str:
    """The labels alone: on the few characters around one the pattern is run.

    Long words as they are, since they are part of no others and plain strings cost least; short ones as words.
    """
    plain: list[str] = []
    bounded: list[str] = []
    for word in words.split():
        # Compiled in two thirds of the time of what the pattern has there.
        spelled = "[^A-Za-z0-9]*".join(word.split("_"))
        (plain if len(word) >= _LONG or not word.isascii() else bounded).append(spelled)
    if bounded:
        plain.append(rf"(?:\b|_)(?:{'|'.join(bounded)}){_SUFFIX}(?:\b|[_0-9])")
    return "|".join(plain)


@dataclass(frozen=True, slots=True)
class LabelledNumber:
    """A number with check digits, and what it is called.

    Attributes
    ----------
    words
        Its labels, as of `labelled`.
    sizes
        How many letters and digits it has.
    valid
        Takes the number as it is written, without anything around it.
    """

    words: str
    sizes: tuple[int, ...]
    valid: Callable[[str], bool]


def labelled_numbers(
    name: str, source: str, numbers: Sequence[LabelledNumber], *, kind: str = "NATIONAL_ID"
) -> Recognizer:
    """A recogniser of numbers that need their label and their check digits: one without the other is no hit."""
    by_label: dict[str, list[LabelledNumber]] = {}
    for number in numbers:
        for word in number.words.split():
            by_label.setdefault(word.replace("_", ""), []).append(number)
    words = " ".join(dict.fromkeys(word for number in numbers for word in number.words.split()))

    def length(label: str, text: str) -> int:
        """Characters of the longest number that the text begins with; 0 when it begins with none of the label's."""
        longest = 0
        for number in by_label[_LABEL_SIGNS.sub("", label.lower())]:
            for size in number.sizes:
                end = _end_of(text, size)
                if end > longest and number.valid(text[:end]):
                    longest = end
        return longest

    def judge(match: re.Match[str], in_context: bool) -> float:
        return 1.0 if length(match["label"], match["value"]) else 0.0

    def span(match: re.Match[str]) -> tuple[int, int]:
        return match.start("value"), match.start("value") + length(match["label"], match["value"])

    return labelled(name, kind, source, words, _NUMBER, judge, gap=FAR, end="", priority=8, span=span)


_LABEL_SIGNS = re.compile("[ _.'’/-]")


def _end_of(text: str, size: int) -> int:
    """Where so many letters and digits end; 0 when there are fewer, or the word goes on."""
    seen = 0
    for at, character in enumerate(text):
        seen += character.isalnum()
        if seen == size:
            return 0 if text[at + 1 : at + 2].isalnum() else at + 1
    return 0


def _with_capitals(words: str) -> str:
    """The words, and those with letters beyond ASCII in capitals, too: patterns fold the case of ASCII alone."""
    others = [form for word in words.split() if not word.isascii() for form in (word.capitalize(), word.upper())]
    return " ".join(dict.fromkeys([*words.split(), *others]))


def _spelled(words: str) -> list[str]:
    return [_JOIN.join(map(re.escape, word.split("_"))) for word in words.split()]
