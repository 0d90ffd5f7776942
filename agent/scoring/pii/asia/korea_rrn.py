"""Resident and foreigner registration numbers of South Korea."""

from __future__ import annotations

import re
from datetime import date

from stdnum.kr import rrn

from agent.scoring.pii.base import Recognizer, Words, bounded

__all__ = ["RECOGNIZER"]

_CENTURIES = {"1": 19, "2": 19, "3": 20, "4": 20, "5": 19, "6": 19, "7": 20, "8": 20, "9": 18, "0": 18}


def _judge(match: re.Match[str], in_context: bool) -> float:
    number = match[0]
    try:
        date(_CENTURIES[number[7]] * 100 + int(number[:2]), int(number[2:4]), int(number[4:6]))
    except ValueError:
        return 0.0
    if rrn.is_valid(number):
        return 1.0 if in_context else 0.8
    return 0.9 if in_context else 0.0  # those given since October 2020 have no check digit


RECOGNIZER = Recognizer(
    name="Korean resident registration number",
    type="NATIONAL_ID",
    source="Enforcement rule of the Resident Registration Act (birth date, sex and century, check digit until October "
    "2020); python-stdnum",
    pattern=bounded(r"[0-9](?<![\w.,/+-][0-9])[0-9][01][0-9][0-3][0-9]-[0-9]{7}(?!\w|[./-][0-9])"),
    trigger=r"\b[0-9]{2}[01][0-9][0-3][0-9]-[0-9]{7}\b",
    judge=_judge,
    context=Words(
        "rrn resident_registration registration korea korean identity", "주민등록번호 주민번호 외국인등록번호"
    ),
    priority=8,
    seldom=True,
)
