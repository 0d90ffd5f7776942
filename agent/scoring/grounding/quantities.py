"""Numbers in a text, with their units, as values that can be compared: 1,200 = 1200 = 1.2k = 一千二百."""

from __future__ import annotations

import re
from typing import NamedTuple

from agent.scoring.grounding.numerals import CHINESE_NUMERAL, ENGLISH_NUMBER, chinese_value, english_value
from agent.scoring.grounding.units import FIRST, MAGNITUDE, MAGNITUDES, PREFIXES, UNIT, UNITS

__all__ = ["Quantity", "blanked", "find_quantities", "quantity_at"]

# Longer digit strings are no amounts, and Python refuses to read them at some length.
_MOST_DIGITS = 40
_NUMBER = re.compile(r"[0-9]+(?:,[0-9]{3}(?![0-9]))*(?:\.[0-9]+)?")
_CHINESE = re.compile(
    rf"(?P<percent>百分之)?(?P<whole>{CHINESE_NUMERAL})(?:点(?P<rest>[零〇一二三四五六七八九]+)(?![十分刻]))?"
)
_CHINESE_DECIMALS = str.maketrans("零〇一二三四五六七八九", "00123456789")
_MONEY_MAGNITUDE = re.compile(r"[ ]?(?:m|b)(?![A-Za-z])")
_GOES_ON = re.compile(r"\.[0-9]|[a-z_]|-[a-z]{1,8}[0-9]")
_WORD = re.compile("[A-Za-z]+")
_AFTER_DIGITS = re.compile("[0-9][ -]?$")
_ORDINAL = re.compile(r"(?:st|nd|rd|th|s)(?![A-Za-z])")
# A temperature is below zero by its sign, which stands for no range (20-25°C) and joins no words; other quantities
# are told without theirs as well: -5 % is a fall of 5 %.
_SIGNED = ("celsius", "fahrenheit", "degree")
_BELOW_BEFORE = re.compile(r"(?:零下 ?|负|\bminus |(?:^|[^0-9A-Za-z)%°℃℉.–−-])[-–−])$")
_BELOW_AFTER = re.compile(r" below (?:zero|freezing)\b")
# 3年 lasts three years; 98年, 08年 and 2024年 name one and last none, and so do decades and forms of a school.
_LONGEST_YEARS = 60
_YEARS = re.compile(" ?年(?![代级度])")
_RANGE = re.compile(r" ?(?:[-–—~]|to|至|到) ?[0-9]{1,9}(?:\.[0-9]{1,6})?(?![0-9.,])")
_HEDGE_BEFORE = re.compile(
    r"(?:\b(?:about|around|approximately|roughly|nearly|almost|over|under|some|than|least|most|up to|circa|close to) ?"
    r"|[~≈]|约|近|超过|大概|不到|至少|最多|将近|接近) ?[$€£¥]?$"
)
_HEDGE_AFTER = re.compile(r" ?[\u4e00-\u9fff]{0,2}(?:多|余|左右|上下|以上|以下)|\+| or so\b")


class Quantity(NamedTuple):
    """A number in a text.

    Attributes
    ----------
    value
        As it stands, magnitude included, unit not: 1.2 for ``1.2 km``, 1200 for ``1.2k``. Below 0 for
        temperatures alone.
    unit
        What is measured (a row of ``units``); "" when it is not known.
    base
        The value in the base unit: 1200 for ``1.2 km``.
    resolution
        What the last digit written is worth: 100 for ``1.2k``. A value given more exactly may round to this one.
    hedged
        The text says that it is about so much.
    words
        Written in words, which people use for small counts and turns of speech.
    code
        Part of a name such as ``A320`` or ``1.2.3``: a value to be found, no amount to be checked.
    """

    start: int
    end: int
    value: float
    unit: str
    base: float
    resolution: float
    hedged: bool
    words: bool
    code: bool


def blanked(text: str, stretches: list[tuple[int, int]]) -> str:
    """The text with the stretches, in order, replaced by as many blanks."""
    if not stretches:
        return text
    pieces: list[str] = []
    position = 0
    for start, end in stretches:
        pieces += (text[position:start], " " * (end - start))
        position = end
    return "".join((*pieces, text[position:]))


def find_quantities(text: str, *, hedges: bool = True) -> list[Quantity]:
    """All numbers of a narrow text in lower case, in no particular order. Dates and times must have been blanked out.

    Parameters
    ----------
    hedges
        Look for "about"; not needed of what is only looked up.
    """
    found: list[Quantity] = []
    end = 0
    for match in _NUMBER.finditer(text):
        # 1万2千: the second number has been read with the first.
        if match.start() >= end and match.end() - match.start() <= _MOST_DIGITS:
            found.append(_digits(text, match, hedges))
            end = found[-1].end
    if not text.isascii():
        chinese = (_chinese(text, match) for match in _CHINESE.finditer(text))
        found += [quantity for quantity in chinese if quantity is not None]
    for match in ENGLISH_NUMBER.finditer(text):
        if _AFTER_DIGITS.search(text, max(0, match.start() - 2), match.start()):
            continue  # 60 thousand: read with its digits
        value = english_value(match.group())
        if value is not None:
            found.append(_measured(text, match.start(), match.end(), value, 1, "", words=True))
            continue
        for word in _WORD.finditer(text, *match.span()):  # "one and two": no number, but two of them
            if word.group().lower() != "and" and (value := english_value(word.group())) is not None:
                found += [_measured(text, word.start(), word.end(), value, 1, "", words=True)]
    return found


def quantity_at(text: str, start: int) -> Quantity | None:
    """The number in digits that begins at `start`; None when none does."""
    match = _NUMBER.match(text, start)
    return None if match is None or match.end() - start > _MOST_DIGITS else _digits(text, match)


def _digits(text: str, match: re.Match[str], hedges: bool = False) -> Quantity:
    start, end = match.span()
    written = match.group().replace(",", "")
    whole, _, decimals = written.partition(".")
    value: float = float(written) if decimals else int(whole)
    resolution = 10.0 ** -len(decimals)
    before = text[max(0, start - 4) : start]
    money = PREFIXES.get(before.rstrip()[-1:], "")
    if not money and _ends_in_word(before):
        return Quantity(start, end, value, "", value, resolution, False, False, True)
    if money and (scale := _MONEY_MAGNITUDE.match(text, end)):
        factor = 10**6 if scale.group().strip().lower() == "m" else 10**9
        value, resolution, end = _scaled(value, factor), resolution * factor, scale.end()
    unit = "%" if before.rstrip().endswith("百分之") else money
    return _measured(text, start, end, value, resolution, unit, hedges=hedges)


def _ends_in_word(before: str) -> bool:
    """Whether what stands before a number belongs to it: ``covid-``, ``v``, ``1.``."""
    last, last_but_one = before[-1:], before[-2:-1]
    if last == ".":
        return last_but_one.isdigit()
    if last in ("-", "_"):
        return last_but_one.isascii() and last_but_one.isalpha()
    return last.isascii() and last.isalpha()


def _chinese(text: str, match: re.Match[str]) -> Quantity | None:
    whole = chinese_value(match["whole"])
    if whole is None or text[match.start() - 1 : match.start()].isdigit():  # 3万: read with its digits
        return None
    value, resolution = float(whole), 1.0
    if match["rest"]:
        if len(match["rest"]) > _MOST_DIGITS:
            return None
        decimals = match["rest"].translate(_CHINESE_DECIMALS)
        value, resolution = float(f"{whole}.{decimals}"), 10.0 ** -len(decimals)
    if not value % 1:
        value = int(value)
    unit = "%" if match["percent"] else ""
    return _measured(text, match.start(), match.end(), value, resolution, unit, words=True)


def _scaled(value: float, factor: int) -> float:
    # 1.2 * 1000 is not 1200 in binary.
    product = value * factor
    return round(product) if abs(product - round(product)) < 1e-6 * max(1.0, abs(product)) else product


def _measured(
    text: str,
    start: int,
    end: int,
    value: float,
    resolution: float,
    unit: str,
    *,
    words: bool = False,
    hedges: bool = True,
) -> Quantity:
    """The quantity with what follows it: magnitude, then unit."""
    number_end = end
    hedged = hedges and _HEDGE_BEFORE.search(text, max(0, start - 16), start) is not None
    following = text[end : end + 2].lstrip(" -")[:1]
    measured = following in FIRST
    magnitude = MAGNITUDE.match(text, end) if measured else None
    if magnitude and not (words and magnitude.group()[:1].isspace()):
        factor = MAGNITUDES[magnitude.group().strip().lower()]
        value, resolution, end = _scaled(value, factor), resolution * factor, magnitude.end()
        # 1万2千 is one number; once is enough, nobody writes three.
        more = _NUMBER.match(text, end)
        if more and more.end() - more.start() <= 4 and "." not in more.group():
            lower = MAGNITUDE.match(text, more.end())
            if lower and MAGNITUDES[lower.group().strip().lower()] < factor:
                step = MAGNITUDES[lower.group().strip().lower()]
                value, resolution, end = value + int(more.group().replace(",", "")) * step, step, lower.end()
    base = value
    if measured and (followed := UNIT.match(text, end)) and (not unit or unit == "%"):
        said = (followed["word"] or followed["sign"]).lower()
        name, factor_of_unit = UNITS[said]
        if not (name == "%" and unit == "%"):
            unit, base = name, value * factor_of_unit
        end = followed.end()
    elif not unit and 0 < value <= _LONGEST_YEARS and text[start] != "0" and (years := _YEARS.match(text, end)):
        unit, base, end = "month", 12 * value, years.end()
    elif (
        not unit and end == number_end and (other := _RANGE.match(text, end)) and (of := UNIT.match(text, other.end()))
    ):
        # Of 0.2 to 0.4 g both are grams.
        name, factor_of_unit = UNITS[(of["word"] or of["sign"]).lower()]
        unit, base = name, value * factor_of_unit
    if unit in _SIGNED and _is_below_zero(text, start, end):
        value, base = -value, -base
    code = False
    if not words and end == number_end:
        if ordinal := _ORDINAL.match(text, end):
            end = ordinal.end()
        else:
            code = _GOES_ON.match(text, end) is not None
    hedged = hedged or (hedges and _HEDGE_AFTER.match(text, end) is not None)
    return Quantity(start, end, value, unit, base, resolution, hedged, words, code)


def _is_below_zero(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - 8) : start]
    return _BELOW_BEFORE.search(before) is not None or _BELOW_AFTER.match(text, end) is not None
