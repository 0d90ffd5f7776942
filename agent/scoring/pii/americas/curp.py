"""Population registry codes of Mexico."""

from __future__ import annotations

import re

from stdnum.mx import curp

from agent.scoring.pii.base import Recognizer, bounded

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0 if curp.is_valid(match[0]) else 0.0


RECOGNIZER = Recognizer(
    name="Mexican CURP",
    type="NATIONAL_ID",
    source="RENAPO, Instructivo normativo para la asignación de la CURP (letters of the name, date, sex, state, check "
    "digit); python-stdnum",
    pattern=bounded(r"[A-Z](?<!\w[A-Z])[A-Z]{3}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9](?!\w)"),
    trigger=r"\b[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]\b",
    judge=_judge,
    priority=9,
    seldom=True,
)
