"""Registration numbers of prescribers with the Drug Enforcement Administration."""

from __future__ import annotations

import re

from agent.scoring.pii.labels import FAR, labelled

__all__ = ["RECOGNIZER"]

_LABELS = "dea dea_registration dea_number dea_no"


def _judge(match: re.Match[str], in_context: bool) -> float:
    digits = [int(c) for c in match["value"][2:]]
    checks = (digits[0] + digits[2] + digits[4] + 2 * (digits[1] + digits[3] + digits[5])) % 10 == digits[6]
    return 1.0 if checks else 0.8


RECOGNIZER = labelled(
    "DEA registration number",
    "LICENCE_ID",
    source="21 CFR 1301.13; DEA Diversion Control Division, registrant types (first letter) and check digit (the units "
    "of d1 + d3 + d5 + 2 (d2 + d4 + d6)); needs its label",
    words=_LABELS,
    value="[A-HJ-NPRSTUX][A-Z9][0-9]{7}",
    judge=_judge,
    gap=FAR,
    priority=8,
)
