"""Stretches whose brackets and quotation marks do not match, for all texts of a batch at once.

Characters are counted in blocks, each kind in a field of a packed integer, and a window is some blocks in a row. Fields
may overflow in running sums; differences modulo 2**64 undo that.
"""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOCK", "LEAST_WINDOW", "WINDOW", "untidy", "windows_of"]

BLOCK = 24
WINDOW = 4 * BLOCK
"""Characters; windows begin a block apart. A shorter text is one window."""
LEAST_WINDOW = 48
"""Shorter texts are not looked at."""
_COUNTED = '()[]{}"`\n'
_BITS = 7
_LEAST = 2
_MOST_LINES = 2


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint64]:
    table = np.zeros(128, np.uint64)
    for place, sign in enumerate(_COUNTED):
        table[ord(sign)] = 1 << (_BITS * place)
    return table


def windows_of(length: int) -> range:
    """Where the windows of a text begin."""
    return range(0, max(length - WINDOW + BLOCK, 1), BLOCK)


def untidy(codes: NDArray[np.uint32], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each text has a window of few lines with two brackets or marks without their counterparts.

    Parameters
    ----------
    codes
        Of all texts, each with a line break behind it, which is not counted.
    """
    packed = _table().take(np.minimum(codes, 127).view(np.int32))
    packed[starts + lengths] = 0
    blocks = np.maximum((lengths + BLOCK - 1) // BLOCK, 1)
    ends = np.cumsum(blocks)
    within = np.arange(ends[-1]) - np.repeat(ends - blocks, blocks)
    total = np.zeros(ends[-1] + 1, np.uint64)
    np.cumsum(np.add.reduceat(packed, np.repeat(starts, blocks) + BLOCK * within), out=total[1:])
    first = np.arange(ends[-1])
    sums = total[np.minimum(first + WINDOW // BLOCK, np.repeat(ends, blocks))] - total[first]
    counts = [_field(sums, place) for place in range(len(_COUNTED))]
    unmatched = sum(np.abs(counts[place] - counts[place + 1]) for place in (0, 2, 4)) + counts[6] % 2 + counts[7] % 2
    found = (unmatched >= _LEAST) & (counts[8] <= _MOST_LINES)
    any_window = np.logical_or.reduceat(found, ends - blocks)
    return any_window & (lengths >= LEAST_WINDOW)


def _field(sums: NDArray[np.uint64], place: int) -> NDArray[np.int64]:
    return cast(NDArray[np.int64], ((sums >> np.uint64(_BITS * place)) & np.uint64((1 << _BITS) - 1)).astype(np.int64))
