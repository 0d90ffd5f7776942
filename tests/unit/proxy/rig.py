"""A data plane on loopback, in front of a server whose every byte the test writes."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from agent.clock import SystemClock
from streams.config_proxy import ProxyConfig
from streams.proxy.capture import Captured
from streams.proxy.counts import Counts
from streams.proxy.plane import DataPlane

__all__ = ["ASK", "CHAT", "LAST_ASK", "SECONDS", "Rig", "answering", "proxied", "read_head"]

#: For what must happen; nothing waits so long that goes well.
SECONDS = 60.0

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Rig:
    """Attributes: what was tapped; connections that the server has had, and those that it saw end."""

    plane: DataPlane
    tapped: list[Captured] = field(default_factory=list)
    connections: int = 0
    ended: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self, tls: ssl.SSLContext | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        name = None if tls is None else "localhost"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.plane.port, ssl=tls, server_hostname=name)
        self.writers.append(writer)
        return reader, writer

    async def ask(self, data: bytes, tls: ssl.SSLContext | None = None) -> bytes:
        """Send on a connection of its own, and read to its end."""
        reader, writer = await self.connect(tls)
        writer.write(data)
        async with asyncio.timeout(SECONDS):
            answer = await reader.read()
        writer.close()
        return answer

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(SECONDS):
            while not condition():
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def proxied(
    handler: Handler, *, take: Callable[[Captured], None] | None = None, **options: object
) -> AsyncIterator[Rig]:
    """A proxy before a server that does with each connection what ``handler`` does."""
    rig: Rig
    seen: set[tuple[str, int]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rig.connections += 1
        rig.writers.append(writer)
        seen.add(writer.get_extra_info("peername"))
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            rig.ended += 1
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    config = ProxyConfig.model_validate(
        {"port": 0, "upstream": f"http://127.0.0.1:{port}", "drain_seconds": 5, **options}
    )
    tapped: list[Captured] = []
    plane = DataPlane(config, SystemClock(), Counts(), take or tapped.append)
    rig = Rig(plane, tapped)
    await plane.start()
    try:
        yield rig
    finally:
        await plane.drain()
        # Connections are accepted in their order: when the server has this one, it has all that the proxy made.
        _, last = await asyncio.open_connection("127.0.0.1", port)
        rig.writers.append(last)
        await rig.until(lambda: last.get_extra_info("sockname") in seen)
        server.close()
        for writer in rig.writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        await rig.until(lambda: rig.ended == rig.connections)


async def read_head(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(SECONDS):
        return await reader.readuntil(b"\r\n\r\n")


CHAT = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
ASK = CHAT + b'Content-Length: 14\r\n\r\n{"model": "m"}'
LAST_ASK = ASK.replace(b"Host: a\r\n", b"Host: a\r\nConnection: close\r\n")


def answering(*parts: bytes, close: bool = False):
    """A server that answers every request, which must have 14 bytes, with these parts."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if b"Content-Length: 14" in head:
                await reader.readexactly(14)
            for part in parts:
                writer.write(part)
                await writer.drain()
            if close:
                return

    return handle
