"""IPv4 addresses."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.context_words import ADDRESS_CONTEXT, VERSION_DENIAL

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    octets = [int(part) for part in match["value"].split(".")]
    if max(octets) > 255 or octets[0] in (127, 255):
        return 0.0  # loopback addresses say nothing about a person, nor do net masks
    if in_context or match["after"] or match.string[max(0, match.start() - 1) : match.start()] in ("/", "@"):
        return 1.0
    return 0.0 if max(octets) <= 30 else 0.8  # 10.2.3.4 alone may as well be a section or a version


RECOGNIZER = Recognizer(
    name="IPv4 address",
    type="IP",
    source="RFC 791, RFC 3986 section 3.2.2 (IPv4address: no leading zeros), RFC 6890 (special-purpose addresses)",
    pattern=bounded(
        r"(?P<value>[1-9](?<![\w.-][1-9])[0-9]{0,2}+"
        r"(?:\.(?:0|[1-9][0-9]{0,2}+)){3})(?P<after>:[0-9]{2,5}|/[0-9]{1,2})?(?!\w|\.[0-9]|-[0-9A-Za-z])"
    ),
    trigger=r"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
    starts=True,
    judge=_judge,
    context=ADDRESS_CONTEXT,
    denial=VERSION_DENIAL,
    priority=5,
)
