"""What the data plane and the tap's process say to each other: msgpack, each message with its length before it."""

from __future__ import annotations

import asyncio
from typing import Final, TypeAlias

import msgspec

from streams.proxy.capture import Captured
from streams.proxy.counts import Counts

__all__ = ["Answer", "Custody", "Failed", "Hello", "Ready", "encode", "read_answer", "read_word"]

_LENGTH_BYTES: Final = 4


class Hello(msgspec.Struct, tag="hello"):
    """The configuration, for the process to read it itself; it may hold secrets.

    Attributes
    ----------
    content
        Of the file; empty without one.
    origin
        What the file is called in complaints.
    overrides
        What the command line says, by section.
    """

    content: bytes
    origin: str
    overrides: dict[str, object]

    def __repr__(self) -> str:
        return f"Hello(origin={self.origin!r})"


class Ready(msgspec.Struct, tag="ready"):
    """The process takes copies; its web port is there, unless it is 0: then another process has that and the spool."""

    web_port: int


class Failed(msgspec.Struct, tag="failed"):
    """It cannot start."""

    message: str
    wrong_config: bool


class Custody(msgspec.Struct, tag="custody"):
    """So many copies are settled since it began: its sink has them, or it has counted them as dropped.

    Said again when nothing has changed, as a sign of life.
    """

    settled: int


_Word: TypeAlias = Hello | Captured | Counts
#: What the tap's process says.
Answer: TypeAlias = Ready | Failed | Custody

_words = msgspec.msgpack.Decoder(_Word)
_answers = msgspec.msgpack.Decoder(Answer)


def encode(encoder: msgspec.msgpack.Encoder, message: msgspec.Struct) -> bytes:
    """A message as it is sent."""
    buffer = bytearray(_LENGTH_BYTES)
    encoder.encode_into(message, buffer, _LENGTH_BYTES)
    buffer[:_LENGTH_BYTES] = (len(buffer) - _LENGTH_BYTES).to_bytes(_LENGTH_BYTES, "big")
    return bytes(buffer)


async def _read(reader: asyncio.StreamReader) -> bytes | None:
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


async def read_word(reader: asyncio.StreamReader) -> Hello | Captured | Counts | None:
    """The data plane's next message; None at its end."""
    data = await _read(reader)
    return None if data is None else _words.decode(data)


async def read_answer(reader: asyncio.StreamReader) -> Answer | None:
    """The tap's process's next message; None at its end, which is also when it says what nobody understands."""
    data = await _read(reader)
    try:
        return None if data is None else _answers.decode(data)
    except msgspec.DecodeError:
        return None
