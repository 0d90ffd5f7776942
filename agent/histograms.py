"""Histograms whose bins are fixed before anything is known: counts of two samples fit each other and add up.

Numbers have bins that depend on nothing but the number. Between 0 and 1, where scores live, a bin is 1/64 wide, and 0
has one to itself; nearer to 0 a bin is an octave wide, beyond 1 a sixteenth of an octave (4 % of the value), as in
HdrHistogram. Categories are dealt out to 64 bins by a digest: some share one, and none can be told from its bin.

Of a sample's numbers 96 bins are kept, those nearest to 0. What belongs to the lowest of a union belongs to the lowest
of each part (see `agent.windows.bounded`), so that any order of adding up gives the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import blake2b
from math import frexp
from typing import Final, TypeAlias

__all__ = [
    "CATEGORIES",
    "FIRST_CATEGORY",
    "MOST_NUMBERS",
    "REST",
    "SQUARES",
    "Bin",
    "Histogram",
    "add_histogram",
    "category_bin",
    "category_code",
    "check_bins",
    "common_bins",
    "number_bin",
    "settled_in",
    "trim_histogram",
    "weight_of",
    "without",
]

Bin: TypeAlias = int
"""Ascending with the numbers; beyond them lie categories."""

Histogram: TypeAlias = dict[Bin, float]
"""Weights by bin, `REST` and `SQUARES` among them."""

REST: Final = 2000
"""The bin of all numbers that lie too far from 0 for a bin of their own."""

SQUARES: Final = 3000
"""Not a bin: the sum of w * w - w, absent where all weights are 1; for the effective number of values."""

MOST_NUMBERS: Final = 96
CATEGORIES: Final = 64
FIRST_CATEGORY: Final = 1000

_LINEAR: Final = 64
_SMALL_OCTAVES: Final = 14
_PER_OCTAVE: Final = 16
_LARGEST_EXPONENT: Final = 40
_LOWEST_EXPONENT: Final = -6 - _SMALL_OCTAVES
_LAST: Final = _SMALL_OCTAVES + _LINEAR + _LARGEST_EXPONENT * _PER_OCTAVE
_OTHER_PLACES: Final = frozenset((*range(FIRST_CATEGORY, FIRST_CATEGORY + CATEGORIES), REST, SQUARES))


def number_bin(value: float) -> int:
    """The bin of a finite number; the bins of negative numbers mirror those of positive ones.

    Below 2^-19 and from 2^40 on there is one bin for all.

    Raises
    ------
    ValueError, OverflowError
        For NaN, and for infinities.
    """
    size = -value if value < 0.0 else value
    if size < 1.0:
        scaled = int(size * _LINEAR)
        if scaled:
            place = _SMALL_OCTAVES + scaled
        elif size == 0.0:
            return 0
        else:
            place = max(1, frexp(size)[1] - _LOWEST_EXPONENT)
    else:
        # 2^(e-1) <= size < 2^e; int() raises for what is not finite
        part, exponent = frexp(size)
        place = _SMALL_OCTAVES + _LINEAR + (exponent - 1) * _PER_OCTAVE + int((part - 0.5) * 2 * _PER_OCTAVE)
        place = min(place, _LAST)
    return -place if value < 0.0 else place


def category_code(value: str) -> str:
    """A digest of sixteen hexadecimal digits: categories are told apart, and what a stranger sent is not kept.

    It has no key, so that files of references fit each other; whoever has a list of candidates can tell which of them
    occurred.
    """
    return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def category_bin(code: str) -> int:
    """The bin of a category, from its `category_code`."""
    return FIRST_CATEGORY + int(code[:2], 16) % CATEGORIES


def weight_of(histogram: Mapping[Bin, float]) -> tuple[float, float]:
    """The sum of all weights, and the effective number of values behind it (Kish)."""
    excess = histogram.get(SQUARES, 0)
    total = sum(histogram.values()) - excess
    squares = total + excess
    return total, total * total / squares if squares > 0 else 0.0


def add_histogram(into: Histogram, other: Mapping[Bin, float]) -> None:
    """Add the counts of ``other``, and keep to the bounds.

    Raises
    ------
    ValueError, TypeError
        For what is no histogram.
    """
    get = into.get
    before = len(into)
    for place, weight in other.items():
        into[place] = get(place, 0) + weight
    if len(into) != before:
        check_bins(into)
        trim_histogram(into)


def check_bins(histogram: Mapping[Bin, float]) -> None:
    """Whether all keys are such as counting makes.

    Raises
    ------
    ValueError
        When they are not.
    """
    for place in histogram:
        is_number = isinstance(place, int) and -_LAST <= place <= _LAST
        if not is_number and place not in _OTHER_PLACES:
            raise ValueError("a histogram has a bin that does not exist")


def trim_histogram(histogram: Histogram) -> None:
    """Move numbers beyond the bound into the rest: those farthest from 0."""
    if len(histogram) <= MOST_NUMBERS:
        return
    numbers = [place for place in histogram if place < FIRST_CATEGORY]
    for victim in sorted(numbers, key=lambda place: (abs(place), place))[MOST_NUMBERS:]:
        histogram[REST] = histogram.get(REST, 0) + histogram.pop(victim)


def settled_in(histogram: Mapping[Bin, float], bins: Collection[Bin]) -> Histogram:
    """The same counts in these bins alone; what has none of them is in the rest."""
    placed: Histogram = {}
    for place, weight in histogram.items():
        kept = place if place in bins or place == SQUARES else REST
        placed[kept] = placed.get(kept, 0) + weight
    return placed


def common_bins(first: Mapping[Bin, float], second: Mapping[Bin, float]) -> frozenset[Bin]:
    """The bins in which both were counted in full: those that stay when the two are added up."""
    union: Histogram = dict(first)
    add_histogram(union, second)
    return frozenset(union) - {REST, SQUARES}


def without(total: Mapping[Bin, float], part: Mapping[Bin, float]) -> Histogram:
    """``total`` before ``part`` was added to it."""
    left = dict(total)
    for place, weight in settled_in(part, total.keys()).items():
        rest = left.get(place, 0) - weight
        if rest > 0 or place == SQUARES:
            left[place] = rest
        else:
            left.pop(place, None)
    return left
