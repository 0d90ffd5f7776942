"""Finds registered values in texts: one pass for all of them, whatever their number and lengths.

1. Canonical form: each code point through a table, in numpy; what is dropped is squeezed out, and for each character
   that stays its place in the raw text is known.
2. A keyed hash of every eight characters in a row (`CanaryKeys.tag`), looked up in a bit table.
3. Where a bit is set, the whole tag is looked up; where it is known, the values that have it there are compared by
   their keyed digest.

The first two steps take the same time for any text of a length. The third is rare: without the key nobody can make a
text whose tags collide with registered ones, and at most `MAX_PLACES` digests are computed for a position.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.canonical import canonical_character
from agent.scoring.canary.keys import GRAM, TAG_BITS, CanaryKeys
from agent.scoring.canary.registry import CanaryEntry, places_of

__all__ = ["CanaryFinder", "Found", "Hit"]

_Codes: TypeAlias = NDArray[np.uint32]
_Places: TypeAlias = NDArray[np.int64]

_CODE_POINTS: Final = 0x110000
_DROPPED: Final = 0
_SEVERAL: Final = _CODE_POINTS
_UNKNOWN: Final = 0xFFFFFFFF
#: Characters hashed at once: what is in between stays in the processor's cache.
_BLOCK: Final = 16_384
#: One position in 256 passes the bit table by chance, so that the look-ups in Python behind it cost little.
_SPARE_BITS: Final = 8
_FEWEST_BITS: Final = 16
_NONE: Final = np.empty(0, np.int64)


class Hit(NamedTuple):
    """A registered value, ``[start, end)`` in code points of the raw text: from its first character to its last."""

    start: int
    end: int
    label: str


class Found(NamedTuple):
    """Hits of each text in order of `start` (those that begin together: the longer first), and the digests computed."""

    hits: list[list[Hit]]
    digests: int


class CanaryFinder:
    """Looks for the values of one file.

    Raises
    ------
    ConfigError
        When the entries do not fit together.
    """

    def __init__(self, entries: Sequence[CanaryEntry], keys: CanaryKeys) -> None:
        self._keys = keys
        self._labels: Mapping[bytes, str] = {bytes.fromhex(entry.digest): entry.label for entry in entries}
        self._places = places_of(entries, keys)
        bits = max(_FEWEST_BITS, len(self._places).bit_length() + _SPARE_BITS)
        self._shift = TAG_BITS - bits
        self._marked = np.zeros(1 << bits, np.bool_)
        self._marked[[tag >> self._shift for tag in self._places]] = True
        self._form = _CanonicalTable()

    def find(self, texts: Sequence[str]) -> Found:
        """The registered values in each text.

        A value that stands in another, or overlaps with it, is a hit of its own. Time is linear in the length of the
        texts. What stands in one text does not depend on the others.
        """
        hits: list[list[Hit]] = [[] for _ in texts]
        codes, raw_places = self._form(np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32))
        digests = 0
        candidates = self._candidates(codes)
        if not candidates:
            return Found(hits, 0)
        starts = [0, *accumulate(map(len, texts))]
        bounds = np.searchsorted(raw_places, starts).tolist()
        content = codes.astype("<u4", copy=False).tobytes()
        for position, tag in candidates:
            text = bisect_right(bounds, position) - 1
            low, high = bounds[text], bounds[text + 1]
            for anchor, length in self._places[tag]:
                start = position - anchor
                end = start + length
                if start < low or end > high:
                    continue
                digests += 1
                label = self._labels.get(self._keys.digest(content[4 * start : 4 * end]))
                if label is not None:
                    first, last = int(raw_places[start]), int(raw_places[end - 1])
                    hits[text].append(Hit(first - starts[text], last + 1 - starts[text], label))
        for found in hits:
            found.sort(key=lambda hit: (hit.start, -hit.end))
        return Found(hits, digests)

    def _candidates(self, codes: _Codes) -> list[tuple[int, int]]:
        """Positions in the canonical text whose next eight characters have the tag of a value, with the tag."""
        found: list[tuple[int, int]] = []
        first, *others = (np.uint64(factor) for factor in self._keys.multipliers)
        addend = np.uint64(self._keys.addend)
        for low in range(0, len(codes) - GRAM + 1, _BLOCK):
            block = codes[low : low + _BLOCK + GRAM - 1].astype(np.uint64)
            count = len(block) - GRAM + 1
            total = block[:count] * first
            total += addend
            product = np.empty_like(total)
            for place, factor in enumerate(others, start=1):
                np.multiply(block[place : place + count], factor, out=product)
                total += product
            total >>= np.uint64(64 - TAG_BITS)
            passed = np.flatnonzero(self._marked.take((total >> np.uint64(self._shift)).view(np.int64)))
            for position, tag in zip(passed.tolist(), total[passed].tolist(), strict=True):
                if tag in self._places:
                    found.append((low + position, tag))
        return found


class _CanonicalTable:
    """`agent.canonical` over arrays of code points. Rows of 256 characters are worked out when one of them comes."""

    def __init__(self) -> None:
        self._table = np.full(_CODE_POINTS, _UNKNOWN, np.uint32)
        #: What becomes of the characters that become several; in the table stands `_SEVERAL` and the row here.
        self._spelled: list[str] = []
        self._spellings = np.zeros((0, 0), np.uint32)

    def __call__(self, codes: _Codes) -> tuple[_Codes, _Places]:
        """The canonical code points, and for each the place of the raw one that it came from."""
        if not len(codes):
            return codes, _NONE
        form = self._table.take(codes)
        highest = int(form.max())
        if highest == _UNKNOWN:
            self._learn(np.unique(codes[form == _UNKNOWN] >> 8).tolist())
            form = self._table.take(codes)
            highest = int(form.max())
        if highest >= _SEVERAL:
            return self._spread(form)
        kept = np.flatnonzero(form)
        return form[kept], kept

    def _learn(self, rows: Sequence[int]) -> None:
        codes = [code for row in rows for code in range(row << 8, (row + 1) << 8)]
        learnt: list[int] = []
        for found in map(canonical_character, map(chr, codes)):
            if len(found) > 1:
                learnt.append(_SEVERAL + len(self._spelled))
                self._spelled.append(found)
            else:
                learnt.append(ord(found) if found else _DROPPED)
        width = max(map(len, self._spelled), default=0)
        padded = "".join(found.ljust(width, "\0") for found in self._spelled)
        self._spellings = np.frombuffer(padded.encode("utf-32-le"), np.uint32).reshape(len(self._spelled), width)
        self._table[codes] = learnt

    def _spread(self, form: _Codes) -> tuple[_Codes, _Places]:
        """The same where characters become several: Korean syllables, ligatures, fractions."""
        counts = (form != _DROPPED).astype(np.int64)
        many = np.flatnonzero(form >= _SEVERAL)
        counts[many] = np.count_nonzero(self._spellings[form[many] - _SEVERAL], axis=1)
        places = np.repeat(np.arange(len(form)), counts)
        spread = form[places]
        grown = np.flatnonzero(spread >= _SEVERAL)
        firsts = np.cumsum(counts) - counts
        spread[grown] = self._spellings[spread[grown] - _SEVERAL, grown - firsts[places[grown]]]
        return spread, places
