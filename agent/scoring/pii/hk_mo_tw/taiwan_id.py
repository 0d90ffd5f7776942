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
    # Of the second letter of a residence certificate its last digit counts.
    second = number[1] if number[1].isdigit() else str(_AREAS.index(number[1]) % 10)
    digits = second + number[2:]
    return (total + sum(int(c) * weight for c, weight in zip(digits, _WEIGHTS, strict=True))) % 10 == 0


def _judge(match: re.Match[str], in_context: bool) -> float:
    # One in ten numbers of such a form checks, and part numbers have it too.
    return 1.0 if in_context and _checks(match[0].upper()) else 0.0


RECOGNIZER = Recognizer(
    name="Taiwanese identity number",
    type="NATIONAL_ID",
    source="Ministry of the Interior, Taiwan: a letter, 1 or 2 (8 or 9 for residents from abroad since 2021, whose "
    "certificates until then have a letter from A to D), seven digits, and a check digit modulo 10",
    pattern=bounded(r"(?<![\w-])(?:[A-Z][1289A-D]|[a-z][1289])[0-9]{8}(?![\w-])"),
    trigger=r"\b(?:[A-Z][1289A-D]|[a-z][1289])[0-9]{8}\b",
    starts=True,
    judge=_judge,
    context=ID_CONTEXT,
    priority=7,
)
