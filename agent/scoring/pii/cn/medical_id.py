"""Numbers of patients and insured persons, named as such in the text."""

from __future__ import annotations

from agent.scoring.pii.cn.named_number import named_number

__all__ = ["RECOGNIZER"]

_WORDS = (
    "病历号|病案号|住院号|门诊号|就诊卡号|就诊卡|诊疗卡号|患者编号|病人编号|患者ID|病人ID|医保卡号|医保号|医保编号|"
    "社保卡号|社会保障卡号|"
    "社保号|检查号|标本号|处方号|体检号|病歷號|病歷編號|病案號|住院號|門診號|患者編號|病人編號|健保卡號|醫保卡號|醫保號|社保號"
)
RECOGNIZER = named_number(
    "Chinese patient's number",
    "MEDICAL_ID",
    "WS 445-2014 (electronic health records: outpatient, inpatient and record numbers), WS 363.2-2011",
    _WORDS,
    letters=4,
    rest=(3, 19),
    score=0.9,
    priority=8,
)
