"""Private and symmetric JSON Web Keys."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.secrets.randomness import LIKELY_RANDOM, randomness

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0 if randomness(match["value"]) >= 2 * LIKELY_RANDOM else 0.0


RECOGNIZER = Recognizer(
    name="JSON Web Key",
    type="SECRET",
    source="RFC 7517, RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1 (d, p, q, dp, dq, qi, k)",
    pattern=bounded(r"\"(?:d|k|p|q|dp|dq|qi)\\?\"[ \t]{0,4}:[ \t]{0,4}\\?\"(?P<value>[\w-]{22,1400}+)"),
    trigger=r"\"(?:d|k|p|q|dp|dq|qi)\\?\"[ \t]{0,4}:[ \t]{0,4}\\?\"[\w-]{22}",
    judge=_judge,
    priority=6,
    lead=38,
)
