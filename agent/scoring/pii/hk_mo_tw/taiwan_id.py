"""Identity cards and residence certificates of Taiwan."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.context_words import ID_CONTEXT

__all__ = ["RECOGNIZER"]

# The two digits that a letter stands for, from 10 on, in the order in which the registration areas were numbered.
_AREAS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 1, 1)


def _checks(number: str) -> bool:
    area = _AREAS.index(number[0]) + 10
    total = area // 10 + area % 10 * 9
    return (total + sum(int(c) * weight for c, weight in zip(number[1:], _WEIGHTS, strict=True))) % 10 == 0


def _judge(match: re.Match[str], in_context: bool) -> float:
    # One in ten numbers of such a form checks, and part numbers have it too.
    return 1.0 if in_context and _checks(match[0]) else 0.0


RECOGNIZER = Recognizer(
    name="Taiwanese identity number",
    type="NATIONAL_ID",
    source="Ministry of the Interior, Taiwan: a letter, 1 or 2 (8 or 9 for residents from abroad, since 2021), seven "
    "digits, and a check digit modulo 10",
    pattern=bounded(r"(?<![\w-])[A-Z][1289][0-9]{8}(?![\w-])"),
    trigger=r"\b[A-Z][1289][0-9]{8}\b",
    starts=True,
    judge=_judge,
    context=ID_CONTEXT,
    priority=7,
)
