"""Copies of what passes, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from streams.proxy.counts import Counts

__all__ = ["Capture", "CaptureRoom", "Captured", "Copy"]

#: An object has some 40 bytes beside its own: smaller pieces are joined, so that memory is about what is counted.
_SMALL = 4096
_BLOCK = 64 * 1024


class Captured(msgspec.Struct, tag="captured"):
    """One call as it goes to the tap's process. Of the fields of its heads only those that stand here.

    Attributes
    ----------
    started, ended
        Unix seconds: the request's head was read, the response's last byte was passed on.
    request_truncated, response_truncated
        The copy lacks the end of what passed.
    cut
        The response itself lacks its end: the client left, or the server broke off.
    """

    started: float
    ended: float
    status: int
    request: list[bytes]
    response: list[bytes]
    request_id: bytes
    trace_parent: bytes
    request_encoding: bytes
    response_encoding: bytes
    request_truncated: bool
    response_truncated: bool
    cut: bool


class CaptureRoom:
    """How much may be copied: of one body, and of all open calls together."""

    __slots__ = ("held", "most", "most_of_a_body")

    def __init__(self, most_of_a_body: int, most: int) -> None:
        self.most_of_a_body = most_of_a_body
        self.most = most
        self.held = 0


class Copy:
    """The beginning of a body."""

    __slots__ = ("_pieces", "_room", "_small", "size", "truncated")

    def __init__(self, room: CaptureRoom) -> None:
        self._room = room
        self._pieces: list[bytes] = []
        self._small = bytearray()  # behind the pieces
        self.size = 0
        self.truncated = False

    def add(self, pieces: Sequence[bytes]) -> None:
        room = self._room
        for piece in pieces:
            if self.truncated:
                return  # what comes after a gap would be read as if there were none
            left = max(0, min(room.most_of_a_body - self.size, room.most - room.held))
            if len(piece) > left:
                self.truncated = True
                piece = piece[:left]
            if len(piece) < _SMALL:
                self._small += piece
                if len(self._small) >= _BLOCK:
                    self._join()
            else:
                self._join()
                self._pieces.append(piece)
            self.size += len(piece)
            room.held += len(piece)

    def pieces(self) -> list[bytes]:
        """What has been copied."""
        self._join()
        return self._pieces

    def _join(self) -> None:
        if self._small:
            self._pieces.append(bytes(self._small))
            self._small = bytearray()


class Capture:
    """The copy of a call that is going on."""

    __slots__ = ("_noted", "_room", "_started", "request", "response")

    def __init__(self, room: CaptureRoom, started: float, noted: dict[bytes, bytes]) -> None:
        self._room = room
        self._started = started
        self._noted = noted
        self.request = Copy(room)
        self.response = Copy(room)

    def finish(self, ended: float, status: int, noted: dict[bytes, bytes], counts: Counts, *, cut: bool) -> Captured:
        """What has been copied; the room is free again."""
        self.discard()
        asked, answered = self._noted, noted
        truncated = self.request.truncated or self.response.truncated
        counts.truncated += truncated
        counts.cut += cut
        return Captured(
            started=self._started,
            ended=ended,
            status=status,
            request=self.request.pieces(),
            response=self.response.pieces(),
            request_id=asked.get(b"x-request-id", b""),
            trace_parent=asked.get(b"traceparent", b""),
            request_encoding=asked.get(b"content-encoding", b""),
            response_encoding=answered.get(b"content-encoding", b""),
            request_truncated=self.request.truncated,
            response_truncated=self.response.truncated,
            cut=cut,
        )

    def discard(self) -> None:
        """Give the room back; once."""
        self._room.held -= self.request.size + self.response.size
