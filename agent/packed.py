"""Files that may be packed by gzip, which their content tells: standard input has no suffix."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import Final

__all__ = ["DAMAGED", "is_packed"]

_MAGIC: Final = b"\x1f\x8b"

#: What reading raises where the packed data is cut off or changed.
DAMAGED: Final = (EOFError, zlib.error, gzip.BadGzipFile)


def is_packed(stream: io.BufferedReader) -> bool:
    """Whether gzip's data comes next; none of it is taken."""
    return stream.peek(len(_MAGIC))[: len(_MAGIC)] == _MAGIC
