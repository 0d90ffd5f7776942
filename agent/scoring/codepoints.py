"""Code-point tables behind the built-in n-gram models: folding, de-obfuscation, classes, counters.

Everything that can be said of a character alone is looked up here once, so that a whole batch of texts is
normalised by array gathers instead of by string methods (which also keeps a text's features independent of
its neighbours in the batch: `str.lower` looks at context, a table cannot).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from agent.leet import LEET

TABLE_SIZE = 0x20000
"""Planes 0 and 1. What lies above is folded onto one of three unassigned slots (`clip`)."""
_OTHER, _IDEOGRAPH, _TAG = TABLE_SIZE - 3, TABLE_SIZE - 2, TABLE_SIZE - 1

CJK, WORD, JOINED, DROP, SPACE = 1, 2, 4, 8, 16
"""Class bits: script written without spaces; letter or digit of a spaced script; kept by the skeleton view;
invisible or combining, hence removed; white space."""

COUNTERS = ("upper", "digit", "symbol", "invisible", "mark", "compat", "alien", "letter", "control")
"""What is counted in each window: the 12-bit fields of `Tables.counts_low`, then of `counts_high`."""
FIELD_BITS = 12
LOW_FIELDS = 5

# Ranges of scripts that are written without spaces, or (Hangul) whose syllables behave like ideographs.
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x2FDF),
    (0x3005, 0x3007), (0x3021, 0x30FF), (0x3100, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x1B000, 0x1B2FF),
)  # fmt: skip

# Combining marks as Latin, Greek and Cyrillic use them; piled up they are an obfuscation.
_LATIN_MARKS = ((0x300, 0x36F), (0x1AB0, 0x1AFF), (0x20D0, 0x20FF))

# Look-alikes of Latin letters (Unicode TR39 names the phenomenon; the pairs are written down by hand).
_LOOKALIKES = {
    "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "ё": "e", "һ": "h", "і": "i", "ї": "i", "ј": "j",
    "к": "k", "ӏ": "l", "м": "m", "н": "h", "о": "o", "р": "p", "ԛ": "q", "ѕ": "s", "т": "t", "у": "y",
    "ѵ": "v", "ԝ": "w", "х": "x", "α": "a", "β": "b", "ε": "e", "η": "n", "ι": "i", "κ": "k", "ν": "v",
    "ο": "o", "ρ": "p", "τ": "t", "υ": "u", "χ": "x", "ω": "w", "γ": "y", "σ": "o", "ɑ": "a", "ɡ": "g",
    "ı": "i", "ł": "l", "ø": "o", "ð": "d", "đ": "d", "ħ": "h", "ß": "s", "æ": "a", "œ": "o", "ց": "g",
    "հ": "h", "ո": "n", "օ": "o", "ս": "u", "ɩ": "i",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tables:
    """Lookup tables, each of length `TABLE_SIZE`, indexed by code point.

    Attributes
    ----------
    fold
        uint64; lower case of the compatibility form (NFKC) where that is one character; white space is 32.
    skeleton
        uint64, indexed by the *folded* code; base letter without diacritics, look-alikes and leet undone.
    kind
        uint8 class bits, indexed by the *raw* code.
    counts_low, counts_high
        uint64 packed counters, `FIELD_BITS` a field, indexed by the raw code.
    """

    fold: NDArray[np.uint64]
    skeleton: NDArray[np.uint64]
    kind: NDArray[np.uint8]
    counts_low: NDArray[np.uint64]
    counts_high: NDArray[np.uint64]


def clip(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Fold code points beyond the tables onto a slot: rare ideograph (planes 2, 3), tag (14), other."""
    if codes.size == 0 or int(codes.max()) < _OTHER:
        return codes
    plane = codes >> np.uint32(16)
    slot = np.where((plane == 2) | (plane == 3), _IDEOGRAPH, np.where(plane == 14, _TAG, _OTHER))
    return np.where(codes < _OTHER, codes, slot).astype(np.uint32)


def _single(text: str, default: str) -> str:
    return text if len(text) == 1 else default


def _base_letter(char: str) -> str:
    """The letter under the diacritics; `char` itself when it has none."""
    if ord(char) >= 0x3000:  # Hangul and voiced kana decompose too, but there the parts carry the meaning.
        return char
    return unicodedata.normalize("NFD", char)[0]


@lru_cache(maxsize=1)
def tables() -> Tables:
    """Build the tables once per process (about 0.2 s, 3.4 MB)."""
    fold = np.arange(TABLE_SIZE, dtype=np.uint64)
    skeleton = np.arange(TABLE_SIZE, dtype=np.uint64)
    kind = np.zeros(TABLE_SIZE, np.uint8)
    flags: dict[str, NDArray[np.uint64]] = {name: np.zeros(TABLE_SIZE, np.uint64) for name in COUNTERS}
    unspaced = np.zeros(TABLE_SIZE, bool)
    for first, last in _UNSPACED:
        unspaced[first : last + 1] = True
    for code in range(TABLE_SIZE):
        if 0xD800 <= code <= 0xF8FF:
            continue  # lone surrogates and the private use area: no class
        char = chr(code)
        category = unicodedata.category(char)
        if category == "Cn":
            continue
        folded = _single(unicodedata.normalize("NFKC", char).lower(), _single(char.lower(), char))
        is_compat = unicodedata.normalize("NFKC", char) != char and category[0] in "LNPS" and code > 0xFF
        fold[code] = ord(folded)
        base = _base_letter(folded)
        base = _LOOKALIKES.get(base, LEET.get(base, base))
        skeleton[code] = ord(base)
        if category[0] == "Z" or char in "\t\n\r\v\f\x85":
            kind[code], fold[code] = SPACE, 32
            continue
        if category in ("Cf", "Mn", "Me") or category == "Cc":
            if unspaced[code]:  # Thai and other vowel signs are marks, but carry the word
                kind[code] = CJK | JOINED
                continue
            kind[code] = DROP
            counted = {"Cf": "invisible", "Cc": "control"}.get(category, "mark")
            # Emoji presentation selectors and the marks of Arabic, Indic and Hebrew are ordinary writing.
            if code == 0x200D:
                continue  # the joiner inside emoji: dropped, but nothing to be suspicious of
            if counted != "mark" or any(first <= code <= last for first, last in _LATIN_MARKS):
                flags[counted][code] = 1
            elif not 0xFE00 <= code <= 0xFE0F:
                kind[code] = WORD | JOINED
            continue
        if unspaced[code]:
            kind[code] = CJK | JOINED
        elif category[0] in "LN" or category == "Mc":
            kind[code] = WORD | JOINED
        elif folded in LEET:
            kind[code] = JOINED
        flags["upper"][code] = category in ("Lu", "Lt")
        flags["digit"][code] = category[0] == "N"
        flags["letter"][code] = category[0] == "L"
        flags["symbol"][code] = category[0] in "PS"
        flags["compat"][code] = is_compat
        flags["alien"][code] = folded in _LOOKALIKES and code > 0xFF
    kind[_IDEOGRAPH] = CJK | JOINED
    kind[_TAG] = DROP
    flags["invisible"][_TAG] = 1
    low = np.zeros(TABLE_SIZE, np.uint64)
    high = np.zeros(TABLE_SIZE, np.uint64)
    for field, name in enumerate(COUNTERS):
        target, shift = (low, field) if field < LOW_FIELDS else (high, field - LOW_FIELDS)
        target |= flags[name] << np.uint64(FIELD_BITS * shift)
    return Tables(fold=fold, skeleton=skeleton, kind=kind, counts_low=low, counts_high=high)
