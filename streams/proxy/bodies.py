"""Bodies of HTTP/1.1 messages: where they end, and how they are written for the next hop.

Pieces are handed out as they come. Chunks are taken apart and made anew: sizes that we understood, no extensions.
"""

from __future__ import annotations

import re
import sys
from typing import Final, Protocol

from agent.errors import RefusedMessage
from streams.proxy.heads import CHUNKED, UNTIL_CLOSE, read_fields

__all__ = ["BodyReader", "ChunkedBody", "CountedBody", "EndlessBody", "body_reader", "chunk", "last_chunk"]

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15}+)(?:[ \t]*+;[\t\x20-\x7e\x80-\xff]*+)?")
_LONGEST_SIZE_LINE: Final = 1024
_LONGEST_TRAILERS: Final = 16 * 1024
#: A trailer must say nothing that a head's fields decide.
_NOT_IN_TRAILERS = frozenset(
    b"authorization connection content-encoding content-length content-type host set-cookie transfer-encoding".split()
)


class BodyReader(Protocol):
    """Takes a body out of the bytes of a connection.

    Attributes
    ----------
    done
        The body is complete.
    trailers
        Lines behind the last chunk, ready to be written.
    """

    done: bool
    trailers: bytes

    def read(self, data: bytes, at: int) -> tuple[list[bytes], int]:
        """The pieces of the body in ``data`` from ``at`` on, and where what follows the body begins.

        Of a body that is not done, how far it was read: not to the end of ``data`` when there were too many pieces.

        Raises
        ------
        RefusedMessage
            For framing that is none.
        """


class CountedBody:
    """A body whose length is known."""

    __slots__ = ("_left", "done", "trailers")

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = length == 0
        self.trailers = b""

    def read(self, data: bytes, at: int) -> tuple[list[bytes], int]:
        here = len(data) - at
        if here < self._left:
            self._left -= here
            return ([data[at:]] if here else []), len(data)
        end = at + self._left
        pieces = [data[at:end]] if self._left else []
        self._left = 0
        self.done = True
        return pieces, end


class EndlessBody:
    """A body that ends with the connection."""

    __slots__ = ("done", "trailers")

    def __init__(self) -> None:
        self.done = False
        self.trailers = b""

    def read(self, data: bytes, at: int) -> tuple[list[bytes], int]:
        return ([data[at:]] if at < len(data) else []), len(data)


class ChunkedBody:
    """A body in chunks, of which a reading takes no more than ``most``."""

    __slots__ = ("_left", "_line", "_most", "_trailing", "done", "trailers")

    def __init__(self, most: int = sys.maxsize) -> None:
        self._most = most
        #: Bytes of the open chunk that are to come, with the line end behind it; 0 between chunks.
        self._left = 0
        self._line = b""
        self._trailing = False
        self.done = False
        self.trailers = b""

    def read(self, data: bytes, at: int) -> tuple[list[bytes], int]:
        pieces: list[bytes] = []
        size = len(data)
        while at < size and not self.done and len(pieces) < self._most:
            if self._trailing:
                at = self._read_trailers(data, at)
            elif self._left:
                at = self._read_chunk(data, at, pieces)
            else:
                at = self._read_size(data, at)
        return pieces, at

    def _read_chunk(self, data: bytes, at: int, pieces: list[bytes]) -> int:
        left, here = self._left, len(data) - at
        if 2 < left <= here:  # nearly always: the whole of it is here
            end = at + left
            if data[end - 2 : end] != b"\r\n":
                raise RefusedMessage(400, "chunk")
            pieces.append(data[at : end - 2])
            self._left = 0
            return end
        if left > 2:
            take = min(left - 2, here)
            pieces.append(data[at : at + take])
            self._left = left - take
            return at + take
        if data[at] != (13 if left == 2 else 10):
            raise RefusedMessage(400, "chunk")
        self._left = left - 1
        return at + 1

    def _read_size(self, data: bytes, at: int) -> int:
        line, following = self._whole_line(data, at, _LONGEST_SIZE_LINE)
        if line is None:
            return following
        found = _SIZE_LINE.fullmatch(line)
        if found is None:
            raise RefusedMessage(400, "chunk")
        length = int(found.group(1), 16)
        if length:
            self._left = length + 2
        else:
            self._trailing = True
        return following

    def _read_trailers(self, data: bytes, at: int) -> int:
        line, following = self._whole_line(data, at, _LONGEST_TRAILERS)
        if line is None:
            return following
        if not line:
            self.done = True
            return following
        line += b"\r\n"
        ((name, value),) = read_fields(line, 0, len(line))
        if name.lower() in _NOT_IN_TRAILERS or len(self.trailers) + len(line) > _LONGEST_TRAILERS:
            raise RefusedMessage(400, "trailer")
        self.trailers += b"%b: %b\r\n" % (name, value.strip(b" \t"))
        return following

    def _whole_line(self, data: bytes, at: int, longest: int) -> tuple[bytes | None, int]:
        """A line without its end, None while it has none, and where reading goes on."""
        if self._line[-1:] == b"\r":
            if data[at] != 10:
                raise RefusedMessage(400, "line")
            line, self._line = self._line[:-1], b""
            return line, at + 1
        end = data.find(b"\r\n", at)
        piece = data[at:] if end < 0 else data[at:end]
        if len(self._line) + len(piece) > longest:
            raise RefusedMessage(400, "line")
        if end < 0:
            self._line += piece
            return None, len(data)
        line, self._line = self._line + piece, b""
        return line, end + 2


def body_reader(length: int, most: int = sys.maxsize) -> BodyReader:
    """The reader of a body of this length, see `heads.CHUNKED` and `heads.UNTIL_CLOSE`; of so many pieces at once."""
    if length == CHUNKED:
        return ChunkedBody(most)
    return EndlessBody() if length == UNTIL_CLOSE else CountedBody(length)


def chunk(piece: bytes) -> bytes:
    """A piece of a body as a chunk; it must not be empty, which would be the last one."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def last_chunk(trailers: bytes) -> bytes:
    return b"0\r\n%b\r\n" % trailers
