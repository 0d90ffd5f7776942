"""Whether characters were drawn at random or written by people: what tells a key from an identifier."""

from __future__ import annotations

from itertools import repeat
from operator import add
from string import ascii_letters, digits

__all__ = ["LIKELY_RANDOM", "is_hexadecimal", "randomness"]

# The 200 letter pairs that make up nine tenths of the pairs in English words and in the identifiers of Python's own
# library, and those that pinyin adds. A third of all possible pairs.
_COMMON_PAIRS = (
    "ab ac ad ag ai ak al am an ao ap ar as at au ba be bi bl bo bu ca ce ch ci ck cl co cr ct cu da dd de di do dr ds "
    "du ea ec ed ee ef eg el em en ep er es et ev ex fa fe ff fi fl fo fr fu ge gi gr gs gu ha he hi ho hu ia ib ic id "
    "ie if ig il im in io ip ir is it iv iz ji ju ke ku la ld le lf li ll lo ls lt lu ly ma mb me mi mm mo mp ms na nc "
    "nd ne nf ng ni nn no ns nt nu ob oc od ol om on oo op or os ot ou ov ow pa pe pi pl po pp pr pt qi qu ra rc rd re "
    "rg ri rm rn ro rr rs rt ru ry sa sc se sh si sl so sp ss st su sy ta tc te th ti tl to tr ts tt tu ty ua ub ue ui "
    "ul um un uo up ur us ut uu va ve vi wa we wi wr xi xt xu yp ys ze zh zi zu"
)
_COMMON = frozenset(_COMMON_PAIRS.split())
# Bits by which a pair of neighbours speaks for chance rather than for a person: the logarithm of how much oftener it
# stands in random letters and digits than in identifiers, rounded. Measured: a common pair of letters is 0.17 of the
# pairs in base62 and 0.69 in identifiers; any other pair of letters 0.36 and 0.07; lower case before upper 0.18 and
# 0.004; a letter beside a digit 0.27 and 0.007. Digits beside digits say nothing, a hyphen or a dot speaks for a word.
_COMMON_LETTERS = -2
_RARE_LETTERS = 2
_HUMP = 3
_LETTER_AND_DIGIT = 4
_OTHER = -1
LIKELY_RANDOM = 8
"""Bits from which a value is taken for random: 0.99 of 16 random letters and digits, 0.003 of identifiers."""


_LONGEST_READ = 64


def _bits(first: str, second: str) -> int:
    if first.isalpha() and second.isalpha():
        if first.islower() and second.isupper():
            return _HUMP
        return _COMMON_LETTERS if (first + second).lower() in _COMMON else _RARE_LETTERS
    if first.isdigit() and second.isdigit():
        return 0
    return _LETTER_AND_DIGIT


_ALPHABET = ascii_letters + digits
_BITS = {first + second: _bits(first, second) for first in _ALPHABET for second in _ALPHABET}
_bits_of = _BITS.get


def randomness(value: str) -> int:
    """How much likelier it is that chance wrote these characters than that a person did, in bits.

    A naive Bayes estimate over pairs of neighbours among the first 64 characters. Promises nothing for values shorter
    than eight characters, nor for digits alone, which give 0.
    """
    read = value[:_LONGEST_READ]
    return sum(map(_bits_of, map(add, read, read[1:]), repeat(_OTHER)))


def is_hexadecimal(value: str) -> bool:
    """Whether the value is hexadecimal digits, with or without the hyphens of a UUID: the form of a hash, of an id."""
    return not value.replace("-", "").strip("0123456789abcdefABCDEF")
