"""Italian tax codes of persons."""

from __future__ import annotations

import re

from stdnum.it import codicefiscale

from agent.scoring.pii.base import Recognizer

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0 if codicefiscale.is_valid(match[0]) else 0.0


RECOGNIZER = Recognizer(
    name="Italian codice fiscale",
    type="NATIONAL_ID",
    source="DM 23 December 1976 (six letters, date of birth, municipality, check letter); python-stdnum",
    pattern=re.compile(
        r"[A-Z](?<!\w[A-Z])[A-Z]{5}[0-9L-NP-V]{2}[A-EHLMPR-T][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z](?!\w)",
        re.ASCII | re.IGNORECASE,
    ),
    trigger=r"\b[A-Z]{6}[0-9L-NP-V]{2}[A-EHLMPR-T][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z]\b",
    judge=_judge,
    priority=9,
    seldom=True,
)
