"""Numbers of insured persons, by their label."""

from __future__ import annotations

import re

from agent.scoring.pii.labels import labelled

__all__ = ["RECOGNIZER"]

_LABELS = (
    "health_plan_beneficiary health_plan health_plan_id health_insurance health_insurance_policy medical_insurance "
    "insurance_member_id member_id subscriber_id beneficiary_number medicaid_id medicaid medicare_id medicare_number "
    "health_card ohip versichertennummer krankenversicherungsnummer numéro_de_mutuelle 医保卡号 医保号"
)


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.8 if sum(c.isdigit() for c in match["value"]) >= 5 else 0.0


RECOGNIZER = labelled(
    "health plan number",
    "MEDICAL_ID",
    source="45 CFR 164.514(b)(2)(i)(I) (HIPAA safe harbour: health plan beneficiary numbers); needs its label",
    words=_LABELS,
    value=r"[A-Z]{0,4}[-#]?[0-9]{5,14}(?:-[0-9A-Z]{2,8}){0,3}[A-Z]?",
    judge=_judge,
    end=r"(?![\w-]|/[0-9])",
    priority=7,
)
