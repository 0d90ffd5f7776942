"""Whether what comes out of a decoder is text: decoders fit many strings by chance, and chance gives no words."""

from __future__ import annotations

import re

__all__ = ["readable", "says_something"]

_LETTERS = re.compile(r"[^\W\d_]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff\ud800-\udfff]")
_WORDS = re.compile(r"[^\W\d_]{2,}[ ,.!?'\u2019-]+[^\W\d_]{1,}|[\u3040-\u30ff\u3400-\u9fff]{4}|[^\W\d_]{4,}")
# What is inside may be encoded once more: no words, but no chance either.
_ENCODED = re.compile(
    r"(?:%[0-9A-Fa-f]{2}){4}|(?:\\x[0-9A-Fa-f]{2}){4}|(?:&#x?[0-9A-Fa-f]{1,6};){4}|(?:[0-9A-Fa-f]{2} ?){8}"
    r"|[A-Za-z0-9+/_-]{16}"
)
_LETTER_SHARE = 0.5


def readable(data: bytes) -> str | None:
    """The text of these bytes; None when they are not UTF-8 or not text in the main."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if says_something(text) else None


def says_something(text: str) -> bool:
    """Whether a string is printable, and either encoded once more or made of letters by half, blanks not counted."""
    if _UNPRINTABLE.search(text) is not None:
        return False
    if _ENCODED.search(text) is not None:
        return True
    if _WORDS.search(text) is None:
        return False
    visible = len(text) - text.count(" ") - text.count("\n")
    return len(_LETTERS.findall(text)) >= _LETTER_SHARE * visible
