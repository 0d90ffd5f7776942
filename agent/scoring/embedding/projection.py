"""A few numbers out of a vector, by a rule that knows neither the data nor the encoder but the vector's length."""

from __future__ import annotations

from functools import lru_cache
from hashlib import shake_256

import numpy as np
from numpy.typing import NDArray

__all__ = ["components", "directions"]

#: Components then lie well within the fixed bins of `agent.histograms`, 64 of them from 0 to 1.
_SCALE = 0.25


@lru_cache(maxsize=8)
def directions(count: int, dimension: int) -> NDArray[np.float32]:
    """Directions of random signs, the same on every machine and for ever: bits of SHAKE-256.

    Signs do what normal numbers do (Achlioptas, JCSS 66, 2003), need no generator whose stream a release may change,
    and no factorisation that differs in its last digit: nearly orthogonal (cosines of about ``1 / sqrt(dimension)``)
    is enough, since detectors take each component by itself. The first directions are the same whatever ``count`` is.

    Returns
    -------
    ndarray
        Shape (count, dimension), of -1 and 1.
    """
    row = -(-dimension // 8)
    bits = shake_256(f"harmwatch embedding {dimension}".encode()).digest(count * row)
    drawn = np.unpackbits(np.frombuffer(bits, np.uint8).reshape(count, row), axis=1)[:, :dimension]
    signs: NDArray[np.float32] = drawn.astype(np.float32) * 2.0 - 1.0
    signs.flags.writeable = False
    return signs


def components(vector: NDArray[np.float32], count: int) -> list[float]:
    """A quarter of the products of a vector of length 1 with `directions`; nearly always in [-1, 1].

    Parameters
    ----------
    vector
        Shape (dimension,).
    """
    found: list[float] = (_SCALE * (directions(count, vector.shape[0]) @ vector)).tolist()
    return found
