"""Identity cards of Macau."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.context_words import ID_CONTEXT

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.9 if in_context else 0.6 if "(" in match[0] else 0.0


RECOGNIZER = Recognizer(
    name="Macau identity card",
    type="NATIONAL_ID",
    source="Identification Services Bureau of Macau: 1, 5 or 7, six digits, and a check digit of unpublished rule",
    pattern=bounded(r"(?<![\w./(-])[157](?:[0-9]{6} ?\([0-9]\)|/[0-9]{6}/[0-9])(?![\w/-])"),
    trigger=r"\b[157](?:[0-9]{6} ?\([0-9]|/[0-9]{6}/[0-9])",
    starts=True,
    judge=_judge,
    context=ID_CONTEXT,
    priority=7,
)
