"""Individual taxpayer identification numbers of the United States."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.context_words import NUMBER_DENIAL, SSN_CONTEXT

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0 if in_context else 0.6


RECOGNIZER = Recognizer(
    name="US individual taxpayer number",
    type="NATIONAL_ID",
    source="IRS Publication 1915: 9xx-nn-xxxx with nn from 50 to 65, 70 to 88, 90 to 92 or 94 to 99",
    pattern=bounded(
        r"9(?<![\w.,+#/-]9)[0-9]{2}(?P<s>[ -])(?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-24-9])(?P=s)[0-9]{4}"
        r"(?!\w|[.,/-][0-9A-Za-z])"
    ),
    trigger=r"\b9[0-9]{2}[ -][5-9][0-9][ -][0-9]{4}\b",
    judge=_judge,
    context=SSN_CONTEXT,
    denial=NUMBER_DENIAL,
    priority=6,
    seldom=True,
)
