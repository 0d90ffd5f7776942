"""Resident identity numbers of mainland China in unusual groups: digit by digit, ``110105 1949 1231 002X``."""

from __future__ import annotations

import re

from agent.scoring.pii.checksums import mod_11_2
from agent.scoring.pii.cn.resident_id import is_born
from agent.scoring.pii.labels import labelled

__all__ = ["RECOGNIZER"]

_LABELS = (
    "身份证 身分证 身份證 身分證 公民身份 身份号码 证件号 證件號 id_card identity_card identity_number id_number "
    "resident_id national_id citizen_id"
)
_SIGN = "[ \\t._·-]{0,2}"
_SIGNS = re.compile("[ \\t._·-]+")


def _judge(match: re.Match[str], in_context: bool) -> float:
    number = _SIGNS.sub("", match["value"])
    if not is_born(number):
        return 0.0
    return 1.0 if mod_11_2(number) else 0.6


RECOGNIZER = labelled(
    "Chinese resident identity number in groups",
    "NATIONAL_ID",
    source="GB 11643-1999 (18 characters, ISO 7064 MOD 11-2), GB/T 2260 (regions); needs its label",
    words=_LABELS,
    value=rf"[1-9](?:{_SIGN}[0-9]){{16}}{_SIGN}[0-9X]",
    judge=_judge,
    gap="[^0-9\\n]{0,16}",
    end=r"(?!\w|[ .-]?[0-9])",
    priority=9,
)
