"""Lines of a pipe that somebody writes to now and then, such as ``tail -f``."""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Callable
from typing import BinaryIO, Final, Protocol

__all__ = ["LineSource", "live"]

_LOOK_SECONDS: Final = 0.1
_PIECE_BYTES: Final = 1 << 16


class LineSource(Protocol):
    """What lines are read from."""

    def readline(self, size: int, /) -> bytes: ...


def live(stream: BinaryIO, idle: Callable[[], None]) -> LineSource:
    """The stream itself, or of a pipe, a socket or a terminal one that calls ``idle`` every so often while it waits.

    Nothing may have been read of it before. Windows cannot wait for a pipe.
    """
    try:
        descriptor = stream.fileno()
    except OSError:
        return stream
    if os.name == "nt" or stat.S_ISREG(os.fstat(descriptor).st_mode):
        return stream
    return _Live(descriptor, idle)


class _Live:
    def __init__(self, descriptor: int, idle: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._idle = idle
        self._kept = bytearray()
        self._searched = 0
        self._ended = False

    def readline(self, size: int, /) -> bytes:
        while True:
            at = self._kept.find(b"\n", self._searched, size)
            if at >= 0:
                return self._take(at + 1)
            if len(self._kept) >= size or self._ended:
                return self._take(size)
            self._searched = len(self._kept)
            while not select.select([self._descriptor], [], [], _LOOK_SECONDS)[0]:
                self._idle()
            piece = os.read(self._descriptor, _PIECE_BYTES)
            self._kept += piece
            self._ended = not piece

    def _take(self, size: int) -> bytes:
        taken = bytes(self._kept[:size])
        del self._kept[:size]
        self._searched = 0
        return taken
