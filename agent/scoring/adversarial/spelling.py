"""Which words of a batch are common ones, and which would be if a few letters changed their places: all at once.

A word's hash is a difference of prefix sums of ``code * B**place`` modulo 2**64, moved to exponent 0, so that hashing
costs a few passes over the characters, however many words there are. A second one, without the places, is that of its
letters in any order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.scoring.adversarial.ordinary import load_ordinary

__all__ = ["Words", "common_words", "exchanged", "is_misspelt", "mended", "words_of"]

_U64 = NDArray[np.uint64]
_BASE = 0x9E3779B97F4A7C15  # odd, hence invertible
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SIEVE_BITS = 21
#: Shorter words are too often another's letters.
_LEAST_SCRAMBLED = 5
_MOST_EXCHANGES = 2


class Words(NamedTuple):
    """Words of ASCII letters: where each begins, its length, its hash in lower case, and that of its letters."""

    first: NDArray[np.int64]
    lengths: NDArray[np.int64]
    keys: _U64
    letters: _U64


#: One number for each letter, by the last five bits of its code.
_LETTERS = np.array([(place * _BASE * 0xD1342543DE82EF95 + place**7) % (1 << 64) for place in range(32)], np.uint64)


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
    keys = (prefix[last] - prefix[first]) * inverses[first]
    np.cumsum(_LETTERS[codes & np.uint32(31)], out=prefix[1:])
    return Words(first, last - first, keys, prefix[last] - prefix[first])


def common_words(words: Words) -> NDArray[np.bool_]:
    """Whether each is a common word; of others one in eighty too."""
    return _common().sieve[_slots(words.keys)]


def is_misspelt(words: Words, unknown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the `unknown` words may be common ones with letters that changed places; `mended` decides."""
    found = _among(words.keys, unknown, _exchanged_table())
    return found | _among(words.letters, unknown & ~found & (words.lengths >= _LEAST_SCRAMBLED), _letters_table())


def _among(keys: _U64, asked: NDArray[np.bool_], table: _Table) -> NDArray[np.bool_]:
    found = np.zeros(len(asked), bool)
    places = np.flatnonzero(asked)
    places = places[table.sieve[_slots(keys[places])]]
    if len(places):
        own = keys[places]
        at = np.minimum(np.searchsorted(table.keys, own), len(table.keys) - 1)
        found[places] = table.keys[at] == own
    return found


def mended(word: str) -> str | None:
    """The common word that this one is but for one exchange of neighbouring letters; for two, if it is a longer one."""
    common = load_ordinary().words
    for other in exchanged(word):
        if other in common:
            return other
    if len(word) < _LEAST_SCRAMBLED:
        return None
    return next((other for other in _by_letters().get("".join(sorted(word)), ()) if _is_near(word, other)), None)


def _is_near(one: str, other: str) -> bool:
    """Of two words with the same letters: whether two exchanges of neighbours make one of the other."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place in reversed(range(len(other))):
        places[other[place]].append(place)
    order = [places[letter].pop() for letter in one]
    return sum(later < earlier for at, earlier in enumerate(order) for later in order[at + 1 :]) <= _MOST_EXCHANGES


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
    return _table(_hashed(word for word in load_ordinary().words if len(word) >= 3).keys)


@lru_cache(maxsize=1)
def _exchanged_table() -> _Table:
    common = load_ordinary().words
    plain = (word for word in common if 3 <= len(word) <= 20 and word.isascii() and word.isalpha())
    return _table(_hashed({other for word in plain for other in exchanged(word)} - common).keys)


@lru_cache(maxsize=1)
def _letters_table() -> _Table:
    return _table(_hashed(word for words in _by_letters().values() for word in words).letters)


@lru_cache(maxsize=1)
def _by_letters() -> Mapping[str, list[str]]:
    """Common words by their letters in order of the alphabet."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for word in sorted(load_ordinary().words):
        if _LEAST_SCRAMBLED <= len(word) <= 20 and word.isascii() and word.isalpha():
            found["".join(sorted(word))].append(word)
    return found


def _hashed(words: Iterable[str]) -> Words:
    joined = " ".join(word for word in words if word.isascii() and word.isalpha()) + " "
    codes = np.frombuffer(joined.encode("ascii"), np.uint8).astype(np.uint32)
    found = [words_of(piece, piece != 32) for piece in np.split(codes, _cuts(codes, 1 << 15))]
    return Words(*map(np.concatenate, zip(*found, strict=True)))


def _table(keys: _U64) -> _Table:
    sieve = np.zeros(1 << _SIEVE_BITS, bool)
    sieve[_slots(keys)] = True
    return _Table(sieve, np.unique(keys))


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
