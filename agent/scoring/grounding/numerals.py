"""Numbers that are written in words: Chinese numerals, English number words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

__all__ = [
    "CHINESE_DIGITS",
    "CHINESE_NUMERAL",
    "ENGLISH_NUMBER",
    "ORDINALS",
    "chinese_value",
    "english_value",
    "shares",
]

CHINESE_DIGITS: Final = "零〇一二两三四五六七八九"
CHINESE_NUMERAL: Final = f"[{CHINESE_DIGITS}十百千万亿]+"

_DIGIT = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_LONGEST = 24
# More is no amount that a text means, and floats of it overflow.
_LARGEST = 10**18

_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_ONES += ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {word: value for value, word in enumerate(_ONES)} | {word: 10 * n for n, word in enumerate(_TENS, 2)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
_ANY = "|".join(sorted([*_WORDS, *_SCALES], key=len, reverse=True))
ENGLISH_NUMBER: Final = re.compile(rf"\b(?:{_ANY})(?:(?:[ -]|[ ]and[ ])(?:{_ANY}))*\b")

_ORDINAL_WORDS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
ORDINALS: Final = {word: value for value, word in enumerate(_ORDINAL_WORDS.split(), 1)}


_PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
_SHARE = re.compile(
    r"\b(?:(?P<many>one|two|three|four|five|six|seven|eight|nine|an?)[ -])?"
    rf"(?P<part>{'|'.join(_PARTS)})s?\b|\b(?P<one>[1-9])(?:/| in )(?P<of>[1-9][0-9]?)\b(?![/0-9])"
    rf"|(?P<below>[{CHINESE_DIGITS}十]{{1,3}})分之(?P<above>[{CHINESE_DIGITS}十]{{1,3}})|(?P<half>一半|半数)"
    rf"|(?P<off>[1-9](?:\.[1-9])?|[{CHINESE_DIGITS}]{{1,2}})折(?![叠合扇断])"
)
_MOST_SHARES = 10_000


def shares(text: str) -> Iterator[float]:
    """The shares that a text in lower case tells in words: half, two thirds, 三分之二, 八折 (and what it saves)."""
    for match in islice(_SHARE.finditer(text), _MOST_SHARES):
        if match["part"]:
            many = match["many"] or "one"
            yield (1 if many in ("a", "an") else _WORDS[many]) / _PARTS[match["part"]]
        elif match["one"]:
            yield int(match["one"]) / int(match["of"])
        elif match["half"]:
            yield 0.5
        elif match["below"]:
            below, above = chinese_value(match["below"]), chinese_value(match["above"])
            if below and above:
                yield above / below
        else:
            off = match["off"]
            tenths = float(off) if off[0].isascii() else chinese_value(off)
            if tenths:
                left = tenths / (10.0 if tenths < 10 else 100.0)
                yield left
                yield 1.0 - left


def chinese_value(run: str) -> int | None:
    """The value of a run of Chinese numerals; None when it is no number (``千万`` is one, ``亿万十`` is none).

    A last digit without its unit counts the next lower one, as in ``一万二`` (12,000); digits alone are read one by
    one, as in ``二〇二四``.
    """
    if not run or len(run) > _LONGEST:
        return None
    if all(character in _DIGIT for character in run):
        return int("".join(str(_DIGIT[character]) for character in run))
    total = section = 0
    digit: int | None = None
    last = 1
    for place, character in enumerate(run):
        if character in _DIGIT:
            if digit not in (None, 0):
                return None
            digit = _DIGIT[character]
            if character in "零〇":
                last = 1  # 一千零五: what follows is read as it stands
            continue
        if character in _SMALL:
            last = _SMALL[character]
            section += (1 if digit is None else digit) * last
        else:
            last = _LARGE[character]
            section += digit or 0
            if place == 0 or section == 0:
                section = section or (1 if place == 0 else 0)
            if character == "亿":
                total, section = (total + section) * last, 0
            else:
                total, section = total + section * last, 0
            if total > _LARGEST:  # 亿亿亿 ...
                return None
        digit = None
    if digit is not None:
        section += digit * (last // 10 if last > 10 else 1)
    return total + section


def english_value(words: str) -> int | None:
    """The value of English number words, such as ``twenty-five`` or ``two hundred and six``; None for nonsense."""
    total = current = 0
    seen_scale = False
    for word in words.lower().replace("-", " ").split():
        if word == "and":
            continue
        if word in _WORDS:
            value = _WORDS[word]
            if current and not seen_scale and not (current % 100 >= 20 and current % 10 == 0 and value < 10):
                return None
            current += value
            seen_scale = False
        elif word == "hundred" or word == "dozen":
            current = (current or 1) * _SCALES[word]
            seen_scale = True
        else:
            total += (current or 1) * _SCALES[word]
            current = 0
            seen_scale = True
        if total + current > _LARGEST:  # hundred hundred hundred ...
            return None
    return total + current
