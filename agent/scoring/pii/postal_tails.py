"""How an address is written: its number, its words, and how it goes on after the street."""

from __future__ import annotations

__all__ = ["CAPITAL", "LETTER", "NUMBER", "TAIL", "UNIT", "WORD"]

LETTER = "A-Za-z\u00c0-\u024f"
CAPITAL = (
    "A-Z\u00c0-\u00de\u0100\u0106\u010c\u010e\u0110\u0141\u0143\u0147\u0150\u0158\u015a\u0160\u0170\u0179\u017b\u017d"
)
NUMBER = r"[0-9]{1,6}(?:[A-Za-z]|[-/][0-9]{1,4}[A-Za-z]?)?"
"""The number of a house, as it is written in one word."""
WORD = rf"(?-i:[{CAPITAL}])[{LETTER}'’.-]{{1,24}}"
"""A word with a capital."""
UNIT = (
    r"[ ,]{1,3}(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|Rm|Bldg|Building|#)\.? ?#?"
    r"[0-9A-Z][0-9A-Za-z-]{0,5}(?!\w)"
)
"""What divides a house, on the same line."""
_BREAK = r"[ ,]{0,2}\s{1,6}"
_TOWN = rf"{_BREAK}{WORD}(?: {WORD}){{0,3}}"
_ZIP = r"(?:[0-9]{5}(?:-[0-9]{4})?|(?-i:[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]))"
_AMERICAN = rf"{_TOWN},? {{0,2}}(?-i:[A-Z]{{2}}),?\s{{1,4}}{_ZIP}"
_BRITISH = rf"(?:{_BREAK}{WORD}){{0,4}}{_BREAK}(?-i:[A-Z]{{1,2}}[0-9][0-9A-Z]? ?[0-9][A-Z]{{2}})"
_CODE_FIRST = rf"{_BREAK}(?:[A-Z]{{1,2}}-)?[0-9]{{4,5}}(?:-[0-9]{{3}})? {WORD}(?:[ -]{WORD}){{0,2}}"
TAIL = rf"(?:{_AMERICAN}|{_BRITISH}|{_CODE_FIRST})(?!\w)"
"""Town and code, in the orders of the United States and Canada, the United Kingdom, and most of Europe."""
