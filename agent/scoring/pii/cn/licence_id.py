"""Numbers of licences and certificates of persons, named as such in the text."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer

__all__ = ["RECOGNIZER"]

_WORDS = (
    "驾驶证号|驾驶证档案编号|档案编号|驾照号|驾驶证|行驶证号|军官证号|士兵证号|警官证号|记者证号|学生证号|学号|"
    "工号|执业证号|执业证书号|执业证编号|"
    "资格证号|资格证书号|毕业证号|毕业证书编号|学位证号|学位证书编号|房产证号|不动产权证号|营业执照号|"
    "营业执照注册号|注册号|车架号|发动机号"
)


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.8


RECOGNIZER = Recognizer(
    name="Chinese licence number",
    type="LICENCE_ID",
    source="GA 482-2012 (driving licences: file number of 12 digits); GB/T 35273-2020, annex B",
    pattern=re.compile(
        rf"(?:{_WORDS})(?:码)?[ \t]{{0,2}}(?:[:=：]|是|为)?[ \t]{{0,2}}"
        r"(?P<value>[A-Za-z]{0,6}[-_]?[0-9][0-9A-Za-z-]{4,21})(?![\w-])",
        re.ASCII,
    ),
    trigger=rf"(?:{_WORDS})(?:码)?[ \t]{{0,2}}(?:[:=]|：|是|为)?[ \t]{{0,2}}[A-Za-z]{{0,6}}[-_]?[0-9][0-9A-Za-z-]{{4}}",
    judge=_judge,
    priority=4,
)
