"""Keyed hashes that stand for the cells of a table on the disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

__all__ = ["HASH_BYTES", "Hasher"]

HASH_BYTES = 16


class Hasher:
    """128-bit keyed hashes of lists of texts.

    The key is new with each one and nowhere written, so that what lies on the disk tells nothing. Two different lists
    share a hash with probability below 1e-18 among ten thousand million of them: counts are exact for all purposes.
    """

    __slots__ = ("_encode", "_key")

    def __init__(self) -> None:
        self._key = os.urandom(32)
        # Every text with its length, so that ("ab", "c") is not ("a", "bc").
        self._encode = msgspec.msgpack.Encoder().encode

    def __call__(self, texts: Sequence[str]) -> bytes:
        """`HASH_BYTES` bytes."""
        try:
            data = self._encode(texts)
        except UnicodeEncodeError:
            # Half a surrogate pair, out of JSON. As bytes, which no list of texts is encoded to.
            data = self._encode([text.encode("utf-8", "surrogatepass") for text in texts])
        return blake2b(data, key=self._key, digest_size=HASH_BYTES).digest()
