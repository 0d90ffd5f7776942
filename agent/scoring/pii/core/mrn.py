"""Numbers of patients' records that begin with MRN."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0


RECOGNIZER = Recognizer(
    name="medical record number with its prefix",
    type="MEDICAL_ID",
    source="45 CFR 164.514(b)(2)(i)(H); HL7 v2 table 0203 (identifier type MR) and the usual prefix MRN",
    pattern=re.compile(r"M(?<![A-Za-z0-9]M)RN[-_#]?[0-9]{4,12}(?![\w-])", re.ASCII | re.IGNORECASE),
    trigger=r"MRN[-_#]?[0-9]{4}",
    judge=_judge,
    priority=9,
)
