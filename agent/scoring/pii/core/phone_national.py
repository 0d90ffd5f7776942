"""Telephone numbers as they are written at home: a trunk zero, an area code, groups."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.checksums import digits_of
from agent.scoring.pii.context_words import LABEL_DENIAL, PHONE_CONTEXT, PHONE_DENIAL
from agent.scoring.pii.numbering_plans import is_national

__all__ = ["RECOGNIZER"]

# Countries whose plans are strict. Where numbers may have any length (Germany, Austria), every part number is one.
_REGIONS = ("GB", "IE", "FR", "BE", "NL", "CH", "AU", "NZ", "ZA", "JP", "KR", "TH", "MY")


def _judge(match: re.Match[str], in_context: bool) -> float:
    digits = digits_of(match[0])
    if not 9 <= len(digits) <= 11 or not is_national(digits, _REGIONS):
        return 0.0
    return 1.0 if in_context else 0.7


RECOGNIZER = Recognizer(
    name="national telephone number",
    type="PHONE",
    source="the numbering plans of the countries in the table, as Google's libphonenumber has them; ITU-T E.123",
    pattern=bounded(
        r"(?<![\w+.,/:-])(?:\(0[0-9]{1,4}\) ?|0[0-9]{1,4}[ -])[0-9]{2,8}(?:[ -][0-9]{2,4}){0,3}(?!\w|[ .,/:-][0-9])"
    ),
    trigger=r"(?:\(0[0-9]{1,4}\) ?|\b0[0-9]{1,4}[ -])[0-9]{2}",
    judge=_judge,
    context=PHONE_CONTEXT,
    denial=PHONE_DENIAL,
    label=LABEL_DENIAL,
    priority=5,
)
