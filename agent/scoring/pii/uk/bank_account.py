"""Bank accounts of the United Kingdom: a sort code beside an account number."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer

__all__ = ["RECOGNIZER"]

_WORDS = r"(?:[A-Za-z/&.]{1,10}[^0-9A-Za-z]{1,4}){0,5}"


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.9


RECOGNIZER = Recognizer(
    name="UK bank account",
    type="BANK_ACCOUNT",
    source="Pay.UK, sort code (three pairs of digits) and account number (eight digits, or seven), side by side",
    # The sort code alone names a branch; the account is the person's.
    pattern=re.compile(
        r"(?<![A-Za-z0-9])sort[ _-]?code[^0-9A-Za-z]{0,4}(?:(?:is|number|no)[^0-9A-Za-z]{1,4}){0,2}"
        r"(?P<sort>[0-9]{2}(?P<s>[ -]?)[0-9]{2}(?P=s)[0-9]{2})(?![0-9])[^0-9A-Za-z]{1,4}"
        + _WORDS
        + r"(?P<value>[0-9]{7,8})(?!\w)",
        re.ASCII | re.IGNORECASE,
    ),
    trigger=r"sort[ _-]?code[^0-9]*[0-9]",
    judge=_judge,
    priority=7,
)
