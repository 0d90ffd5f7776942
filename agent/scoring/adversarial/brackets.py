"""Stretches whose brackets and quotation marks do not match, for all texts of a batch at once.

Characters are counted in blocks, each kind in a field of a packed integer, and a window is some blocks in a row. Fields
may overflow in running sums; differences modulo 2**64 undo that.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOCK", "LEAST_WINDOW", "WINDOW", "unmatched", "untidy", "untidy_windows"]

BLOCK = 24
WINDOW = 4 * BLOCK
"""Characters; windows begin a block apart. A shorter text is one window."""
LEAST_WINDOW = 48
"""Shorter texts are not looked at."""
_COUNTED = '()[]{}"`\n'
_BITS = 7
_SHIFTS = np.arange(len(_COUNTED), dtype=np.uint64) * np.uint64(_BITS)
_MASK = np.uint64((1 << _BITS) - 1)
_LEAST = 2
_SHORT = 480
_MOST_LINES = 2


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint64]:
    table = np.zeros(128, np.uint64)
    for place, sign in enumerate(_COUNTED):
        table[ord(sign)] = 1 << (_BITS * place)
    return table


def untidy(codes: NDArray[np.uint32], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each text has a window of few lines with two brackets or marks without their counterparts.

    Parameters
    ----------
    codes
        Of all texts, each with a line break behind it, which is not counted.
    """
    found, firsts = _windows(codes, starts, lengths)
    any_window = np.logical_or.reduceat(found, firsts)
    return any_window & (lengths >= LEAST_WINDOW)


def untidy_windows(text: str) -> list[int]:
    """Where such windows of one text begin."""
    if len(text) <= _SHORT:
        return [at for at in range(0, max(len(text), 1), BLOCK) if _is_untidy(text[at : at + WINDOW])]
    codes = np.frombuffer(f"{text}\n".encode("utf-32-le", "surrogatepass"), np.uint32)
    found, _ = _windows(codes, np.zeros(1, np.int64), np.array([len(text)]))
    return [BLOCK * block for block in np.flatnonzero(found).tolist()]


def _is_untidy(window: str) -> bool:
    """The same of one window, quicker for a few."""
    if window.count("\n") > _MOST_LINES:
        return False
    return unmatched(window) + window.count('"') % 2 + window.count("`") % 2 >= _LEAST


def unmatched(window: str) -> int:
    """How many brackets lack their counterparts, by counting."""
    return sum(abs(window.count(one) - window.count(two)) for one, two in ("()", "[]", "{}"))


def _windows(
    codes: NDArray[np.uint32], starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether the window that begins with each block is untidy, and the first block of each text."""
    packed = _table().take(np.minimum(codes, 127).view(np.int32))
    packed[starts + lengths] = 0
    blocks = np.maximum((lengths + BLOCK - 1) // BLOCK, 1)
    ends = np.cumsum(blocks)
    first = np.arange(ends[-1])
    owner_ends = np.repeat(ends, blocks)
    begins = np.repeat(starts - BLOCK * (ends - blocks), blocks) + BLOCK * first
    total = np.zeros(ends[-1] + 1, np.uint64)
    np.cumsum(np.add.reduceat(packed, begins), out=total[1:])
    sums = total[np.minimum(first + WINDOW // BLOCK, owner_ends)] - total[first]
    counts = ((sums >> _SHIFTS[:, None]) & _MASK).view(np.int64)
    lonely = np.abs(counts[0:6:2] - counts[1:6:2]).sum(axis=0) + (counts[6] & 1) + (counts[7] & 1)
    return (lonely >= _LEAST) & (counts[8] <= _MOST_LINES), ends - blocks
