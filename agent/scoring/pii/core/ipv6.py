"""IPv6 addresses."""

from __future__ import annotations

import ipaddress
import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.context_words import ADDRESS_CONTEXT

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    if "::" not in match[0] and match[0].count(":") + match[0].count(".") // 3 != 7:
        return 0.0  # a time of day; cheaper than the exception
    try:
        address = ipaddress.IPv6Address(match[0])
    except ValueError:
        return 0.0
    if address.is_loopback or address.is_unspecified or address.is_multicast:
        return 0.0
    if "::" not in match[0]:
        # Eight pairs are a hardware address (EUI-64), not eight groups that all happen to be short.
        return 0.0 if all(len(group) == 2 for group in match[0].split(":")) else 1.0
    usual = address.is_link_local or address in _UNICAST or address in _LOCAL
    return 1.0 if usual and any(c.isdigit() for c in match[0]) else 0.6 if in_context else 0.0


_UNICAST = ipaddress.IPv6Network("2000::/3")
_LOCAL = ipaddress.IPv6Network("fc00::/7")

RECOGNIZER = Recognizer(
    name="IPv6 address",
    type="IP",
    source="RFC 4291 section 2.2 (text form), sections 2.4 and 2.5 (address types)",
    pattern=bounded(
        r"[0-9A-Fa-f:](?<![\w:.][0-9A-Fa-f:])(?:(?<=:):|[0-9A-Fa-f]{0,3}:)(?:[0-9A-Fa-f]{0,4}:){1,6}"
        r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4})(?![\w:]|\.[0-9])"
    ),
    trigger=r"[0-9A-Fa-f:](?::|[0-9A-Fa-f]{0,3}:)(?:[0-9A-Fa-f]{0,4}:)",
    judge=_judge,
    context=ADDRESS_CONTEXT,
    priority=6,
)
