"""Ids of calls: UUID version 7 (RFC 9562), so that they sort by time and two processes never make the same."""

from __future__ import annotations

import os

__all__ = ["new_id"]


def new_id(time_seconds: float) -> str:
    """A fresh id.

    The randomness is the kernel's: a generator of our own would go on from the same state in every forked worker.

    Parameters
    ----------
    time_seconds
        Seconds since the Unix epoch.
    """
    random = int.from_bytes(os.urandom(10), "big")
    milliseconds = int(time_seconds * 1000) & 0xFFFF_FFFF_FFFF
    value = milliseconds << 80 | 0x7 << 76 | (random >> 68) << 64 | 0x2 << 62 | (random & 0x3FFF_FFFF_FFFF_FFFF)
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
