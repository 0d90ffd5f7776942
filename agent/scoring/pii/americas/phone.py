"""Telephone numbers of Brazil, as written at home."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.context_words import LABEL_DENIAL, PHONE_CONTEXT, PHONE_DENIAL

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0 if in_context else 0.7


RECOGNIZER = Recognizer(
    name="Brazilian telephone number",
    type="PHONE",
    source="Anatel, Resolução 749/2022 (area code from 11 to 99, mobile numbers of nine digits from 9)",
    pattern=bounded(r"(?<!\w)\([1-9][1-9]\) ?(?:9[0-9]{4}|[2-5][0-9]{3})[ -][0-9]{4}(?!\w|[.-][0-9])"),
    trigger=r"\([1-9][1-9]\) ?[2-9][0-9]{3,4}[ -][0-9]{4}\b",
    judge=_judge,
    context=PHONE_CONTEXT,
    denial=PHONE_DENIAL,
    label=LABEL_DENIAL,
    seldom=True,
)
