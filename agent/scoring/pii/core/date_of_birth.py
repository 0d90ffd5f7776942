"""Dates of birth: dates that the text calls so."""

from __future__ import annotations

import re

from agent.scoring.pii.labels import FAR, labelled
from agent.scoring.pii.republic_dates import REPUBLIC_DATE

__all__ = ["RECOGNIZER"]

_LABELS = (
    "date_of_birth dob d.o.b birth_date date_born birthday born né_le née_le naissance date_de_naissance geburtsdatum "
    "geboren geb geboortedatum fecha_de_nacimiento nacido nacida data_di_nascita nato_il nata_il data_de_nascimento "
    "data_urodzenia 出生日期 出生年月 出生于 生于 生日 出生时间 出生: 生年月日 出生於 生於"
)
_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    "nov(?:ember)?|dec(?:ember)?)"
)
_YEAR = "(?:19|20)[0-9]{2}"
_NUMERALS = "[一二三四五六七八九十]"
_DATES = (
    REPUBLIC_DATE,
    rf"{_YEAR}(?P<s>[-/. ])[0-9]{{1,2}}(?P=s)[0-9]{{1,2}}",
    rf"{_YEAR} ?年 ?[0-9]{{1,2}} ?月(?: ?[0-9]{{1,2}} ?[日号])?",
    r"[0-9]{2} ?年 ?[0-9]{1,2} ?月 ?[0-9]{1,2} ?[日号]",
    rf"(?:一九|二[〇零○])[〇零○一二三四五六七八九]{{2}}年{_NUMERALS}{{1,2}}月(?:{_NUMERALS}{{1,3}}[日号])?",
    rf"[0-9]{{1,2}}(?P<t>[-/. ])[0-9]{{1,2}}(?P=t)(?:{_YEAR}|[0-9]{{2}})",
    rf"[0-9]{{1,2}}(?:st|nd|rd|th)?[ -]?(?:of )?{_MONTH}\.?,?[ -]?{_YEAR}",
    rf"{_MONTH}\.? [0-9]{{1,2}}(?:st|nd|rd|th)?,? {_YEAR}",
    rf"{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])",
)
_NUMBERS = re.compile("[0-9]+")


def _judge(match: re.Match[str], in_context: bool) -> float:
    numbers = [int(number) for number in _NUMBERS.findall(match["value"])]
    if not numbers:
        return 1.0  # in Chinese numerals
    if match["value"][0] == "民":
        return 1.0 if 1 <= (numbers[1:2] or [1])[0] <= 12 and max(numbers[2:], default=1) <= 31 else 0.0
    if len(numbers) < 3:
        return 1.0 if max(numbers) > 99 else 0.0  # the month in letters, the day left out, or all in one
    days = sorted(number for number in numbers if number < 100)[:2]
    return 1.0 if days[0] >= 1 and days[0] <= 12 and max(days) <= 31 else 0.0


RECOGNIZER = labelled(
    "date of birth",
    "DATE_OF_BIRTH",
    source='ISO 8601-1 and the usual national notations; a quasi-identifier, L. Sweeney, "Simple demographics often '
    'identify people uniquely" (2000); needs a label',
    words=_LABELS,
    value="|".join(_DATES),
    judge=_judge,
    gap=FAR,
    end=r"(?!\w|[-/.][0-9])",
    priority=6,
)
