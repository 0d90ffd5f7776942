"""Aadhaar numbers of India."""

from __future__ import annotations

from stdnum.in_ import aadhaar, vid

from agent.scoring.pii.labels import LabelledNumber, labelled_numbers

__all__ = ["RECOGNIZER"]

_LABELS = "aadhaar aadhar adhaar adhar aadhaar_card uidai uid_number आधार"

RECOGNIZER = labelled_numbers(
    "Aadhaar number",
    "UIDAI, numbering scheme (twelve digits, the first from 2, Verhoeff check digit; sixteen for a virtual id); needs "
    "its label, since one in ten numbers of twelve digits checks",
    [LabelledNumber(_LABELS, (12,), aadhaar.is_valid), LabelledNumber(_LABELS, (16,), vid.is_valid)],
)
