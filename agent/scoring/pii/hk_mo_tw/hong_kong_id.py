"""Identity cards of Hong Kong."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.context_words import ID_CONTEXT

__all__ = ["RECOGNIZER"]


def _checks(letters: str, digits: str, check: str) -> bool:
    """Weights 9 to 2 over two letters (A is 10; a blank, when there is one letter, 36) and six digits, modulo 11."""
    values = [36 if letter == " " else ord(letter) - 55 for letter in letters.rjust(2)]
    values += map(int, digits)
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    return "0A987654321"[total % 11] == check


def _judge(match: re.Match[str], in_context: bool) -> float:
    letters, check = match["letters"], match["check"] or match["bare"]
    if not _checks(letters.upper(), match["digits"], check.upper()):
        return 0.0
    # In small letters such things stand in any code: they need their brackets, and a word.
    if in_context:
        return 1.0 if match["check"] or letters.isupper() else 0.0
    return 0.8 if match["check"] and letters.isupper() else 0.0


RECOGNIZER = Recognizer(
    name="Hong Kong identity card",
    type="NATIONAL_ID",
    source="Immigration Department of Hong Kong: one or two letters, six digits, check digit modulo 11 in brackets",
    pattern=bounded(
        r"(?<![\w-])(?P<letters>[A-Za-z]{1,2})(?P<digits>[0-9]{6})"
        r"(?: ?\((?P<check>[0-9Aa])\)|(?P<bare>[0-9A])(?![\w-]))"
    ),
    trigger=r"\b[A-Za-z]{1,2}[0-9]{6}(?: ?\(|[0-9A]\b)",
    starts=True,
    judge=_judge,
    context=ID_CONTEXT,
    priority=7,
)
