"""The lot of a call: where between 0 and 1 it falls, by a keyed digest of its id. It is scored when it falls low.

So both halves of a call have one lot, on whichever worker, and a record that comes again has the lot that it had. The
lot is uniform whatever ids are like, and nobody without the key can choose an id that is scored, or that is not.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

__all__ = ["AUDIT", "EMBEDDED", "Lots"]

AUDIT: Final = b"hw audit"
"""For lots of cascades: what is scored under overload, and what is audited, are drawn independently."""
EMBEDDED: Final = b"hw embedding"
"""For lots of the calls whose texts are embedded; likewise."""

_RANGE: Final = float(2**53)


class Lots:
    """Draws lots under one key.

    Parameters
    ----------
    key
        At least 16 bytes. The same for all workers, and over restarts, where the halves of a call are to share their
        lot across them.
    purpose
        Lots for different purposes are independent; at most 16 bytes.
    """

    def __init__(self, key: bytes, purpose: bytes = b"hw overload") -> None:
        self._hasher = blake2b(digest_size=8, key=blake2b(key, digest_size=32).digest(), person=purpose)

    def draw(self, source: str, inference_id: str) -> float:
        """In [0, 1), a multiple of 2^-53."""
        hasher = self._hasher.copy()
        name = source.encode("utf-8", "surrogatepass")
        hasher.update(b"%d:%b" % (len(name), name) + inference_id.encode("utf-8", "surrogatepass"))
        return (int.from_bytes(hasher.digest(), "big") >> 11) / _RANGE
