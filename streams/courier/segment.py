"""One file of a spool, and what a crash left of it."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from streams.courier.frames import HEAD_BYTES, MAGIC, MAX_BODY, is_torn, read_frames

__all__ = ["READ_BUFFER", "Segment", "recover"]

READ_BUFFER: Final = 256 * 1024

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Segment:
    """A file of the queue.

    Attributes
    ----------
    size
        Up to here it holds whole frames.
    records
        Of these, how many are still to be delivered.
    torn_bytes
        Cut off at its end when it was recovered: a write that a crash had interrupted, and nobody was told of.
    damaged
        Behind `size` lies something else than the rest of one interrupted write: the file is kept when it is done.
    """

    path: Path
    number: int
    size: int
    records: int = 0
    torn_bytes: int = 0
    damaged: bool = False


def recover(path: Path, number: int, offset: int, *, newest: bool) -> Segment:
    """What is left of a file from an earlier run, of which everything before ``offset`` is delivered.

    Only the newest can have a torn tail: those of older ones were cut off when the spool was last opened.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    segment = Segment(path, number, 0)
    with path.open("rb", buffering=READ_BUFFER) as stream:
        for frame in read_frames(stream, 0):
            segment.size = frame.end
            segment.records += frame.end > offset
        file_size = os.fstat(stream.fileno()).st_size
        stream.seek(0)
        ours = stream.read(len(MAGIC)) == MAGIC
        whole = max(segment.size, len(MAGIC) if ours else 0)
        rest = file_size - whole
        if rest > 0:
            stream.seek(whole)
            segment.damaged = not (newest and _is_torn(stream, rest, ours=ours)) and not _is_blank(path, whole)
    if rest > 0 and not segment.damaged:
        # Cut off, so that nobody mistakes it for something that was acknowledged.
        segment.torn_bytes = rest
        os.truncate(path, whole)
    if rest > 0:
        _logger.warning("spool_tail segment=%d bytes=%d damaged=%s", number, rest, segment.damaged)
    return segment


def _is_torn(stream: BinaryIO, rest: int, *, ours: bool) -> bool:
    """Whether what is left to read is what a crash leaves of one write."""
    if not ours:
        return rest < len(MAGIC)
    # No write that was interrupted leaves more of a frame.
    return rest <= MAX_BODY + HEAD_BYTES and is_torn(stream.read(rest))


def _is_blank(path: Path, start: int) -> bool:
    """Zeros: after a power cut the file may have its new length and not yet its content."""
    with path.open("rb", buffering=READ_BUFFER) as stream:
        stream.seek(start)
        while block := stream.read(READ_BUFFER):
            if block.count(0) != len(block):
                return False
    return True
