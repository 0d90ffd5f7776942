"""The normalised view of a text: what a reader sees, without the tricks that hide it from a classifier.

Steps, in this order (ASCII text needs only the last three and takes a short cut):

1. characters that draw nothing are dropped: zero-width, bidirectional controls, tags, variation selectors, fillers;
2. NFKC (Unicode Standard Annex 15): full-width forms, mathematical alphabets, ligatures, circled letters;
3. full case folding (Unicode Standard, section 3.13);
4. look-alikes of Latin letters become Latin (a small part of Unicode Technical Standard 39, the letters in common use);
5. white space collapses to single blanks, outer white space goes;
6. a character repeated more than three times is kept three times.

Look-alikes from Cyrillic and Greek are folded only in words that mix them with Latin letters, and in words made of
nothing but look-alikes when the text has no other Cyrillic or Greek letter: genuine Russian or Greek stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import pairwise

__all__ = ["INVISIBLE", "LOOK_ALIKES", "caseless", "caseless_with_map", "compatible", "normalize", "normalize_with_map"]

INVISIBLE = (
    # The body of a character class: what draws nothing.
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Full-width forms are what makes nearly all Chinese text "not normalised"; replacing them in the pass that drops the
# invisible spares such text the general NFKC, which costs some ten times as much.
_FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_FIRST_PASS = re.compile(f"[{INVISIBLE}\uff01-\uff5e]")
_INVISIBLE_ONE = re.compile(f"[{INVISIBLE}]")


def _ranges(codes: list[int]) -> str:
    """The body of a character class that holds exactly these code points."""
    parts: list[str] = []
    start = previous = codes[0]
    for code in [*codes[1:], 0x7FFFFFFF]:
        if code != previous + 1:
            parts.append(f"{chr(start)}-{chr(previous)}")
            start = code
        previous = code
    return "".join(parts)


# Blocks that hold characters with a combining class; scanning only these keeps the import fast.
_COMBINING_BLOCKS = (
    (0x0300, 0x3100),
    (0xA600, 0xAC00),
    (0xFB1E, 0xFB1F),
    (0xFE20, 0xFE30),
    (0x10000, 0x12000),
    (0x16A00, 0x17000),
    (0x1BC00, 0x1BD00),
    (0x1D100, 0x1D300),
    (0x1E000, 0x1F000),
)
_MARKS = [c for low, high in _COMBINING_BLOCKS for c in range(low, high) if unicodedata.combining(chr(c))]
_MARK = _ranges(_MARKS)
_BASIC_MARK = _ranges([c for c in _MARKS if c < 0x10000])
# Characters of class 0 of which NFKC makes nothing but marks: three Tibetan vowels, two half-width Japanese signs.
_BECOMES_MARKS = "\u0f73\u0f75\u0f81\uff9e\uff9f"
# Canonical ordering sorts a run of marks in quadratic time, so runs are cut before it sees them.
_LONG_MARK_RUN = re.compile(f"([{_MARK}{_BECOMES_MARKS}]{{16}})[{_MARK}{_BECOMES_MARKS}]+")
_MARK_RUN = re.compile(f"([{_MARK}]{{3}})[{_MARK}]+")

# Always folded: letters that no living orthography needs beside Latin ones, or only as look-alikes.
_ALWAYS = str.maketrans(
    "ıȷɑɡɩᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ",
    "ijagiabcdefghijklmnopqrstuvwyz",
)
# Folded by word, see the module's docstring. Lower case only: case folding comes first.
LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕԁԛԝһүӏɵѵґгв" + "αορνικυτχγϲϳεη",
    "aeopcyxijsdqwhylovrrb" + "aopvikutxycjen",
)
# These resemble Latin letters only in a word that already mixes scripts ("hаррy" never has them otherwise).
_WEAK = frozenset("вгґινκυτγεη")
_STRONG = frozenset(chr(c) for c in LOOK_ALIKES) - _WEAK
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f\u0275]")
_WORD = re.compile(r"[\w\u0300-\u036f]+")
_LATIN = re.compile("[a-z]")
# Two scans decide that a text needs none of the rare steps. Kept apart because a class with only characters of the
# basic plane is a bit map, and any other a list of ranges that is walked for every character.
_RARE = re.compile(f"[{_BASIC_MARK}{''.join(chr(c) for c in _ALWAYS)}\u0370-\u03ff\u0400-\u052f\u0275]")
_RARE_ASTRAL = re.compile("[\U00010000-\U0001efff]")

_RUN = re.compile(r"(.)\1{3,}", re.DOTALL)

# What nearly all Chinese texts are made of. NFKC changes the width of these signs, and nothing else of them.
_PLAIN_WIDE = dict(zip("，！？：；（）", ",!?:;()", strict=True))
_PLAIN = re.compile(f"[\\x00-\\x7f\u4e00-\u9fff、。《》【】「」“”‘’—·{''.join(_PLAIN_WIDE)}]*+")


def compatible(text: str) -> str:
    """NFKC in linear time: of a run of marks only the first sixteen are looked at, more than any language sets."""
    return text if text.isascii() else unicodedata.normalize("NFKC", _LONG_MARK_RUN.sub(r"\1", text))


def caseless(text: str) -> str:
    """The same for texts that differ in case or in the composition of accents alone: ``WEISS`` as ``Weiß``. In linear
    time, as `compatible` is.
    """
    return text.lower() if text.isascii() else _composed(_composed(text).casefold())


def caseless_with_map(text: str) -> tuple[str, list[int]] | None:
    """The same with the offset of the raw character that each came from; None when it changes nothing."""
    return None if caseless(text) == text else _by_segment(text, range(len(text)), caseless)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", _LONG_MARK_RUN.sub(r"\1", text))


def normalize(text: str) -> str:
    """The normalised view of a text.

    Idempotent, linear in the length of the text, and at most 18 times as long (NFKC's worst single character).
    Line breaks become blanks. Meaning-bearing differences of case and width are lost by design: scorers that look for
    obfuscation read the raw text instead.
    """
    if text.isascii():
        lowered = text.lower()
        if "  " in lowered or not lowered.isprintable() or lowered[:1] == " " or lowered[-1:] == " ":
            lowered = " ".join(lowered.split())
        return _RUN.sub(r"\1\1\1", lowered) if _has_run(lowered.encode("latin-1"), 1) else lowered
    if _PLAIN.fullmatch(text):
        return _normalize_plain(text)
    return _normalize_any(text)


def _normalize_plain(text: str) -> str:
    """Of a text in which only upper case, width of punctuation, white space and runs can need a change."""
    for wide, narrow in _PLAIN_WIDE.items():
        if wide in text:
            text = text.replace(wide, narrow)
    collapsed = " ".join(text.lower().split())
    if _has_run(collapsed.encode("utf-16-le"), 2):
        return _RUN.sub(r"\1\1\1", collapsed)
    return collapsed


def _normalize_any(text: str) -> str:
    folded = _compose(_FIRST_PASS.sub(_first_pass, text))
    if _RARE.search(folded) or _RARE_ASTRAL.search(folded):
        folded = _recompose(_fold_look_alikes(_MARK_RUN.sub(r"\1", folded)))
    collapsed = " ".join(folded.split())
    if _has_run(collapsed.encode("utf-32-le", "surrogatepass"), 4):
        return _RUN.sub(r"\1\1\1", collapsed)
    return collapsed


def normalize_with_map(text: str) -> tuple[str, list[int]]:
    """The normalised view, and for each of its characters the offset of the raw character that it came from.

    Slower than `normalize` (a few microseconds per character) and meant for explaining a few findings.

    Returns
    -------
    (str, list of int)
        ``normalize(text)``, and as many offsets, which never decrease. A run of raw characters that compose to one
        is represented by its first.
    """
    composed, offsets = _by_segment(text, range(len(text)), _first_steps)
    folded = _fold_look_alikes(composed)
    if not unicodedata.is_normalized("NFKC", folded):
        folded, offsets = _by_segment(folded, offsets, _compose)
    kept: list[int] = []
    characters: list[str] = []
    for character, offset in zip(folded, offsets, strict=True):
        if character.isspace():
            if characters and characters[-1] != " ":
                characters.append(" ")
                kept.append(offset)
        elif len(characters) < 3 or not characters[-1] == characters[-2] == characters[-3] == character:
            characters.append(character)
            kept.append(offset)
    if characters and characters[-1] == " ":
        characters.pop()
        kept.pop()
    return "".join(characters), kept


def _first_steps(piece: str) -> str:
    return _MARK_RUN.sub(r"\1", _compose(_FIRST_PASS.sub(_first_pass, piece)))


def _first_pass(match: re.Match[str]) -> str:
    return _FULL_WIDTH.get(match[0], "")


def _compose(text: str) -> str:
    """NFKC and case folding, until neither changes anything (each can undo the other's form)."""
    if unicodedata.is_normalized("NFKC", text):
        folded = text.casefold()
        if folded == text or unicodedata.is_normalized("NFKC", folded):
            return folded
        # From `text` and not from `folded`, as where something beside it has to be composed: else runs of marks would
        # be cut after a letter has taken one of them here, and before it there.
    for _ in range(4):
        before = text
        text = compatible(text).casefold()
        text = _MARK_RUN.sub(r"\1", _INVISIBLE_ONE.sub("", text))
        if text == before:
            break
    return text


def _recompose(text: str) -> str:
    """A folded letter may compose with the accent that follows it."""
    return text if unicodedata.is_normalized("NFKC", text) else _compose(text)


def _fold_look_alikes(text: str) -> str:
    """Letter by letter, so that offsets stay."""
    text = text.translate(_ALWAYS)
    foreign = _FOREIGN.findall(text)
    if not foreign:
        return text
    genuine = any(c not in _STRONG for c in foreign)
    return _WORD.sub(lambda match: _fold_word(match[0], genuine), text)


def _fold_word(word: str, genuine: bool) -> str:
    if word.isascii():
        return word
    if _LATIN.search(word) or (not genuine and all(c in _STRONG or not c.isalpha() for c in word)):
        return word.translate(LOOK_ALIKES)
    return word


def _has_run(data: bytes, width: int) -> bool:
    """Whether four equal characters may follow each other; never a false no.

    Each character XOR its predecessor is zero where they are equal, and one big integer does all at once: several
    times as fast as the regular expression, which matters because nearly every text has no such run.
    """
    number = int.from_bytes(data, "big")
    return bytes(3 * width) in (number ^ (number >> (8 * width))).to_bytes(len(data), "big")


def _by_segment(text: str, offsets: Sequence[int], change: Callable[[str], str]) -> tuple[str, list[int]]:
    """Apply `change` piece by piece, where NFKC of the pieces is NFKC of the whole, and carry the offsets along."""
    starts = [i for i, c in enumerate(text) if i == 0 or _starts_segment(c)]
    pieces: list[str] = []
    result: list[int] = []
    for start, end in pairwise([*starts, len(text)]):
        piece = change(text[start:end])
        pieces.append(piece)
        result += offsets[start:end] if len(piece) == end - start else [offsets[start]] * len(piece)
    return "".join(pieces), result


def _starts_segment(character: str) -> bool:
    """Whether NFKC never joins this character to what stands before it: it begins with neither mark nor vowel jamo."""
    if character.isascii():
        return True
    if _INVISIBLE_ONE.match(character):
        return False  # its neighbours may meet once it is gone
    first = unicodedata.normalize("NFKD", character)[0]
    return unicodedata.category(first)[0] != "M" and not "\u1160" <= first <= "\u11ff"
