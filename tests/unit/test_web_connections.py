"""Clients that say nothing, half of it, or what nobody unpacks: they take nothing from others and fill no log."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from streams.web import ConsoleApi
from streams.web.connections import Connection
from tests.unit.test_web import TOKEN, logged
from tests.unit.test_web_api import JSON, MARK, ApiSite, Source

MOST = 100
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LIVENESS = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Clients:
    """Raw connections to a site, all closed in the end."""

    def __init__(self, site: ApiSite) -> None:
        self.site = site
        self._open: list[asyncio.StreamWriter] = []

    async def connect(self, *said: bytes) -> Streams:
        """Each piece is a segment of its own: between them the server has answered others."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.site.server.port)
        self._open.append(writer)
        for piece in said:
            writer.write(piece)
            await self.settled()
        return reader, writer

    async def settled(self) -> None:
        """What was sent has been read: this server and these clients share a loop."""
        assert (await self.site.ask("/livez"))[0] == 200

    async def close(self) -> None:
        for writer in self._open:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    async with ApiSite("0.0.0.0", TOKEN) as site:
        assert isinstance(site, ApiSite)
        found = Clients(site)
        yield found
        await found.close()


def head_of(path: str, size: int, headers: dict[str, str]) -> bytes:
    said = {"Host": "localhost", "Authorization": f"Bearer {TOKEN}", "Content-Length": str(size), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode()


async def status_of(reader: asyncio.StreamReader) -> int:
    async with asyncio.timeout(10.0):
        head = await reader.readuntil(b"\r\n\r\n")
        (size,) = [line[15:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        await reader.readexactly(int(size))
    return int(head.split(b" ")[1])


def connections_of(site: ApiSite) -> set[Connection]:
    assert site.server._runner is not None and site.server._runner.server is not None
    return {each for each in site.server._runner.server.connections if isinstance(each, Connection)}


async def nobody_left(site: ApiSite) -> None:
    """All but the site's own client have gone."""
    async with asyncio.timeout(10.0):
        while len(connections_of(site)) > 1:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("path, body, headers, status", [
    ("/api/v1/feedback", json.dumps(MARK).encode(), JSON, 200),
    ("/", f"token={TOKEN}".encode(), FORM, 303),
    ("/session", f"token={TOKEN}".encode(), FORM, 303),
])  # fmt: skip
async def test_a_body_may_come_in_segments(
    clients: Clients, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    for pieces in ((body,), (body[:9], body[9:]), tuple(body[at : at + 1] for at in range(len(body)))):
        reader, _ = await clients.connect(head_of(path, len(body), headers), *pieces)
        assert await status_of(reader) == status


@pytest.mark.parametrize("path, headers", [("/", FORM), ("/session", FORM), ("/api/v1/feedback", JSON)])
async def test_a_body_that_does_not_come_is_not_waited_for(
    path: str, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    site = ApiSite("0.0.0.0", TOKEN)
    site.server = site.new_server("0.0.0.0", TOKEN, ConsoleApi(Source(), site.marker), body_seconds=0.1)
    async with site:
        clients = Clients(site)
        reader, _ = await clients.connect(head_of(path, 20, headers), b"token=")
        assert await status_of(reader) == 408
        async with asyncio.timeout(10.0):
            assert await reader.read() == b""  # closed
        await clients.close()
    assert not logged(caplog)


@pytest.mark.parametrize("said", [b"", LIVENESS, head_of("/", 20, FORM), head_of("/", 20, FORM) + b"token="])
async def test_clients_that_are_waited_for_keep_nobody_out(clients: Clients, said: bytes) -> None:
    held = [await clients.connect(said) for _ in range(MOST + 20)]
    # More than there are places, each of which was taken while others waited: those that waited longest have gone.
    for reader, _ in held[:20]:
        async with asyncio.timeout(10.0):
            with contextlib.suppress(ConnectionError):
                await reader.read()
            assert reader.at_eof()
    assert not any(reader.at_eof() for reader, _ in held[30:])


async def test_whoever_is_being_answered_stays() -> None:
    go_on = asyncio.Event()
    asked = 0

    async def slow_marker(verdict_id: str, category: str, correct: bool | None, by: str) -> Any:
        nonlocal asked
        asked += 1
        await go_on.wait()
        return object()

    site = ApiSite("0.0.0.0", TOKEN)
    site.server = site.new_server("0.0.0.0", TOKEN, ConsoleApi(Source(), slow_marker))
    async with site:
        body = json.dumps(MARK).encode()
        many = Clients(site)
        held = []
        for _ in range(MOST):
            reader, writer = await many.connect()
            writer.write(head_of("/api/v1/feedback", len(body), JSON) + body)
            held.append(reader)
        async with asyncio.timeout(10.0):
            while asked < MOST:
                await asyncio.sleep(0.01)
        newest, writer = await many.connect()
        writer.write(LIVENESS)
        async with asyncio.timeout(10.0):
            with contextlib.suppress(ConnectionError):
                assert await newest.read() == b""
        go_on.set()
        assert [await status_of(reader) for reader in held] == [200] * MOST
        await many.close()


@pytest.mark.parametrize("path, headers", [("/", FORM), ("/session", FORM), ("/api/v1/feedback", JSON)])
@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "identity, gzip", "unheard-of"])
async def test_packed_bodies_are_refused(
    clients: Clients, path: str, headers: dict[str, str], encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    for body in (b"token=x", gzip.compress(b" " * 1_000_000)):
        reader, _ = await clients.connect(head_of(path, len(body), {**headers, "Content-Encoding": encoding}) + body)
        assert await status_of(reader) == 415
    await nobody_left(clients.site)
    assert not logged(caplog)


@pytest.mark.parametrize("said", [
    head_of("/", 20, FORM),
    head_of("/", 20, FORM) + b"token=",
    head_of("/api/v1/feedback", 20, JSON),
    head_of("/api/v1/feedback", 20, JSON) + b"{",
    head_of("/api/v1/feedback", 2000, {"Content-Type": "text/plain"}),
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nto",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nnever\r\n",
    b"GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnever",
])  # fmt: skip
async def test_whoever_goes_away_leaves_no_word_in_the_log(
    clients: Clients, said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    for end in ("close", "reset", "half"):
        _, writer = await clients.connect(said)
        if end == "reset":
            writer.transport.abort()
        elif end == "half":
            writer.write_eof()
        else:
            writer.close()
    await nobody_left(clients.site)
    assert not logged(caplog)


@pytest.mark.parametrize("path, headers", [
    ("/", FORM),
    ("/api/v1/feedback", JSON),
    ("/api/v1/feedback", {"Content-Type": "text/plain"}),  # answered; aiohttp reads what comes behind the answer
])  # fmt: skip
async def test_who_is_let_go_while_a_body_comes_leaves_no_word_in_the_log(
    clients: Clients, path: str, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    await clients.settled()
    before = connections_of(clients.site)
    reader, _ = await clients.connect(head_of(path, 100, headers), b"t")
    (connection,) = connections_of(clients.site) - before
    # In one turn of the loop, as a crowd of clients has it: a byte comes, and room is made before anybody reads it.
    connection.data_received(b"o")
    connection.let_go()
    async with asyncio.timeout(10.0):
        with contextlib.suppress(ConnectionError):
            await reader.read()
    await nobody_left(clients.site)
    assert not logged(caplog)
