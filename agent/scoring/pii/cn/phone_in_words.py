"""Mobile numbers of mainland China that are spelled in Chinese numerals to get past filters."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer

__all__ = ["RECOGNIZER"]

_DIGIT = "零〇一二两三四五六七八九幺壹贰叁肆伍陆柒捌玖兩貳參陸0-9"
_SECOND = "三四五六七八九叁肆伍陆柒捌玖參陸"
_ONE_DIGIT = "(?:" + "|".join(_DIGIT[:-3]) + "|[0-9])"


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.9


RECOGNIZER = Recognizer(
    name="Chinese telephone number in words",
    type="PHONE",
    source="MIIT numbering plan (2017): mobile numbers of 11 digits from 13 to 19; numerals as in GB/T 15835-2011",
    pattern=re.compile(
        rf"(?<![{_DIGIT}])(?:[一幺壹][ \-]?[{_SECOND}3-9]|1[ \-]?[{_SECOND}]"
        rf"|1[ \-]?[3-9](?=(?:[ \-]?[0-9]){{0,8}}[ \-]?[{_DIGIT[:-3]}]))"
        rf"(?:[ \-]?[{_DIGIT}]){{9}}(?![{_DIGIT}])",
        re.ASCII,
    ),
    trigger=rf"(?:(?:一|幺|壹)[ \-]?(?:{'|'.join(_SECOND)}|[3-9])|1[ \-]?(?:{'|'.join(_SECOND)}))"
    rf"(?:[ \-]?{_ONE_DIGIT}){{3}}|1[ \-]?[3-9](?:[ \-]?[0-9]){{0,8}}[ \-]?(?:{'|'.join(_DIGIT[:-3])})",
    judge=_judge,
    priority=4,
)
