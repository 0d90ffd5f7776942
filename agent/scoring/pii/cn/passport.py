"""Passports of the People's Republic, named as such in the text."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, Words, bounded

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.9 if in_context else 0.0


RECOGNIZER = Recognizer(
    name="Chinese passport number",
    type="NATIONAL_ID",
    source="National Immigration Administration: E (ordinary, since 2012; E and a letter since 2017), G, D, S, P",
    pattern=bounded(r"(?<![\w-])(?:[EGDSP][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|1[45][0-9]{7})(?!\w|[.-][0-9])"),
    trigger=r"\b(?:[EGDSP][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|1[45][0-9]{7})\b",
    starts=True,
    judge=_judge,
    context=Words("passport", "护照 護照"),
    priority=6,
)
