"""What the parent and a process of its worker say to each other: MessagePack, each message with its length before it.

They speak over a socket pair that only the two hold: there is no name that others could open, and nothing to guess. Its
end is how either learns of the other's.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, TypeAlias

import msgspec

__all__ = [
    "Answer",
    "Ask",
    "Built",
    "Counted",
    "Failed",
    "Go",
    "Hello",
    "ProcessState",
    "read_order",
    "read_word",
    "written",
]

_LENGTH_BYTES: Final = 4
_MOST_BYTES: Final = 256 * 1024 * 1024


class Hello(msgspec.Struct, tag="hello"):
    """What the process is to be. It may hold secrets.

    Attributes
    ----------
    number, count
        Which process it is, from 1 on, and of how many.
    hash_key
        Of evidence, where the configuration has none: all processes of a worker hash alike.
    processes
        What the command line says in place of ``worker.processes``; None where it says nothing.
    """

    number: int
    count: int
    path: str
    content: bytes
    sha256: str
    owner: str
    modified: float
    watchable: bool
    hash_key: str
    processes: int | str | None

    def __repr__(self) -> str:
        return f"Hello(number={self.number}, count={self.count}, path={self.path!r})"


class Go(msgspec.Struct, tag="go"):
    """Everybody could be put together: begin."""


class Ask(msgspec.Struct, tag="ask"):
    """A question, see `streams.processes.answers`."""

    id: int
    what: str
    arguments: dict[str, Any] = {}


class Built(msgspec.Struct, tag="built"):
    """The process has put its worker together, and has connected to nothing yet.

    ``models`` are those that the configuration names, as labels have them.
    """

    models: list[str]


class Failed(msgspec.Struct, tag="failed"):
    """It ends on purpose: with what a worker alone would say, and its exit code."""

    message: str
    wrong_config: bool


class Counted(msgspec.Struct, tag="counted"):
    """A snapshot of its metrics (`agent.metrics.snapshot`), told unasked before offsets are committed."""

    snapshot: bytes


class Answer(msgspec.Struct, tag="answer"):
    """To the `Ask` of that id: MessagePack, or what went wrong (``unavailable``, ``transport`` or ``error``)."""

    id: int
    value: bytes = b""
    problem: str = ""
    detail: str = ""


class ProcessState(msgspec.Struct, frozen=True):
    """How a process is, as its own web port would have it.

    Attributes
    ----------
    assigned, partitions
        Partitions of events that it holds, and how many there are for the whole group; 0 while it is not known.
    configuration
        First digits of the SHA-256 of the file that it runs; "" without one.
    """

    alive: bool
    reason: str
    live: bool
    live_reason: str
    ready: bool
    missing: tuple[str, ...]
    assigned: int
    partitions: int
    configuration: str = ""


Order: TypeAlias = Hello | Go | Ask
Word: TypeAlias = Built | Failed | Counted | Answer

_encoder = msgspec.msgpack.Encoder()
_orders = msgspec.msgpack.Decoder(Order)
_words = msgspec.msgpack.Decoder(Word)


def written(message: msgspec.Struct) -> bytes:
    """A message as it is sent."""
    buffer = bytearray(_LENGTH_BYTES)
    _encoder.encode_into(message, buffer, _LENGTH_BYTES)
    buffer[:_LENGTH_BYTES] = (len(buffer) - _LENGTH_BYTES).to_bytes(_LENGTH_BYTES, "big")
    return bytes(buffer)


async def read_order(reader: asyncio.StreamReader) -> Order | None:
    """The parent's next message; None when it has ended."""
    data = await _read(reader)
    return None if data is None else _orders.decode(data)


async def read_word(reader: asyncio.StreamReader) -> Word | None:
    """The process's next message; None when it has ended."""
    data = await _read(reader)
    return None if data is None else _words.decode(data)


async def _read(reader: asyncio.StreamReader) -> bytes | None:
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
        return None if length > _MOST_BYTES else await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
