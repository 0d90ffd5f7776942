"""Social security numbers of the United States."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.context_words import NUMBER_DENIAL, SSN_CONTEXT

__all__ = ["RECOGNIZER", "is_given"]

# Numbers that were printed in advertisements and never belong to a person (SSA, "misused numbers").
_ADVERTISED = frozenset(("078051120", "219099999", "123456789", "987654321"))


def is_given(digits: str) -> bool:
    """Whether nine digits can be somebody's number (or, with a 9 before them, a taxpayer's)."""
    impossible = digits[:3] in ("000", "666") or digits[3:5] == "00" or digits[5:] == "0000"
    return not impossible and digits not in _ADVERTISED


def _judge(match: re.Match[str], in_context: bool) -> float:
    area = match["area"]
    if not is_given(area + match["group"] + match["serial"]):
        return 0.0
    if in_context:
        return 1.0
    return 0.6 if match["s"] in ("-", ".") and area[0] != "9" else 0.0


RECOGNIZER = Recognizer(
    name="US social security number",
    type="NATIONAL_ID",
    source="US Social Security Administration, randomisation of 2011: area not 000, 666 or 9xx, no part all zero",
    pattern=bounded(
        r"(?P<area>[0-9](?<![\w.,+#/-][0-9])[0-9]{2})(?P<s>[ ./-]?)(?P<group>[0-9]{2})(?P=s)(?P<serial>[0-9]{4})"
        r"(?!\w|[.,/-][0-9A-Za-z])"
    ),
    trigger=r"\b[0-9]{3}[ ./-]?[0-9]{2}[ ./-]?[0-9]{4}\b",
    starts=True,
    judge=_judge,
    context=SSN_CONTEXT,
    denial=NUMBER_DENIAL,
    priority=6,
)
