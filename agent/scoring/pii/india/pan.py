"""Permanent account numbers of India's income tax department."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, Words, bounded
from agent.scoring.pii.context_words import NUMBER_DENIAL

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    if match[0][5:9] == "0000":
        return 0.0
    if in_context:
        return 1.0
    return 0.7 if match[0][3] == "P" else 0.0  # a person's; the others are firms and trusts


RECOGNIZER = Recognizer(
    name="Indian permanent account number",
    type="NATIONAL_ID",
    source="Income Tax Department, structure of the PAN (AAAPL1234C: the fourth letter is the holder's kind)",
    pattern=bounded(r"[A-Z](?<![\w-][A-Z])[A-Z]{2}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z](?![\w-])"),
    trigger=r"\b[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]\b",
    judge=_judge,
    context=Words("pan pan_card permanent_account income_tax tax itr taxpayer"),
    denial=NUMBER_DENIAL,
    priority=8,
    seldom=True,
)
