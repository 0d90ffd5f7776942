"""Numbers of patients and insured persons, named as such in the text."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer

__all__ = ["RECOGNIZER"]

_WORDS = (
    "病历号|病案号|住院号|门诊号|就诊卡号|就诊卡|诊疗卡号|患者编号|病人编号|患者ID|病人ID|医保卡号|医保号|医保编号|"
    "社保卡号|社会保障卡号|"
    "社保号|检查号|标本号|处方号|体检号"
)


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.9


RECOGNIZER = Recognizer(
    name="Chinese patient's number",
    type="MEDICAL_ID",
    source="WS 445-2014 (electronic health records: outpatient, inpatient and record numbers), WS 363.2-2011",
    pattern=re.compile(
        rf"(?:{_WORDS})(?:码)?[ \t]{{0,2}}(?:[:=：]|是|为)?[ \t]{{0,2}}"
        r"(?P<value>[A-Za-z]{0,4}[-_]?[0-9][0-9A-Za-z-]{3,19})(?![\w-])",
        re.ASCII,
    ),
    trigger=rf"(?:{_WORDS})(?:码)?[ \t]{{0,2}}(?:[:=]|：|是|为)?[ \t]{{0,2}}[A-Za-z]{{0,4}}[-_]?[0-9][0-9A-Za-z-]{{3}}",
    judge=_judge,
    priority=8,
)
