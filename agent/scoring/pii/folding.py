"""The view of a text that the patterns read: ASCII digits and letters for their look-alikes, nothing invisible.

Only what a value may be typed with is folded, one character for one, so that offsets stay; invisible characters, which
would split a value in two, are left out, and then a map leads back to the raw text.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Sequence

from agent.normalize import INVISIBLE, LOOK_ALIKES

__all__ = ["fold"]

# What a Chinese input method types instead of the ASCII character.
_FOLDED = {chr(code): chr(code - 0xFEE0) for code in (0xFF0B, 0xFF0D, 0xFF0E, 0xFF1A, 0xFF1D, 0xFF20, 0xFF3F, 0xFF0F)}
_FOLDED |= {chr(code): chr(code - 0xFEE0) for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B))}
_FOLDED |= {chr(code): chr(code - 0xFEE0) for code in (*range(0xFF41, 0xFF5B), 0xFF08, 0xFF09)}
_FOLDED |= dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63", "-")
_FOLDED |= dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000", " ")
# Digits of other scripts, and digits and letters in circles (those are what NFKC gives for them).
_FOLDED |= {
    chr(code): str(unicodedata.digit(chr(code)))
    for block in (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50)
    for code in range(block, block + 10)
}
_FOLDED |= {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in (*range(0x2460, 0x2469), 0x24EA)}
_FOLDED |= {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0x24B6, 0x24EA)}
# The same in brackets, with a stop, in two circles, in black circles.
_FOLDED |= {
    chr(first + digit): str(digit)
    for first in (0x2473, 0x2487, 0x24F4, 0x2775, 0x277F, 0x2789)
    for digit in range(1, 10)
} | {"\u24ff": "0"}
# Raised and lowered digits, in a row: a single one is a footnote, a power, a formula.
_RAISED = {chr(code): str(unicodedata.digit(chr(code))) for code in (0xB2, 0xB3, 0xB9, 0x2070, *range(0x2074, 0x207A))}
_RAISED |= {chr(code): str(code - 0x2080) for code in range(0x2080, 0x208A)}
# Draws a key around the digit before it; without one, and with a selector, it is an emoji.
_KEY_CAP = "\u20e3"
_DROPPED = INVISIBLE + _KEY_CAP
# Kept apart: a class of the basic plane alone is a bit map, any other is a list of ranges walked for every character.
_MATHEMATICAL = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in (*range(0x1D7CE, 0x1D800),)}
_MATHEMATICAL |= {
    chr(code): form
    for code in range(0x1D400, 0x1D6A4)
    if (form := unicodedata.normalize("NFKC", chr(code))).isascii() and len(form) == 1
}
_BASIC_INVISIBLE = re.sub("[\U00010000-\U0010ffff]-[\U00010000-\U0010ffff]", "", _DROPPED)
_ONE = re.compile("[" + "".join(map(re.escape, _FOLDED)) + "]")
_ROW = re.compile("[" + "".join(_RAISED) + "]{4,}")
_HIDDEN = re.compile(f"[{_BASIC_INVISIBLE}]")
_BASIC = re.compile("[" + "".join(map(re.escape, [*_FOLDED, *_RAISED])) + _BASIC_INVISIBLE + "]")
_ASTRAL = re.compile("[\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U0001d400-\U0001d7ff\U000e0000-\U000e0fff]")
_ASTRAL_ONE = re.compile("[\U0001d400-\U0001d7ff]")
# Behind the sign of an address of mail: a domain is of one script, unless it is to look like another.
_DOMAIN = re.compile("(?<=@)[A-Za-z0-9.-]{0,64}[\u0370-\u052f][A-Za-z0-9.\u0370-\u052f-]{1,128}")
_LATIN = re.compile("[A-Za-z]")
# What JSON inside of a text has for a line feed, or for a character of another script, and URLs for signs and blanks:
# its letter, figures and hexadecimal digits are no part of the number that follows. Before numbers alone: lines of a
# key in PEM begin with anything.
_ESCAPE = re.compile(
    r"(?:\\(?:[nrt]|u[0-9A-Fa-f]{4})|%(?:0[9AaDd]|2[02789BbCcFf]|3[AaBbDd]|5[Bb]|7[Bb]))"
    r"(?=[+(]{0,2}[0-9](?:[ ().-]{0,2}[0-9]){5})"
)
_VISIBLE = re.compile(f"[^{_DROPPED}]+")


def fold(text: str) -> tuple[str, Sequence[int] | None]:
    """The text as the patterns read it, and the raw offset of each of its characters.

    Returns
    -------
    (str, sequence of int or None)
        None when the offsets are those of the raw text. Otherwise one offset more than there are characters, the last
        of which is the length of the raw text.
    """
    if "\\" in text or "%" in text:
        text = _ESCAPE.sub(_unescaped, text)
    if text.isascii():
        return text, None
    if "@" in text:
        text = _DOMAIN.sub(_latin_domain, text)
    basic, astral = _BASIC.search(text), _ASTRAL.search(text)
    if basic is None and astral is None:
        return text, None
    if basic is not None:
        text = _ROW.sub(_lowered, _ONE.sub(_folded, text))
    if astral is not None:
        text = _ASTRAL_ONE.sub(_folded_mathematical, text)
    elif _HIDDEN.search(text) is None:
        return text, None
    pieces = [(match.start(), match.end()) for match in _VISIBLE.finditer(text)]
    if len(pieces) == 1 and pieces[0] == (0, len(text)):
        return text, None
    offsets = array("q")
    for start, end in pieces:
        offsets.extend(range(start, end))
    offsets.append(len(text))
    return "".join(text[start:end] for start, end in pieces), offsets


def _unescaped(match: re.Match[str]) -> str:
    return "  +" if match[0].upper() == "%2B" else " " * len(match[0])


def _folded(match: re.Match[str]) -> str:
    return _FOLDED[match[0]]


def _lowered(match: re.Match[str]) -> str:
    return "".join(map(_RAISED.__getitem__, match[0]))


def _folded_mathematical(match: re.Match[str]) -> str:
    return _MATHEMATICAL.get(match[0], match[0])


def _latin_domain(match: re.Match[str]) -> str:
    domain = match[0]
    return domain.translate(LOOK_ALIKES) if _LATIN.search(domain) else domain
