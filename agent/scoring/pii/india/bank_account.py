"""Bank accounts of India: beside the code of a branch."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded

__all__ = ["RECOGNIZER"]


def _span(match: re.Match[str]) -> tuple[int, int]:
    return match.span("before" if match["before"] else "after")


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.9


RECOGNIZER = Recognizer(
    name="Indian bank account",
    type="BANK_ACCOUNT",
    source="Reserve Bank of India, IFSC (four letters, 0, six letters or digits) beside an account of 9 to 18 digits",
    pattern=bounded(
        r"(?<![\w.+-])(?:(?P<before>[0-9]{9,18})[^0-9A-Za-z]{1,4}(?:(?:with|IFSC|code|Code|is|and)[^0-9A-Za-z]{1,4}){0,4}"
        r"[A-Z]{4}0[A-Z0-9]{6}"
        r"|[A-Z]{4}0[A-Z0-9]{6}[^0-9A-Za-z]{1,4}(?:[A-Za-z/]{1,9}[^0-9A-Za-z]{1,4}){0,4}(?P<after>[0-9]{9,18}))(?!\w)"
    ),
    trigger=r"[A-Z]{4}0[A-Z0-9]{6}",
    judge=_judge,
    span=_span,
    priority=7,
    seldom=True,
)
