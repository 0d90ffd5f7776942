"""Facts of all texts of a batch, in a few passes over their characters: which signals need look at a text at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.scoring.adversarial import characters
from agent.scoring.adversarial.brackets import untidy
from agent.scoring.adversarial.characters import DIGIT, HAN, LETTER, ODD, PART, REST, SEPARATOR, bits_of
from agent.scoring.adversarial.hearing import begins_phrase
from agent.scoring.adversarial.spelling import common_words, is_misspelt, words_of

__all__ = ["LEET", "LONG", "LONG_TEXT", "NUMBERS", "RUN", "SPLIT", "SPLIT_HAN", "STRANGE", "facts_of"]

# The lower bits are the union of the classes of a text's characters.
_FIRST_FLAG = 16
LEET, SPLIT, RUN, NUMBERS, SPLIT_HAN, HEARD, TAKEN_APART, UNTIDY, LONG, EXCHANGED, STRANGE, MIXED = (
    1 << place for place in range(_FIRST_FLAG, _FIRST_FLAG + 12)
)
"""Letters beside figures; three letters apart; sixteen letters or figures in a row; two pairs of figures; an odd
sign between two ideographs, or three of these apart; three characters that sound like the beginning of a phrase of an
attack; two that may be one taken apart; a window whose brackets do not match; a long text; a word whose letters
are those of a common one; words most of which are not known; Chinese and Latin letters."""

LONG_TEXT = 3000
_RUN_LENGTH = 16
#: Code points of one pass: the arrays of one stay in the second-level cache.
_CHUNK = 1 << 15

_Bools: TypeAlias = NDArray[np.bool_]


def facts_of(texts: Sequence[str]) -> list[int]:
    """The facts of each text, as bits: of `characters` and of this module. A text's do not depend on the others."""
    facts: list[int] = []
    begin = size = 0
    for place, text in enumerate(texts):
        size += len(text) + 1
        if size >= _CHUNK:
            facts += _facts(texts[begin : place + 1])
            begin, size = place + 1, 0
    return facts + (_facts(texts[begin:]) if begin < len(texts) else [])


def _facts(texts: Sequence[str]) -> list[int]:
    joined = ("\n".join(texts) + "\n").encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(joined, np.uint32)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    starts = np.zeros(len(texts), np.int64)
    np.cumsum(lengths[:-1] + 1, out=starts[1:])
    bits = bits_of(codes)
    found = np.bitwise_or.reduceat(bits, starts).astype(np.uint32)
    letter, digit = (bits & LETTER) != 0, (bits & DIGIT) != 0
    flags = np.zeros(len(codes), np.uint8)
    # One such place is a quantity or a name.
    joints = np.zeros(len(codes), np.uint8)
    joints[1:] = (letter[1:] & digit[:-1]) | (digit[1:] & letter[:-1])
    alone = _alone(bits, codes)
    _mark(flags, alone[4:] & alone[2:-2] & alone[:-4], 1)
    _mark(flags, _runs(letter | digit), 2)
    pairs = digit[1:] & digit[:-1]
    _mark(flags, pairs[3:] & pairs[:-3], 3)
    if (found & HAN).any():
        han = (bits & HAN) != 0
        sign = (bits & SEPARATOR) != 0
        sign[starts[1:] - 1] = False  # the joints of the texts
        apart = han[2:] & sign[1:-1] & han[:-2]
        _mark(flags, apart & ((bits[1:-1] & ODD) != 0), 4)
        _mark(flags, apart[2:] & apart[:-2], 4)
        # Chinese writes its dash and its ellipsis with two signs.
        twice = han[3:] & sign[2:-1] & (codes[2:-1] == codes[1:-2]) & han[:-3]
        _mark(flags, twice[3:] & twice[:-3], 4)
        _mark(flags, begins_phrase(codes), 5)
        _mark(flags, ((bits[:-1] & PART) != 0) & ((bits[1:] & REST) != 0), 6)
    union = np.bitwise_or.reduceat(flags, starts).astype(np.uint32)
    found |= union << np.uint32(_FIRST_FLAG)
    _tell(found, np.add.reduceat(joints, starts, dtype=np.int32) >= 2, LEET)
    words = words_of(codes, letter)
    if len(words.keys):
        owners = np.searchsorted(words.first, np.append(starts, len(codes)))
        strange = ~common_words(words)
        unknown = _between(strange, owners)
        _tell(found, _between(is_misspelt(words, strange), owners) > 0, EXCHANGED)
        _tell(found, (unknown >= 3) & (2 * unknown >= np.diff(owners)), STRANGE)
    _tell(found, untidy(codes, starts, lengths), UNTIDY)
    _tell(found, (found & (HAN | LETTER)) == HAN | LETTER, MIXED)
    _tell(found, lengths >= LONG_TEXT, LONG)
    return [int(fact) for fact in found.tolist()]


def _mark(flags: NDArray[np.uint8], where: _Bools, place: int) -> None:
    """Set a bit where the last characters of patterns stand; patterns at the beginning are cut off."""
    if len(where):
        flags[len(flags) - len(where) :] |= where.view(np.uint8) << np.uint8(place)


def _tell(found: NDArray[np.uint32], which: _Bools, fact: int) -> None:
    found[which] |= np.uint32(fact)


def _between(marks: _Bools, bounds: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many marks there are in each stretch."""
    total = np.zeros(len(marks) + 1, np.int64)
    np.cumsum(marks, out=total[1:])
    sums: NDArray[np.int64] = np.diff(total[bounds])
    return sums


def _alone(bits: NDArray[np.uint16], codes: NDArray[np.uint32]) -> _Bools:
    """Letters of spaced scripts without a letter or figure beside them."""
    word = ((bits & (LETTER | DIGIT | characters.FOREIGN | characters.WIDE)) != 0) | ((codes > 0xBF) & (codes < 0x590))
    alone: _Bools = word & ((bits & DIGIT) == 0)
    alone[1:] &= ~word[:-1]
    alone[:-1] &= ~word[1:]
    return alone


def _runs(inside: _Bools) -> _Bools:
    """Where `_RUN_LENGTH` characters in a row end that are inside; shorter by that length than the array."""
    if len(inside) <= _RUN_LENGTH:
        return np.zeros(max(len(inside) - _RUN_LENGTH, 0), bool)
    total = np.cumsum(~inside, dtype=np.int32)
    ended: _Bools = total[_RUN_LENGTH:] == total[:-_RUN_LENGTH]
    return ended
