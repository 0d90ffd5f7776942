"""Bodies of requests within bounds of size, time and memory, unpacked; and the answer to whoever does not keep them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

from aiohttp import web

from streams.web.connections import Connection

__all__ = ["BodyRefused", "Budget", "Lease", "read_body"]

_PIECE: Final = 256 * 1024
#: zlib's window bits: 47 takes gzip and zlib alike, -15 is deflate without a wrapping, which some clients send.
_WRAPPED: Final = 47
_BARE: Final = -15
#: What follows a packed stream is copied, so that a body of many empty ones would take hours.
_MAX_STREAMS: Final = 256


class BodyRefused(Exception):
    """Why a body is not taken: an HTTP status, a result of the metric, and when to come again if that is known."""

    def __init__(self, status: int, result: str, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.result = result
        self.message = message
        self.retry_after_seconds = retry_after_seconds


class Budget:
    """How many bytes all bodies together may take."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.used = 0

    @contextmanager
    def lease(self) -> Iterator[Lease]:
        """A share that grows with the body, and is given back at the end."""
        lease = Lease(self)
        try:
            yield lease
        finally:
            self.used -= lease.held

    def take(self, size: int) -> bool:
        """False when there is no room: nothing waits for it, since those who hold it may be slow."""
        if self.used and self.used + size > self._limit:
            return False
        self.used += size
        return True


class Lease:
    """One request's share."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.held = 0

    def grow(self, size: int) -> None:
        """Before the bytes are kept.

        Raises
        ------
        BodyRefused
            429 when there is no room.
        """
        if not self._budget.take(size):
            raise BodyRefused(429, "busy", "too many bodies are being read: come again")
        self.held += size


async def read_body(request: web.BaseRequest, limit: int, lease: Lease) -> bytes:
    """The whole body, unpacked.

    Raises
    ------
    BodyRefused
        413 as soon as it is longer than ``limit``, packed or not; 408, 415, 400, 429.
    """
    if (request.content_length or 0) > limit:
        raise _too_large()
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise BodyRefused(415, "bad", "send the body as it is, or with Content-Encoding gzip or deflate")
    packed = await _read(request, limit, lease)
    if encoding in ("identity", "") or not packed:
        return packed
    return _unpack(packed, limit, lease)


async def _read(request: web.BaseRequest, limit: int, lease: Lease) -> bytes:
    pieces: list[bytes] = []
    size = 0
    try:
        connection = cast(Connection, request.protocol)
        async with connection.waiting_for_body():
            while piece := await connection.next_of(request):
                size += len(piece)
                if size > limit:
                    raise _too_large()
                lease.grow(len(piece))
                pieces.append(piece)
    except TimeoutError:
        raise BodyRefused(408, "slow", "the body did not come in time") from None
    except (ConnectionError, EOFError, web.RequestPayloadError):
        raise BodyRefused(400, "bad", "the body is not whole") from None
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _unpack(packed: bytes, limit: int, lease: Lease) -> bytes:
    out = bytearray()
    # What begins like zlib's header is zlib's; a bare deflate that does is not to be told, and fails.
    wrapped = packed[:2] == b"\x1f\x8b" or (packed[0] & 0x0F == 8 and int.from_bytes(packed[:2], "big") % 31 == 0)
    rest = packed
    streams = 0
    try:
        while rest:
            streams += 1
            if streams > _MAX_STREAMS:
                raise BodyRefused(400, "bad", "the packed body has too many streams")
            inflater = zlib.decompressobj(_WRAPPED if wrapped else _BARE)
            while not inflater.eof:
                piece = inflater.decompress(rest, _PIECE)
                rest = inflater.unconsumed_tail
                if not piece and not rest and not inflater.eof:
                    raise BodyRefused(400, "bad", "the packed body ends early")
                if len(out) + len(piece) > limit:
                    raise _too_large()
                lease.grow(len(piece))
                out += piece
            # Several members after each other are one body; a bare stream has no second.
            rest = inflater.unused_data if wrapped else b""
    except zlib.error:
        raise BodyRefused(400, "bad", "the body is not packed as Content-Encoding says") from None
    return bytes(out)


def _too_large() -> BodyRefused:
    return BodyRefused(413, "too_large", "the body is too large: send smaller batches")
