"""Passwords inside addresses: connection strings."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.secrets.placeholders import is_placeholder

__all__ = ["RECOGNIZER"]

# What documentation writes for a password.
_NAME = re.compile("(?:[a-z]{1,12}[_-]){0,4}(?:my)?(?:pass(?:word|wd)?|pwd|secret|token|key)", re.IGNORECASE)


def _judge(match: re.Match[str], in_context: bool) -> float:
    value = match["value"]
    if _NAME.fullmatch(value) or value[0] in "$<{[*%":
        return 0.0
    return 0.0 if len(value) >= 4 and is_placeholder(value) else 1.0


RECOGNIZER = Recognizer(
    name="password in an address",
    type="SECRET",
    source="RFC 3986 section 3.2.1 (userinfo); a password may hold an unescaped @, so the last one ends it",
    pattern=bounded(r"://[^\s/:@\"'<>]{0,64}+:(?P<value>[^\s/\"'<>]{1,128})@(?=[A-Za-z0-9\[])"),
    # Counted in bytes, of which a character has four at most.
    trigger=r"://[^\s/:@\"'<>]{0,256}:[^\s/\"'<>]{1,512}@[A-Za-z0-9\[]",
    judge=_judge,
    priority=9,
    lead=200,
)
