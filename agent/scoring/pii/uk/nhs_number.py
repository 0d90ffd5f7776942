"""Patients' numbers of the National Health Service."""

from __future__ import annotations

from stdnum.gb import nhs

from agent.scoring.pii.labels import LabelledNumber, labelled_numbers

__all__ = ["RECOGNIZER"]

RECOGNIZER = labelled_numbers(
    "NHS number",
    "NHS Data Dictionary, NHS NUMBER (ten digits, mod 11); needs its label, since one in eleven numbers of ten digits "
    "checks",
    [LabelledNumber("nhs nhs_number nhs_no health_service_number chi chi_number", (10,), nhs.is_valid)],
    kind="MEDICAL_ID",
)
