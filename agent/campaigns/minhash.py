"""MinHash signatures of sets of shingles, and the bands by which similar ones are found without comparing all.

Broder, "On the resemblance and containment of documents" (1997): two signatures agree in a place with a probability
of the Jaccard similarity of their sets. With 32 bands of two places each (Leskovec, Rajaraman and Ullman, "Mining of
Massive Datasets", chapter 3) a pair of similarity s shares a band with probability 1 - (1 - s^2)^32: 0.73 at 0.2,
0.95 at 0.3, 0.996 at 0.4. Shingles are hashed with a key, so that nobody can tell from a signature which words it was
made of, and nobody without the key can make texts that collide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["BANDS", "PLACES", "MinHash", "Signature"]

BANDS: Final = 32
_ROWS: Final = 2
PLACES: Final = BANDS * _ROWS
#: Hashes are below this Mersenne prime, so that a product of two fits into 64 bits.
_PRIME: Final = (1 << 31) - 1

_BITS: Final = np.uint64(31)
_MASK: Final = np.uint64(_PRIME)

Signature = NDArray[np.uint64]


class MinHash:
    """Makes signatures.

    Parameters
    ----------
    key
        1 to 64 bytes. The same key and the same texts give the same signatures, anywhere.
    """

    def __init__(self, key: bytes) -> None:
        hasher = hashlib.blake2b(key=key[:64], digest_size=4)

        def hashed(shingle: str) -> int:
            one = hasher.copy()
            one.update(shingle.encode("utf-8", "surrogatepass"))
            return int.from_bytes(one.digest(), "big") % _PRIME

        self._hashed = lru_cache(maxsize=20_000)(hashed)
        seed = int.from_bytes(hashlib.blake2b(b"minhash", key=key[:64], digest_size=8).digest(), "big")
        draw = np.random.Generator(np.random.PCG64(seed))
        self._factors = draw.integers(1, _PRIME, (PLACES, 1), dtype=np.uint64)
        self._offsets = draw.integers(0, _PRIME, (PLACES, 1), dtype=np.uint64)

    def hashes(self, shingles: Collection[str]) -> tuple[int, ...]:
        """Keyed hashes of shingles, ascending, each once."""
        return tuple(sorted({self._hashed(shingle) for shingle in shingles}))

    def signature(self, hashes: Collection[int]) -> Signature:
        """The signature, of shape (PLACES,), of a set of hashes that is not empty."""
        row = np.fromiter(hashes, np.uint64, len(hashes))
        signature: Signature = _modulo_prime(row * self._factors + self._offsets).min(axis=1)
        return signature

    @staticmethod
    def bands(signature: Signature) -> list[int]:
        """One number a band: two signatures that share one agree in all places of it."""
        pairs = signature.reshape(BANDS, _ROWS)
        numbered = (pairs[:, 0] << np.uint64(31)) | pairs[:, 1]
        # The band's place goes along: the same pair in another band is a coincidence.
        return [(number << 5) | place for place, number in enumerate(numbered.tolist())]


def _modulo_prime(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers below 2^62 modulo the prime: shifts and sums, since a division takes twenty times as long."""
    folded = (numbers & _MASK) + (numbers >> _BITS)
    folded = (folded & _MASK) + (folded >> _BITS)
    folded[folded == _MASK] = 0
    return folded
