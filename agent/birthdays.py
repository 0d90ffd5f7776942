"""Dates in the notations in which people write when they were born, as numbers that can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["dates_in"]

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_MONTH = rf"({'|'.join(_NAMES)})[a-z]{{0,6}}\.?"
_YEAR = "((?:19|20)[0-9]{2})"
_TH = "(?:st|nd|rd|th)?"
_YEAR_FIRST = re.compile(
    rf"(?<![0-9]){_YEAR}(?:[-/. ]|\s?年\s?)([0-9]{{1,2}})(?:[-/. ]|\s?月\s?)([0-9]{{1,2}})(?![0-9])"
)
_TOGETHER = re.compile(rf"(?<![0-9]){_YEAR}([01][0-9])([0-3][0-9])(?![0-9])")
_YEAR_LAST = re.compile(rf"(?<![0-9])([0-9]{{1,2}})[-/. ]([0-9]{{1,2}})[-/. ]{_YEAR}(?![0-9])")
_DAY_MONTH = re.compile(rf"(?<![0-9])([0-9]{{1,2}}){_TH}[ -]?(?:of )?{_MONTH},?[ -]?{_YEAR}(?![0-9])")
_MONTH_DAY = re.compile(rf"(?<![a-z]){_MONTH} ?([0-9]{{1,2}}){_TH},? {_YEAR}(?![0-9])")


def dates_in(text: str) -> Iterator[tuple[int, int, int]]:
    """Year, month and day of each date with all three, in digits or with an English month, in a text of lower case.

    Both readings of 3/5/1985. Linear in the length of the text.
    """
    for pattern in (_YEAR_FIRST, _TOGETHER):
        for match in pattern.finditer(text):
            yield from _valid(int(match[1]), int(match[2]), int(match[3]))
    for match in _YEAR_LAST.finditer(text):
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        yield from _valid(year, first, second)
        yield from _valid(year, second, first)
    for match in _DAY_MONTH.finditer(text):
        yield from _valid(int(match[3]), _MONTHS[match[2]], int(match[1]))
    for match in _MONTH_DAY.finditer(text):
        yield from _valid(int(match[3]), _MONTHS[match[1]], int(match[2]))


def _valid(year: int, month: int, day: int) -> Iterator[tuple[int, int, int]]:
    if 1 <= month <= 12 and 1 <= day <= 31:
        yield year, month, day
