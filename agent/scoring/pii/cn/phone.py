"""Telephone numbers of mainland China."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.context_words import LABEL_DENIAL, NUMBER_DENIAL, PHONE_CONTEXT

__all__ = ["RECOGNIZER"]


_AREA = r"(?:10|2[0-9]|[3-9][0-9]{2})"
_COUNTED = "[.,]?[0-9]* ?(?:[元块万亿股吨萬億噸]|[美港日欧]元|英镑)"


def _judge(match: re.Match[str], in_context: bool) -> float:
    if match["country"]:
        return 1.0
    if in_context:
        return 1.0
    if match["mobile"]:
        return 0.8
    return 0.6 if match["join"] else 0.0


def _has_country(match: re.Match[str]) -> bool:
    return match["country"] is not None and match["country"].startswith(("+", "00", "("))


RECOGNIZER = Recognizer(
    name="Chinese telephone number",
    type="PHONE",
    source="MIIT numbering plan of telecommunication networks (2017): mobile numbers of 11 digits from 13 to 19, area "
    "codes 010, 02x and 0[3-9]xx before 7 or 8 digits; ITU-T E.164 country code 86",
    pattern=bounded(
        r"(?:(?<![\w+])|(?<=tel)|(?<=Tel)|(?<=TEL))(?<![0-9][.-])"
        r"(?P<country>(?:\+|00)86[ -]{0,2}|\(\+?86\)[ -]{0,2}|86[ -](?=1))?"
        r"(?:(?P<mobile>1[3-9][0-9](?:[0-9]{8}|(?P<s>[ .-])[0-9]{4}(?:(?P=s)|(?=[0-9]))[0-9]{4}))"
        rf"|(?:(?P<join>\(0?{_AREA}\) ?|0{_AREA}[ -])|(?P<bare>0{_AREA}[ -]?))"
        rf"[1-9][0-9]{{2,3}}[ -]?[0-9]{{4}}(?:-[0-9]{{1,5}}|转[0-9]{{1,5}})?)(?!\w|[.-][0-9]|{_COUNTED})"
    ),
    trigger=(
        r"(?:(?:\+|00)86[ -]{0,2}|\(\+?86\)[ -]{0,2}|86[ -])?"
        rf"(?:1[3-9][0-9][ .-]?[0-9]{{4}}|(?:0{_AREA}[ -]?|\(0?{_AREA}\) ?)[1-9][0-9]{{2,3}})[ .-]?[0-9]{{4}}\b"
    ),
    starts=True,
    judge=_judge,
    context=PHONE_CONTEXT,
    denial=NUMBER_DENIAL,
    is_plain=_has_country,
    label=LABEL_DENIAL,
)
