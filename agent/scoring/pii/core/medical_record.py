"""Numbers of patients' records, by their label."""

from __future__ import annotations

import re

from agent.scoring.pii.labels import labelled

__all__ = ["RECOGNIZER"]

_LABELS = (
    "medical_record medical_records medical_record_number med_rec med_record mrn patient_record patient_records "
    "patient_id patient_no patient_number hospital_number hospital_no chart_number chart_no health_record "
    "病历号 病案号 住院号 门诊号 就诊卡号"
)


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0 if sum(c.isdigit() for c in match["value"]) >= 4 else 0.0


RECOGNIZER = labelled(
    "medical record number",
    "MEDICAL_ID",
    source="45 CFR 164.514(b)(2)(i)(H) (HIPAA safe harbour: medical record numbers); HL7 v2 PID-3, identifier type MR; "
    "every hospital numbers in its own way, so that the label is needed",
    words=_LABELS,
    value=r"[A-Z]{0,4}[-#]?[0-9]{3,12}(?:-[0-9]{2,8}){0,3}[A-Z]?",
    judge=_judge,
    end=r"(?![\w-]|/[0-9])",
    priority=8,
)
