"""Text of others, such as the names of columns, on a terminal."""

from __future__ import annotations

import re

__all__ = ["printable"]

# C0, DEL and C1 controls (ECMA-48: escape sequences begin with them), ends of lines and paragraphs, surrogates, and
# what reverses the order of characters (Unicode Standard Annex 9; CVE-2021-42574).
_UNPRINTABLE = re.compile("[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""The text with each character that steers a terminal as an escape: ``\x1b``, ``\u202e``."""
    return _UNPRINTABLE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
