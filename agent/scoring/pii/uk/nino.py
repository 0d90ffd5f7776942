"""National insurance numbers of the United Kingdom."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, Words, bounded
from agent.scoring.pii.context_words import NUMBER_DENIAL

__all__ = ["RECOGNIZER"]

_NEVER_GIVEN = frozenset(("BG", "GB", "KN", "NK", "NT", "TN", "ZZ"))


def _judge(match: re.Match[str], in_context: bool) -> float:
    if match[0][:2].upper() in _NEVER_GIVEN:
        return 0.0
    if in_context:
        return 1.0
    return 0.8 if match["s"] else 0.6


RECOGNIZER = Recognizer(
    name="UK national insurance number",
    type="NATIONAL_ID",
    source="HMRC manual NIM39110: two letters (not D, F, I, Q, U, V; the second not O; seven pairs never given), six "
    "digits, a letter from A to D",
    pattern=bounded(
        r"[A-CEGHJ-PR-TW-Z](?<![\w.-][A-CEGHJ-PR-TW-Z])[A-CEGHJ-NPR-TW-Z](?P<s> ?)"
        r"[0-9]{2}(?P=s)[0-9]{2}(?P=s)[0-9]{2} ?[A-D](?![\w-])"
    ),
    trigger=r"\b[A-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b",
    judge=_judge,
    context=Words("ni nino national_insurance insurance ni_number nic payroll hmrc"),
    denial=NUMBER_DENIAL,
    priority=8,
    seldom=True,
)
