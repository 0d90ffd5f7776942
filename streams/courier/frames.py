"""What a spooled record looks like on the disk, and how far a file of them is whole.

A segment is `MAGIC`, then frames: length of the body (u32), CRC-32 of the rest (u32), time of spooling (f64, seconds
since the Unix epoch), body (msgpack); all little-endian. A length that cannot be, or a checksum that does not fit, ends
what can be trusted: where the next frame would begin is then not known. No checksum holds the length itself, so that
one which goes beyond the end of a file may be of a write that was interrupted, or damaged: `is_torn` tells them apart.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

import msgspec

from streams.ports import Message

__all__ = ["HEAD_BYTES", "MAGIC", "MAX_BODY", "Frame", "encode", "is_torn", "read_frames", "time_of"]

MAGIC: Final = b"HWSPOOL1"
_HEAD: Final = struct.Struct("<IId")
HEAD_BYTES: Final = _HEAD.size
#: Nothing larger is ever taken (`max_record_bytes` is smaller): a damaged length must not ask for gigabytes.
MAX_BODY: Final = 64 * 1024 * 1024


#: Every body begins with it: an array of four in msgpack.
_FIRST: Final = b"\x94"
#: Of frames that bytes may be made to look like, so many times their length is read and no more.
_MOST_LOOKS: Final = 4


class _Body(msgspec.Struct, array_like=True):
    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


_decode = msgspec.msgpack.Decoder(_Body).decode
_encode = msgspec.msgpack.Encoder().encode


class Frame(NamedTuple):
    """A record, when it was spooled, and the offset at which the next one begins."""

    message: Message
    time: float
    end: int


def encode(message: Message, time: float) -> bytes:
    """One frame. The partition is not kept: the key decides anew."""
    body = _encode(_Body(message.topic, message.key, message.value, message.headers))
    checksum = zlib.crc32(body, zlib.crc32(struct.pack("<d", time)))
    return _HEAD.pack(len(body), checksum, time) + body


def time_of(head: bytes) -> float:
    """When the record was spooled, by its frame's head."""
    return float(_HEAD.unpack(head)[2])


def read_frames(stream: BinaryIO, offset: int) -> Iterator[Frame]:
    """All whole frames from an offset on (0 or less: from the beginning).

    Ends at the end of the file, or before the first frame that is not whole; where, the last frame's ``end`` says.
    """
    if offset < len(MAGIC):
        stream.seek(0)
        if stream.read(len(MAGIC)) != MAGIC:
            return
        offset = len(MAGIC)
    else:
        stream.seek(offset)
    while True:
        head = stream.read(HEAD_BYTES)
        if len(head) < HEAD_BYTES:
            return
        length, checksum, time = _HEAD.unpack(head)
        if not 0 < length <= MAX_BODY:
            return
        body = stream.read(length)
        if len(body) < length or zlib.crc32(body, zlib.crc32(head[8:])) != checksum:
            return
        try:
            record = _decode(body)
        except (msgspec.MsgspecError, ValueError):  # whole, and still none of ours: written by another version
            return
        offset += HEAD_BYTES + length
        yield Frame(Message(record.topic, record.key, record.value, record.headers), time, offset)


def is_torn(tail: bytes) -> bool:
    """Whether bytes at the end of a file are the beginning of one frame and nothing else, as a crash leaves them.

    In doubt they are not: what is torn was never acknowledged and is cut off, what is damaged is kept for people.
    """
    if len(tail) < HEAD_BYTES:
        return True
    if not len(tail) - HEAD_BYTES < _HEAD.unpack_from(tail)[0] <= MAX_BODY:
        return False
    return not _holds_a_frame(tail) and not _ends_a_frame(tail)  # the second takes longer


def _ends_a_frame(tail: bytes) -> bool:
    """Whether the first body fits its checksum with another length than its head says."""
    checksum = _HEAD.unpack_from(tail)[1]
    reached = zlib.crc32(tail[8:HEAD_BYTES])
    for place in range(HEAD_BYTES, len(tail)):
        reached = zlib.crc32(tail[place : place + 1], reached)
        if reached == checksum:
            return True
    return False


def _holds_a_frame(tail: bytes) -> bool:
    """Whether a whole frame stands behind the first head, or more that look like one than can be looked at."""
    view = memoryview(tail)
    left = _MOST_LOOKS * len(tail)
    body = tail.find(_FIRST, 2 * HEAD_BYTES)
    while body >= 0:
        head = body - HEAD_BYTES
        length, checksum, _ = _HEAD.unpack_from(tail, head)
        if 0 < length <= len(tail) - body:
            left -= length
            if left < 0 or zlib.crc32(view[body : body + length], zlib.crc32(view[head + 8 : body])) == checksum:
                return True
        body = tail.find(_FIRST, body + 1)
    return False
