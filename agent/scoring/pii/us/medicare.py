"""Medicare beneficiary identifiers of the United States."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, Words, bounded
from agent.scoring.pii.context_words import NUMBER_DENIAL

__all__ = ["RECOGNIZER"]

_LETTER = "[AC-HJKMNP-RT-Y]"
_EITHER = "[0-9AC-HJKMNP-RT-Y]"


def _judge(match: re.Match[str], in_context: bool) -> float:
    if in_context:
        return 1.0
    return 0.8 if match["s"] else 0.6


RECOGNIZER = Recognizer(
    name="Medicare beneficiary identifier",
    type="MEDICAL_ID",
    source='CMS, "Understanding the Medicare Beneficiary Identifier (MBI) format": eleven positions of fixed kind, '
    "without the letters S, L, O, I, B and Z",
    pattern=bounded(
        rf"[1-9](?<![\w.-][1-9]){_LETTER}{_EITHER}[0-9](?P<s>-?){_LETTER}{_EITHER}[0-9](?P=s){_LETTER}{{2}}[0-9]{{2}}"
        r"(?![\w-]|\.[0-9])"
    ),
    trigger=rf"\b[1-9]{_LETTER}{_EITHER}[0-9]-?{_LETTER}{_EITHER}[0-9]-?{_LETTER}{{2}}[0-9]{{2}}\b",
    judge=_judge,
    context=Words("medicare mbi beneficiary cms insurance patient"),
    denial=NUMBER_DENIAL,
    priority=7,
    seldom=True,
)
