"""Label values that any scraper can read, and still tell different names apart.

What needs no cleaning stays as it is. All else is written out: a character that does not print as its code, a backslash
that would pass for the beginning of such a code as ``\\u005c``, so that what was a character and what was always text
differ. What is too long is cut, and ends in a hash of the whole.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

__all__ = ["MAX_LABEL_LENGTH", "UNKNOWN", "clean_label", "is_plain"]

UNKNOWN: Final = "unknown"
MAX_LABEL_LENGTH: Final = 120

_HASH_DIGITS: Final = 16
_KEPT: Final = MAX_LABEL_LENGTH - _HASH_DIGITS - 1
#: More than are kept, so that a code that begins before the cut is seen as one.
_MOST_READ: Final = 2 * MAX_LABEL_LENGTH
_CODE: Final = re.compile(r"\\(?=u(?:[0-9a-f]{4}|\{[0-9a-f]+\}))")
_HASH: Final = re.compile(r"…[0-9a-f]{16}\Z")


def clean_label(value: str) -> str:
    """A label value: printable, at most 120 characters, no lone surrogates; "" becomes ``unknown``.

    Two values share one only where 64 bits of SHA-256 agree, or where one is empty and the other ``unknown``.
    """
    if is_plain(value):
        return value or UNKNOWN
    # The cut first: a name of megabytes must not cost more than its hash does.
    text = "".join(char if char.isprintable() else _code(char) for char in _CODE.sub(r"\\u005c", value[:_MOST_READ]))
    if len(value) <= MAX_LABEL_LENGTH and len(text) <= MAX_LABEL_LENGTH and not _looks_cut(text):
        return text
    return f"{text[:_KEPT]}…{sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()[:_HASH_DIGITS]}"


def is_plain(value: str) -> bool:
    """Whether a value stays as it is. What `clean_label` has made of another value does not: it would not stay so."""
    if len(value) > MAX_LABEL_LENGTH or not value.isprintable():
        return False
    return not ("\\" in value and _CODE.search(value)) and not _looks_cut(value)


def _looks_cut(text: str) -> bool:
    return len(text) == MAX_LABEL_LENGTH and _HASH.search(text) is not None


def _code(char: str) -> str:
    number = ord(char)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\u{{{number:x}}}"
