"""Employer identification numbers of the United States: the tax number of the self-employed, too."""

from __future__ import annotations

import re

from stdnum.us import ein

from agent.scoring.pii.labels import labelled

__all__ = ["RECOGNIZER"]

_LABELS = "ein fein employer_identification_number employer_id federal_tax_id federal_tax_number employer_tax_id"


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.9 if ein.is_valid(match["value"]) else 0.0


RECOGNIZER = labelled(
    "US employer identification number",
    "LICENCE_ID",
    source="IRS Publication 1635 (nn-nnnnnnn) and the IRS's list of valid prefixes; needs its label",
    words=_LABELS,
    value="[0-9]{2}-?[0-9]{7}",
    judge=_judge,
    end=r"(?!\w|[.-][0-9])",
    priority=7,
)
