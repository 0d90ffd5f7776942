"""Social security numbers digit by digit: ``5 5 5 - 1 2 - 3 4 5 6``."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.checksums import digits_of
from agent.scoring.pii.context_words import SSN_CONTEXT
from agent.scoring.pii.us.ssn import is_given

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.9 if in_context and is_given(digits_of(match[0])) else 0.0


RECOGNIZER = Recognizer(
    name="US social security number digit by digit",
    type="NATIONAL_ID",
    source="US Social Security Administration, randomisation of 2011; needs a context word",
    pattern=bounded(
        r"[0-9](?<![\w.,+-][0-9])(?<![0-9.+-] [0-9])(?: [0-9]){2} ?[-. ] ?[0-9] [0-9] ?[-. ] ?[0-9](?: [0-9]){3}"
        r"(?!\w| [0-9])"
    ),
    trigger=r"[0-9] [0-9] ?[-. ] ?[0-9] [0-9] ?[-. ] ?[0-9] [0-9]",
    judge=_judge,
    context=SSN_CONTEXT,
    priority=7,
    seldom=True,
)
