"""Telephone numbers written with a plus sign and a country code."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.checksums import digits_of
from agent.scoring.pii.context_words import LABEL_DENIAL, PHONE_CONTEXT, PHONE_DENIAL
from agent.scoring.pii.numbering_plans import is_on_plan

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    number = match["number"]
    if not 8 <= len(digits_of(number)) <= 15:
        return 0.0
    if in_context:
        return 1.0
    valid = _is_on_plan(match)
    if valid:
        return 0.9
    # The right length for its country, or no country's: +0 is none's, and what stands there is a sum.
    return 0.6 if valid is None else 0.0


def _is_on_plan(match: re.Match[str]) -> bool | None:
    return is_on_plan(digits_of(match["number"].replace("(0)", "")))


RECOGNIZER = Recognizer(
    name="international telephone number",
    type="PHONE",
    source="ITU-T E.164 (at most 15 digits) and E.123 (how they are written); the countries' numbering plans as "
    "Google's libphonenumber has them",
    pattern=bounded(
        r"\+(?<![\w+)=]\+)(?P<number>[0-9](?:[ ().-]{0,2}[0-9]){7,15}+)"
        r"(?:(?: ?x| ?ext\.? ?)[0-9]{1,5})?(?!\w|[.-][0-9])"
    ),
    trigger=r"\+[0-9](?:[ ().-]{0,2}[0-9]){7}",
    starts=True,
    judge=_judge,
    context=PHONE_CONTEXT,
    denial=PHONE_DENIAL,
    is_plain=lambda match: _is_on_plan(match) is True,
    label=LABEL_DENIAL,
)
