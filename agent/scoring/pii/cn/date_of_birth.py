"""Dates of birth as Chinese texts tell them, before the word: 1985年3月12日出生, 1985年3月12日生."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.republic_dates import REPUBLIC_DATE

__all__ = ["RECOGNIZER"]

_YEAR = "(?:19|20)[0-9]{2}"
_NUMERALS = "[一二三四五六七八九十]"
_DATES = (
    REPUBLIC_DATE,
    rf"{_YEAR} ?年 ?[0-9]{{1,2}} ?月(?: ?[0-9]{{1,2}} ?[日号號])?",
    rf"{_YEAR}(?P<s>[-/.])[0-9]{{1,2}}(?P=s)[0-9]{{1,2}}",
    rf"(?:一九|二[〇零○])[〇零○一二三四五六七八九]{{2}}年{_NUMERALS}{{1,2}}月(?:{_NUMERALS}{{1,3}}[日号號])?",
)
_NUMBERS = re.compile("[0-9]+")
_LAST_MONTH, _LAST_DAY = 12, 31


def _judge(match: re.Match[str], in_context: bool) -> float:
    numbers = [int(number) for number in _NUMBERS.findall(match["value"])][1:]
    for number, most in zip(numbers, (_LAST_MONTH, _LAST_DAY), strict=False):
        if not 1 <= number <= most:
            return 0.0
    return 1.0


RECOGNIZER = Recognizer(
    name="Chinese date of birth",
    type="DATE_OF_BIRTH",
    source="GB/T 7408.1-2023 (dates); how courts and registers write it: 1985年3月12日出生, 1985年3月12日生",
    pattern=bounded(
        rf"(?<![0-9./-])(?P<value>{'|'.join(_DATES)})"
        # The rate and the number of births of a month are nobody's.
        r"(?:[,，]? ?出生(?!率|人口|人数|人數|数|數|登记|登記|缺陷|队列)|生(?=[,，.。;；:、)）\s]|$))"
    ),
    trigger="(?:[0-9]|月|日|号|號)(?:,|，)? ?出生|(?:[0-9]|月|日|号|號)生",
    judge=_judge,
    priority=6,
)
