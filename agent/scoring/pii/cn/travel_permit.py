"""Permits to travel between the mainland, Hong Kong, Macau and Taiwan, named as such in the text."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded

__all__ = ["RECOGNIZER"]

_WORDS = "通行证|回乡证|台胞证|出入境证件|大陆居民往来台湾|居民来往内地|居住证|通行證|回鄉證|台胞證|臺胞證|居住證"
_SIGN = "(?:证件|證件)?(?:号码|号|编号|號碼|號|編號)?(?:是|为|為|[:*|` ]){0,6}"


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.9


RECOGNIZER = Recognizer(
    name="travel permit",
    type="NATIONAL_ID",
    source="National Immigration Administration: permits for Hong Kong and Macau (C, W), for Taiwan (L, T), "
    "return permits of residents of Hong Kong and Macau (H, M and 8 or 10 digits), of Taiwan (8 digits)",
    pattern=bounded(
        rf"(?:{_WORDS}){_SIGN}"
        r"(?P<value>[CWLTHM][0-9]{8}(?:[0-9]{2})?|C[A-HJ-NP-Z][0-9]{7}|[0-9]{8}(?:[0-9]{2})?)"
        r"(?!\w|[.-][0-9])"
    ),
    trigger=rf"(?:{_WORDS}){_SIGN}[CWLTHM]?[A-HJ-NP-Z]?[0-9]{{7}}",
    judge=_judge,
    priority=6,
)
