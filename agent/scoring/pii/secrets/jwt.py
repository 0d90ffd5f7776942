"""JSON Web Tokens."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0


RECOGNIZER = Recognizer(
    name="JSON Web Token",
    type="SECRET",
    source="RFC 7519, RFC 7515 section 3.1 (three base64url parts, the first of which encodes an object: eyJ)",
    pattern=bounded(r"eyJ(?<![\w-]eyJ)[\w-]{10,4096}+\.[\w-]{8,16384}+\.[\w-]{8,4096}+"),
    trigger=r"eyJ[\w-]{10}",
    judge=_judge,
    priority=9,
    lead=13,
)
