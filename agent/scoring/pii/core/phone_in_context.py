"""Numbers in any national notation that the text itself calls a telephone number."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.checksums import digits_of
from agent.scoring.pii.context_words import NUMBER_DENIAL, PHONE_CONTEXT

__all__ = ["RECOGNIZER"]

_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[-./ ][0-9]{1,2}[-./ ][0-9]{1,2}|[0-9]{1,2}[-./ ][0-9]{1,2}[-./ ](?:19|20)[0-9]{2}"
)
_SSN_OR_QUAD = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}")


def _judge(match: re.Match[str], in_context: bool) -> float:
    if not in_context or not 7 <= len(digits_of(match["number"])) <= 15:
        return 0.0
    value = match[0]
    if _DATE.match(value) or _SSN_OR_QUAD.fullmatch(value):
        return 0.0
    return 0.8


RECOGNIZER = Recognizer(
    name="number called a telephone number",
    type="PHONE",
    source="ITU-T E.123 (grouping), Google libphonenumber's documentation (7 to 15 digits); needs a context word",
    pattern=bounded(
        r"(?P<number>[(0-9](?<![\w+@#$€£¥][(0-9])(?<![0-9][.,-][(0-9])"
        r"(?:(?<=\()[0-9])?(?:[ ().-]{0,2}[0-9]){6,15}+)"
        r"(?:(?: ?x| ?ext\.? ?)[0-9]{1,5})?(?!\w|[.,-][0-9]|[%元块])"
    ),
    trigger=r"\(?\b[0-9](?:[ ().-]{0,2}[0-9]){6}",
    starts=True,
    judge=_judge,
    context=PHONE_CONTEXT,
    denial=NUMBER_DENIAL,
    priority=3,
    reach=28,
)
