"""Which words of a batch are common ones, and which would be if two neighbouring letters were exchanged: all at once.

A word's hash is a difference of prefix sums of ``code * B**place`` modulo 2**64, moved to exponent 0, so that hashing
costs a few passes over the characters, however many words there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.scoring.adversarial.ordinary import load_ordinary

__all__ = ["Words", "common_words", "exchanged", "is_exchanged", "words_of"]

_U64 = NDArray[np.uint64]
_BASE = 0x9E3779B97F4A7C15  # odd, hence invertible
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SIEVE_BITS = 21


class Words(NamedTuple):
    """Words of ASCII letters: where each begins, and its hash in lower case."""

    first: NDArray[np.int64]
    keys: _U64


class _Table(NamedTuple):
    sieve: NDArray[np.bool_]
    keys: _U64


def words_of(codes: NDArray[np.uint32], letter: NDArray[np.bool_]) -> Words:
    """The words of three letters and more, in order.

    Parameters
    ----------
    letter
        Whether each code is an ASCII letter; the last one is not.
    """
    inside = np.zeros(len(codes) + 1, np.int8)
    inside[1:] = letter
    edge = np.diff(inside)
    first, last = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    long = last - first >= 3
    first, last = first[long], last[long]
    powers, inverses = _powers(len(codes))
    prefix = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum((codes | np.uint32(32)) * powers[: len(codes)], out=prefix[1:])
    return Words(first, (prefix[last] - prefix[first]) * inverses[first])


def common_words(words: Words) -> NDArray[np.bool_]:
    """Whether each is a common word; of others one in eighty too."""
    return _common().sieve[_slots(words.keys)]


def is_exchanged(words: Words, unknown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the `unknown` words are common ones with two neighbouring letters exchanged."""
    table = _exchanged_table()
    found = np.zeros(len(unknown), bool)
    places = np.flatnonzero(unknown)
    places = places[table.sieve[_slots(words.keys[places])]]
    if len(places):
        keys = words.keys[places]
        at = np.minimum(np.searchsorted(table.keys, keys), len(table.keys) - 1)
        found[places] = table.keys[at] == keys
    return found


def exchanged(word: str) -> Iterator[str]:
    """The word with each two different neighbouring letters exchanged."""
    for place in range(len(word) - 1):
        one, two = word[place], word[place + 1]
        if one != two:
            yield f"{word[:place]}{two}{one}{word[place + 2 :]}"


def _slots(keys: _U64) -> NDArray[np.int64]:
    # A first letter is in the lowest bits alone until it is multiplied.
    return ((keys * _MIX) >> np.uint64(64 - _SIEVE_BITS)).view(np.int64)


@lru_cache(maxsize=1)
def _common() -> _Table:
    return _table(word for word in load_ordinary().words if len(word) >= 3)


@lru_cache(maxsize=1)
def _exchanged_table() -> _Table:
    common = load_ordinary().words
    plain = (word for word in common if 3 <= len(word) <= 20 and word.isascii() and word.isalpha())
    return _table({other for word in plain for other in exchanged(word)} - common)


def _table(words: Iterable[str]) -> _Table:
    joined = " ".join(word for word in words if word.isascii() and word.isalpha()) + " "
    codes = np.frombuffer(joined.encode("ascii"), np.uint8).astype(np.uint32)
    found = [words_of(piece, piece != 32).keys for piece in np.split(codes, _cuts(codes, 1 << 15))]
    keys = np.unique(np.concatenate(found))
    sieve = np.zeros(1 << _SIEVE_BITS, bool)
    sieve[_slots(keys)] = True
    return _Table(sieve, keys)


def _cuts(codes: NDArray[np.uint32], size: int) -> list[int]:
    """Behind blanks, a piece of about this size apart."""
    blanks = np.flatnonzero(codes == 32) + 1
    return sorted({int(blanks[np.searchsorted(blanks, at)]) for at in range(size, len(codes) - 1, size)})


@lru_cache(maxsize=4)
def _powers_of_size(size: int) -> tuple[_U64, _U64]:
    base = np.full(size, _BASE, np.uint64)
    inverse = np.full(size, pow(_BASE, -1, 1 << 64), np.uint64)
    base[0] = inverse[0] = 1
    return np.multiply.accumulate(base), np.multiply.accumulate(inverse)


def _powers(size: int) -> tuple[_U64, _U64]:
    """At least so many powers of the base and of its inverse."""
    return _powers_of_size(1 << max(16, (size - 1).bit_length()))
