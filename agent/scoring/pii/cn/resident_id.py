"""Identity numbers of mainland China: of residents, and of foreigners who live there for good."""

from __future__ import annotations

import re
from datetime import date

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.checksums import mod_11_2
from agent.scoring.pii.context_words import ID_CONTEXT

__all__ = ["RECOGNIZER", "is_born"]

# GB/T 2260: the first two digits name a province; 71, 81, 82 and 83 are Taiwan, Hong Kong, Macau, residence permits.
_PROVINCES = frozenset(
    map(
        str,
        (*range(11, 16), 21, 22, 23, *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83),
    )
)
_FOREIGNER = "9"


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def is_born(number: str) -> bool:
    """Whether 18 characters begin with a region, and with a day of birth after it.

    A foreigner's begin with 9, the province and the number of the country that he is of (ISO 3166-1).
    """
    province = number[1:3] if number[0] == _FOREIGNER else number[:2]
    return province in _PROVINCES and _is_date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def _judge(match: re.Match[str], in_context: bool) -> float:
    number = match[0].replace(" ", "").replace("-", "")
    if len(number) == 15:  # issued until 1999: a year of two digits and no check digit
        issued = number[0] != _FOREIGNER and is_born(f"{number[:6]}19{number[6:]}")
        return 0.8 if in_context and issued else 0.0
    if not is_born(number):
        return 0.0
    if mod_11_2(number):
        return 1.0
    return 0.6 if in_context else 0.0  # one mistyped digit does not make it anonymous


RECOGNIZER = Recognizer(
    name="Chinese resident identity number",
    type="NATIONAL_ID",
    source="GB 11643-1999 (18 characters, ISO 7064 MOD 11-2), GB 11643-1989 (15 digits), GB/T 2260 (regions); "
    "National Immigration Administration: foreigners' permanent resident card of 2023 (the first digit is 9)",
    pattern=bounded(
        r"[1-9](?<![\w.+-][1-9])[0-9]{5}"
        r"(?:(?P<s>[ -]?)(?:18|19|20)[0-9]{6}(?P=s)[0-9]{3}[0-9Xx]|[0-9]{9})(?!\w|[.-][0-9])"
    ),
    trigger=r"\b[1-9][0-9]{5}(?:[ -]?(?:18|19|20)[0-9]{6}[ -]?[0-9]{3}[0-9Xx]|[0-9]{9})\b",
    starts=True,
    judge=_judge,
    context=ID_CONTEXT,
    priority=9,
)
