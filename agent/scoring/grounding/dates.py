"""Dates, times of day and days of the week, in English and Chinese, in narrow text of lower case. Linear patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from agent.scoring.grounding.numerals import CHINESE_DIGITS, chinese_value

__all__ = ["Date", "DayTime", "Weekday", "days_named", "find_dates", "find_times", "find_weekdays"]


class Date(NamedTuple):
    """A date; what is not said is None. ``swapped`` is the other reading of ``3/5/2024``."""

    start: int
    end: int
    year: int | None
    month: int
    day: int | None
    swapped: tuple[int, int] | None = None


class DayTime(NamedTuple):
    """A time of day: every minute since midnight that it may mean, and its hour as written."""

    start: int
    end: int
    minutes: tuple[int, ...]
    hour: int
    minute: int


class Weekday(NamedTuple):
    """A day of the week, 0 for Monday."""

    start: int
    end: int
    day: int


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_NAMED = (
    re.compile(rf"\b{_MONTH}\.? (?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<year>[12][0-9]{{3}})\b)?"),
    re.compile(rf"\b(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH}\b(?:,? (?P<year>[12][0-9]{{3}})\b)?"),
    re.compile(rf"\b{_MONTH}\.?,? (?:of )?(?P<year>[12][0-9]{{3}})\b(?P<day>)?"),
)
# The first and the last day: June 5-7, 5 to 7 June, 6月5日至7日.
_TO = "(?: ?[-–—~] ?| (?:to|through|until|and) )"
_UNTIL = (
    re.compile(
        rf"\b{_MONTH}\.? (?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?{_TO}(?P<last>[0-9]{{1,2}})(?:st|nd|rd|th)?\b"
        r"(?!,?[0-9]| ?[ap]\.?m|[:.%/-])(?:,? (?P<year>[12][0-9]{3})\b)?"
    ),
    re.compile(
        rf"\b(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?{_TO}(?P<last>[0-9]{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH}\b"
        r"(?:,? (?P<year>[12][0-9]{3})\b)?"
    ),
)
_ISO = re.compile(r"([12][0-9]{3})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([12][0-9]{3})(?![0-9/])")
_NUMERAL = f"(?:[0-9]{{1,4}}|[{CHINESE_DIGITS}十]{{1,4}})"
_CHINESE = re.compile(f"(?:({_NUMERAL}) ?年 ?)?({_NUMERAL}) ?月(?: ?({_NUMERAL}) ?[日号])?")
_CHINESE_UNTIL = re.compile(
    f"(?:(?P<year>{_NUMERAL}) ?年 ?)?(?P<month>{_NUMERAL}) ?月 ?(?P<day>{_NUMERAL}) ?[日号]?"
    f" ?[-–—~至到、和] ?(?P<last>{_NUMERAL}) ?[日号]"
)

_CLOCK = re.compile(r"([0-9]{1,2})[:：]([0-9]{2})(?![0-9])(?: ?([ap])\.?m\b\.?)?")
_HOUR_MARKED = re.compile(r"([0-9]{1,2})(?:\.([0-9]{2}))? ?([ap])\.?m\b\.?")
_NOON = re.compile(r"\b(noon|midnight)\b")
_PERIOD = "凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|晚间|夜里"
_CHINESE_TIME = re.compile(
    f"(?P<period>{_PERIOD})? ?(?P<hour>{_NUMERAL}) ?(?P<mark>点钟?|时|[:：](?P<clock>[0-9]{{2}}))"
    f"(?!建议|理由|原因|要求|意见|内容)(?:(?P<minute>{_NUMERAL})分?|(?P<half>半)|(?P<quarter>[一三])刻)?"
)

_EN_DAY = re.compile(r"\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b")
_SHORT_DAY = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)\b")
_ZH_DAY = re.compile("(?:周|星期|礼拜)([一二三四五六日天])")
_EN_INDEX = {"mon": 0, "tues": 1, "tue": 1, "wednes": 2, "wed": 2, "thurs": 3, "thu": 3, "fri": 4, "satur": 5}
_EN_INDEX |= {"sat": 5, "sun": 6}
_ZH_INDEX = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
_BETWEEN = re.compile(r" ?(?:-|–|—|~|to|through|thru|until|till|至|到) ?")
_GROUPS: Final = (
    (re.compile(r"\bweekends?\b|周末|双休日"), range(5, 7)),
    (re.compile(r"\b(?:weekdays?|working days?|business days?)\b|工作日|平日"), range(5)),
    (re.compile(r"\b(?:daily|every day|each day|all week|7 days|seven days)\b|每天|每日|天天|全年|24/7"), range(7)),
)


def find_dates(text: str) -> list[Date]:
    """Dates with a month and a day or a year; a month alone is none. In order, not overlapping."""
    found: list[Date] = []
    for match in _ISO.finditer(text):
        found += _checked(match, int(match[1]), int(match[3]), int(match[4]))
    for match in _YEAR_LAST.finditer(text):
        found += _year_last(match)
    if "月" in text:
        for match in _CHINESE_UNTIL.finditer(text):
            found += _both_ends(match, _number(match["month"]))
        for match in _CHINESE.finditer(text):
            year, month, day = (None if group is None else _number(group) for group in match.groups())
            if month is not None and (year is not None or day is not None):
                found += _checked(match, year, month, day)
    if any(month in text for month in _MONTHS):
        for pattern in _UNTIL:
            for match in pattern.finditer(text):
                found += _both_ends(match, _MONTHS.index(match["month"][:3].lower()) + 1)
        for pattern in _NAMED:
            for match in pattern.finditer(text):
                month = _MONTHS.index(match["month"][:3].lower()) + 1
                day = int(match["day"]) if match["day"] else None
                found += _checked(match, int(match["year"]) if match["year"] else None, month, day)
    return _apart(found)


def _inside(match: re.Match[str]) -> bool:
    """Whether a number goes on to the left. A look-behind in the pattern would be tried at every character.

    A sign goes on with a number only behind a digit: in 时间：9点 it ends a label.
    """
    before = match.string[max(0, match.start() - 2) : match.start()]
    last = before[-1:]
    return last.isdigit() or last == "/" or (last in (".", ":") and before[:-1].isdigit())


def _checked(match: re.Match[str], year: int | None, month: int, day: int | None) -> list[Date]:
    if _inside(match) or not 1 <= month <= 12 or (day is not None and not 1 <= day <= 31):
        return []
    return [Date(match.start(), match.end(), year, month, day)]


def _both_ends(match: re.Match[str], month: int | None) -> list[Date]:
    """The days with which a stretch of days within one month begins and ends."""
    year, first, last = (_number(match[name]) if match[name] else None for name in ("year", "day", "last"))
    if month is None or first is None or last is None or not first < last:
        return []
    if not _checked(match, year, month, first) or not _checked(match, year, month, last):
        return []
    begin = min(match.start("month"), match.start("day"))
    if match["year"] and match.start("year") < begin:
        begin = match.start("year")
    end = max(match.end("day"), match.end("month") if match.end("month") < match.start("last") else 0)
    return [
        Date(begin, end, year, month, first),
        Date(match.start("last"), match.end(), year, month, last),
    ]


def _year_last(match: re.Match[str]) -> list[Date]:
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    if _inside(match) or not (1 <= first <= 31 and 1 <= second <= 31 and min(first, second) <= 12):
        return []
    month, day = (first, second) if first <= 12 else (second, first)
    swapped = (day, month) if day <= 12 else None
    return [Date(match.start(), match.end(), year, month, day, swapped)]


def _apart(found: list[Date]) -> list[Date]:
    """The longest of those that overlap: the patterns look at the same characters."""
    kept: list[Date] = []
    for date in sorted(found, key=lambda date: (date.start, -date.end)):
        if not kept or date.start >= kept[-1].end:
            kept.append(date)
    return kept


def _number(text: str) -> int | None:
    return int(text) if text[0] in "0123456789" else chinese_value(text)


def find_times(text: str) -> list[DayTime]:
    """Times of day: ``8:30``, ``8 p.m.``, ``noon``, ``下午三点半``. An hour up to 12 may be in either half of a day."""
    found: list[DayTime] = []
    for pattern in (_CLOCK, _HOUR_MARKED):
        for match in pattern.finditer(text):
            found += _time(match, int(match[1]), int(match[2] or 0), (match[3] or "").lower())
    for match in _NOON.finditer(text) if "noon" in text or "midnight" in text else ():
        hour = 12 if match[1].lower() == "noon" else 0
        found.append(DayTime(match.start(), match.end(), (60 * hour,), 12, 0))
    if "点" in text or "时" in text or any(word in text for word in _PERIOD.split("|")):
        for match in _CHINESE_TIME.finditer(text):
            hour_said = _number(match["hour"])
            minute = 30 if match["half"] else 15 * (_number(match["quarter"]) or 0) if match["quarter"] else 0
            minute = _number(match["clock"] or match["minute"] or "零") or minute
            period = match["period"] or ""
            if hour_said is None or (match["clock"] and not period):
                continue
            half = "" if not period else "a" if period in ("凌晨", "清晨", "早上", "早晨", "上午") else "p"
            if period == "中午" and hour_said in (11, 12):
                half = "a" if hour_said == 11 else "p"
            found += _time(match, hour_said, minute, half)
    found.sort(key=lambda time: (time.start, -time.end))
    kept: list[DayTime] = []
    for time in found:
        if not kept or time.start >= kept[-1].end:
            kept.append(time)
    return kept


def _time(match: re.Match[str], hour: int, minute: int, half: str) -> list[DayTime]:
    if _inside(match) or hour > 24 or minute > 59:
        return []
    if half == "a":
        hours = [hour % 12 if hour <= 12 else hour]
    elif half == "p":
        hours = [hour % 12 + 12 if hour <= 12 else hour]
    else:
        hours = [hour % 24, (hour + 12) % 24] if hour <= 12 else [hour % 24]
    return [DayTime(match.start(), match.end(), tuple([60 * each + minute for each in hours]), hour, minute)]


def find_weekdays(text: str) -> Iterator[Weekday]:
    """Days of the week by their full names, in order of language and place."""
    for match in _EN_DAY.finditer(text):
        yield Weekday(match.start(), match.end(), _EN_INDEX[match[1].lower()])
    for match in _ZH_DAY.finditer(text):
        yield Weekday(match.start(), match.end(), _ZH_INDEX[match[1]])


def days_named(text: str) -> frozenset[int]:
    """Every day of the week that a text speaks of: by name, in a range (``Monday to Friday``) or in a group."""
    days: set[int] = set()
    for pattern, group in _GROUPS:
        if pattern.search(text):
            days.update(group)
    named = [*find_weekdays(text)]
    named += [Weekday(m.start(), m.end(), _EN_INDEX[m[1]]) for m in _SHORT_DAY.finditer(text)]
    named.sort()
    for place, (_, end, day) in enumerate(named):
        days.add(day)
        if place + 1 < len(named):
            following = named[place + 1]
            if following.start - end <= 9 and _BETWEEN.fullmatch(text, end, following.start):
                last = following.day if following.day >= day else following.day + 7
                days.update(each % 7 for each in range(day, last + 1))
        if len(days) == 7:
            break
    return frozenset(days)
