"""Foldings that the checks compare under. What is searched for spans keeps its length; what is looked up need not."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import combining, normalize

from agent.simplified import simplified

__all__ = [
    "CJK",
    "LATIN_WORD",
    "lines_of",
    "lower",
    "mostly_chinese",
    "narrow",
    "plain",
    "squeeze",
    "stem",
    "without_code",
    "words",
]

CJK: Final = "\u3400-\u4dbf\u4e00-\u9fff"
"""Chinese characters, as the inside of a character class."""

LATIN_WORD: Final = re.compile(r"[A-Za-z\u00c0-\u024f]+")

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xFFE5: 0xA5, 0xFFE1: 0xA3, 0xA0: 0x20}
_HAS_WIDE = re.compile("[\uff01-\uff5e\u3000\uffe5\uffe1\u00a0]")
_FEW = 12
_CHINESE = re.compile(f"[{CJK}]+")
_NO_LETTER = re.compile(r"[\W_]+")
_ASCII_NO_LETTER = bytes(code for code in range(128) if not chr(code).isalnum())
# Up to the closing fence, or to the end of a text that was cut.
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://[^\s\u3000-\u303f\uff00-\uffef]+", re.DOTALL)


def narrow(text: str) -> str:
    """Full-width forms to ASCII, and traditional characters to simplified ones, one for one: offsets stay."""
    if text.isascii():
        return text
    text = simplified(text)
    wide = set(_HAS_WIDE.findall(text))
    if len(wide) > _FEW:
        return text.translate(_WIDE)
    # Most texts have a comma and a question mark: looking for them takes less than looking up every character.
    for character in wide:
        text = text.replace(character, chr(_WIDE[ord(character)]))
    return text


def lower(text: str) -> str:
    """Lower case; offsets stay."""
    lowered = text.lower()
    # Only the dotted capital I of Turkish becomes two characters, and would move all that follow.
    return lowered if len(lowered) == len(text) else text.replace("\u0130", "i").lower()


def squeeze(text: str) -> str:
    """Lower case, ASCII width, and nothing but letters and digits."""
    folded = narrow(text).lower()
    if folded.isascii():
        return folded.encode("ascii").translate(None, _ASCII_NO_LETTER).decode("ascii")
    return _NO_LETTER.sub("", folded)


def without_code(text: str) -> str:
    """The text with code and addresses of pages blanked out; offsets stay. Nobody states facts there."""
    if "`" not in text and "://" not in text:
        return text
    return _CODE.sub(lambda match: " " * len(match.group()), text)


def mostly_chinese(text: str) -> bool:
    """Whether Chinese characters make up more of the text than a foreign name would."""
    if text.isascii():
        return False
    return sum(map(len, _CHINESE.findall(text))) * 5 > len(text)


def plain(word: str) -> str:
    """A word without its accents."""
    if word.isascii():
        return word
    return "".join(character for character in normalize("NFKD", word) if not combining(character))


def stem(word: str) -> str:
    """A lower-case English word without its commonest endings: equal for most forms of one word, not a root."""
    if len(word) <= 3:
        return word
    if word.endswith("ies"):
        return word[:-3] + "i"
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] in "ey":
        return word[:-1] if word[-1] == "e" else word[:-1] + "i"
    return word


def lines_of(text: str) -> list[tuple[int, str]]:
    """The lines of a text with their offsets."""
    found: list[tuple[int, str]] = []
    start = 0
    for line in text.split("\n"):
        found.append((start, line))
        start += len(line) + 1
    return found


def words(listed: str) -> frozenset[str]:
    """The words of a list that is written as text."""
    return frozenset(listed.split())
