"""Driver numbers of Great Britain."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    number = match[0]
    month, day = int(number[6:8]), int(number[8:10])
    return 1.0 if (1 <= month <= 12 or 51 <= month <= 62) and 1 <= day <= 31 else 0.0


RECOGNIZER = Recognizer(
    name="British driver number",
    type="LICENCE_ID",
    source="DVLA, driver number (MORGA657054SM9IJ: surname padded with 9, decade, month with 50 added for women, day, "
    "year, initials, arbitrary digit, two check letters)",
    pattern=bounded(
        r"[A-Z](?<![\w-][A-Z])(?:[A-Z]{4}|[A-Z]{3}9|[A-Z]{2}99|[A-Z]999|9999)[0-9][0156][0-9][0-3][0-9]{2}"
        r"[A-Z][A-Z9][0-9][A-Z]{2}(?: ?[0-9]{2})?(?![\w-])"
    ),
    trigger=r"\b[A-Z](?:[A-Z]{4}|[A-Z]{3}9|[A-Z]{2}99|[A-Z]999|9999)[0-9][0156][0-9][0-3][0-9]{2}[A-Z][A-Z9][0-9]"
    r"[A-Z]{2}(?:\b|[0-9])",
    judge=_judge,
    priority=8,
    seldom=True,
)
