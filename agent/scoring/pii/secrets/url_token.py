"""Tokens in the query of an address: access tokens, keys and signatures that open what the address names."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer
from agent.scoring.pii.secrets.placeholders import is_placeholder
from agent.scoring.pii.secrets.randomness import LIKELY_RANDOM, randomness

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    value = match["value"]
    if is_placeholder(value):
        return 0.0
    return 0.9 if randomness(value) >= LIKELY_RANDOM else 0.0


RECOGNIZER = Recognizer(
    name="token in an address",
    type="SECRET",
    source=(
        "RFC 6750 section 2.3 (access_token), docs.aws.amazon.com (Signature Version 4 in queries), "
        "learn.microsoft.com (shared access signatures), cloud.google.com (signed URLs), "
        "CWE-598 (secrets in query strings)"
    ),
    pattern=re.compile(
        r"[?&;](?:amp;)?(?:X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)|sig|signature|credential"
        r"|(?:\w{1,20}[_-])?(?:token|secret|(?:api|app|access|auth|sub|subscription)?[_-]?key|password|passwd|pwd|jwt)"
        r"|auth|session(?:_?id)?|sid|jsessionid|phpsessid|sign|apikey|code)="
        r"(?P<value>[\w.~%+/-]{8,2048}+={0,2})",
        re.IGNORECASE | re.ASCII,
    ),
    trigger=(
        r"[?&;][\w-]*(?:token|secret|key|password|passwd|pwd|jwt|sig|signature|credential|auth|session(?:_?id)?|sid|sign"
        r"|code)="
    ),
    judge=_judge,
    priority=5,
    lead=64,
)
