"""All signals of a text. One file plus one line here adds one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pkgutil import resolve_name

from agent.scoring.adversarial.base import SignalSource

__all__ = ["SIGNALS", "load_signals"]

_HERE = "agent.scoring.adversarial.signals"

SIGNALS: Mapping[str, str] = {
    # What undoes one may uncover the next: invisible characters first, then characters, then words, then encodings.
    "tags": f"{_HERE}.tags:SIGNAL",
    "zero-width": f"{_HERE}.zero_width:SIGNAL",
    "bidirectional controls": f"{_HERE}.bidi:SIGNAL",
    "full-width": f"{_HERE}.full_width:WIDE_LETTERS",
    "styled letters": f"{_HERE}.full_width:STYLED",
    "homoglyph": f"{_HERE}.homoglyph:SIGNAL",
    "diacritics": f"{_HERE}.diacritics:SIGNAL",
    "separators": f"{_HERE}.han_separators:SIGNAL",
    "traditional": f"{_HERE}.traditional:SIGNAL",
    "character decomposition": f"{_HERE}.decomposition:SIGNAL",
    "homophones": f"{_HERE}.homophones:SIGNAL",
    "pinyin": f"{_HERE}.pinyin:SIGNAL",
    "split words": f"{_HERE}.split_words:SIGNAL",
    "leetspeak": f"{_HERE}.leet:SIGNAL",
    "typos": f"{_HERE}.typos:SIGNAL",
    "base64": f"{_HERE}.base64_text:SIGNAL",
    "hex": f"{_HERE}.hex_text:SIGNAL",
    "url encoding": f"{_HERE}.escapes:URL",
    "character escapes": f"{_HERE}.escapes:ENTITIES",
    "rot13": f"{_HERE}.rot13:SIGNAL",
    "optimised suffix": f"{_HERE}.suffix:SIGNAL",
    "flooding": f"{_HERE}.flooding:SIGNAL",
    "prompt injection": f"{_HERE}.attack_phrases:INJECTS",
    "prompt extraction": f"{_HERE}.attack_phrases:EXTRACTS",
    "jailbreak frame": f"{_HERE}.attack_phrases:JAILBREAKS",
}
"""Signals by kind, in the order in which they are undone. Strings, so that the table imports none of them."""


@lru_cache(maxsize=1)
def load_signals() -> tuple[SignalSource, ...]:
    """The sources, in the order of the table."""
    return tuple(resolve_name(target) for target in SIGNALS.values())
