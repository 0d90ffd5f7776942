"""One pass of Hyperscan over a text for all phrases: which signals need look for theirs.

Without Hyperscan (no wheel for Windows) every text is looked at, with the same result.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from agent.scoring.adversarial.phrases import EXTRACTION, INJECTION, JAILBREAK, ROT13_WORDS

__all__ = ["ROT13", "fact_of", "load_prefilter"]

_FIRST = 32
_PATTERNS = (*INJECTION, *EXTRACTION, *JAILBREAK, ROT13_WORDS)
_ALL = ((1 << len(_PATTERNS)) - 1) << _FIRST
# A class of characters with its count, and a character of several bytes that may be left out.
_COUNTED = re.compile(r"\\.|(?P<class>\[(?:\\.|[^\]\\])+\])(?:\{([0-9]+),([0-9]+)\})?|(?P<one>[^\x00-\x7f])\?")
_BYTES = 4  # of a character, at most


def fact_of(pattern: str) -> int:
    """The fact that a phrase may stand in a text, beside those of `agent.scoring.adversarial.facts`."""
    return 1 << _FIRST + _PATTERNS.index(pattern)


ROT13 = fact_of(ROT13_WORDS)


def load_prefilter() -> Callable[[str], int]:
    """A function from a text to facts. Not for several threads at once: the scratch space belongs to one scan."""
    try:
        import hyperscan
    except ImportError:
        return lambda text: _ALL
    return _Prefilter(hyperscan).facts


class _Prefilter:
    def __init__(self, hyperscan: Any) -> None:
        self._database = _compiled()
        self._scratch = hyperscan.Scratch(self._database)
        self._found = 0

    def facts(self, text: str) -> int:
        self._found = 0
        self._database.scan(
            text.encode("utf-8", "surrogatepass"), match_event_handler=self._on_match, scratch=self._scratch
        )
        return self._found

    def _on_match(self, place: int, start: int, end: int, flags: int, context: object) -> None:
        self._found |= 1 << _FIRST + place


def _in_bytes(pattern: str) -> bytes:
    """A pattern that matches the UTF-8 of whatever the given one matches (with `re.ASCII`), and more.

    To Hyperscan a Chinese character is three: a gap of at most twelve was full with four, ``[^。]`` kept out all that
    shares a byte with 。, and ``的?`` made a third of 的 optional. It can read UTF-8, but then these patterns take nine
    seconds to compile.
    """
    return _COUNTED.sub(_of_bytes, pattern).encode()


def _of_bytes(match: re.Match[str]) -> str:
    if match["one"]:
        return f"(?:{match['one']})?"
    body = match["class"]
    if body is None or (body.isascii() and not body.startswith("[^")):
        return match[0]
    if not body.startswith("[^"):
        body = rf"[\x80-\xff{body[1:]}"
    return f"{''.join(filter(str.isascii, body))}{{{match[2] or 1},{int(match[3] or 1) * _BYTES}}}"


@lru_cache(maxsize=1)
def _compiled() -> Any:
    import hyperscan

    database = hyperscan.Database()
    # A prefilter may report too much, never too little.
    flags = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_PREFILTER
    database.compile(
        expressions=list(map(_in_bytes, _PATTERNS)),
        ids=list(range(len(_PATTERNS))),
        flags=[flags] * len(_PATTERNS),
    )
    return database
