"""National provider identifiers of the United States: who treats, and so who is treated where."""

from __future__ import annotations

import re

from agent.scoring.pii.checksums import luhn
from agent.scoring.pii.labels import FAR, labelled

__all__ = ["RECOGNIZER"]

_LABELS = "npi national_provider_identifier national_provider_id"


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0 if luhn("80840" + match["value"]) else 0.8


RECOGNIZER = labelled(
    "national provider identifier",
    "MEDICAL_ID",
    source='45 CFR 162.406; CMS, "Requirements for NPI check digit" (Luhn over 80840 and the ten digits); needs its '
    "label, and a number whose check digit is wrong still counts, since it was written as one",
    words=_LABELS,
    value="[0-9]{10}",
    judge=_judge,
    gap=FAR,
    priority=8,
)
