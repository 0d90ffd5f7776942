"""Mobile numbers of India, as written at home."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.context_words import LABEL_DENIAL, PHONE_CONTEXT, PHONE_DENIAL

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0 if in_context else 0.6 if match["s"] == " " else 0.0


RECOGNIZER = Recognizer(
    name="Indian mobile number",
    type="PHONE",
    source="Department of Telecommunications, National Numbering Plan 2003 (mobile: ten digits from 6 to 9, written in "
    "two fives)",
    pattern=bounded(r"(?<![\w+.,/:-])(?<![0-9] )[6-9][0-9]{4}(?P<s>[ -])[0-9]{5}(?!\w|[ .,/:-][0-9])"),
    trigger=r"\b[6-9][0-9]{4}[ -][0-9]{5}\b",
    judge=_judge,
    context=PHONE_CONTEXT,
    denial=PHONE_DENIAL,
    label=LABEL_DENIAL,
    seldom=True,
)
