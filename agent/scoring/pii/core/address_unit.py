"""The line of an address that names an apartment."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.6


RECOGNIZER = Recognizer(
    name="apartment in an address",
    type="ADDRESS",
    source="USPS Publication 28 section 213 (secondary unit designators); only as a line of its own, since in a "
    "sentence a suite may be a hotel's",
    pattern=re.compile(
        r"(?<=\n)[ >?]{0,8}(?P<value>(?:Apt|Apartment|Suite|Ste|Flat|Unit)\.? #?[0-9]{1,5}[A-Z]?)"
        r"(?=[ ,]{0,3}(?:\n|\Z))",
        re.ASCII | re.IGNORECASE,
    ),
    trigger=r"\n[ >?]{0,8}(?:Apt|Apartment|Suite|Ste|Flat|Unit)\.? #?[0-9]",
    judge=_judge,
    priority=4,
)
