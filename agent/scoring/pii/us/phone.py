"""Telephone numbers of North America, written in groups."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.context_words import LABEL_DENIAL, PHONE_CONTEXT, PHONE_DENIAL

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0 if in_context else 0.7


RECOGNIZER = Recognizer(
    name="North American telephone number",
    type="PHONE",
    source="North American Numbering Plan: NXX-NXX-XXXX with N from 2 to 9 (ATIS-0300051)",
    pattern=bounded(
        r"(?<![\w+])(?<![0-9][.-])(?:\+?1[ .-]?)?(?:\([2-9][0-9]{2}\)[ .-]?|[2-9][0-9]{2}[.-])"
        r"[2-9][0-9]{2}[ .-][0-9]{4}(?:(?: ?x| ?ext\.? ?)[0-9]{1,5})?(?!\w|[.-][0-9A-Za-z])"
    ),
    trigger=r"(?:\)[ .-]?|\b(?:1[ .-]?)?[2-9][0-9]{2}[.-])[2-9][0-9]{2}[ .-][0-9]{4}",
    judge=_judge,
    context=PHONE_CONTEXT,
    denial=PHONE_DENIAL,
    label=LABEL_DENIAL,
)
