"""Handshakes that never end, or end at once: they are bounded, leave nothing behind, and keep nobody out who speaks."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import resource
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import uvloop

from agent.clock import SystemClock
from agent.metrics.catalogue_edge import INGEST_METRICS
from agent.metrics.edge import EdgeMetrics
from streams.courier.courier import Courier
from streams.ingest.config import IngestConfig
from streams.ingest.intake import Intake
from streams.ingest.server import IngestServer
from streams.memory import MemorySink
from streams.web import Health, Readiness, WebServer, connections, handshakes
from streams.web.tls import ServerTls
from tests.builders import nothing_measured
from tests.certificates import Authority
from tests.unit.ingest.rig import TOPIC, new_broker

ASK = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
#: More than there are places.
MANY = 300
#: Many clients at once, and what they were answered. In a process of their own: they and the server would take turns.
CROWD = """
import asyncio, collections, ssl, sys

async def one(context):
    try:
        async with asyncio.timeout(60):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", int(sys.argv[1]), ssl=context, server_hostname="localhost"
            )
            writer.write(b"GET /livez HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
            answer = (await reader.read())[:15].decode()
            writer.close()
            return answer
    except (OSError, EOFError) as error:
        return type(error).__name__

async def crowd():
    context = ssl.create_default_context(cafile=sys.argv[2])
    print(dict(collections.Counter(await asyncio.gather(*(one(context) for _ in range(int(sys.argv[3])))))))

asyncio.run(crowd())
"""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


@pytest.fixture
def tls(authority: Authority) -> ServerTls:
    pair = authority.sign("server")
    return ServerTls(pair.cert, pair.key)


@pytest.fixture(params=["web", "ingest"])
async def port(request: pytest.FixtureRequest, tls: ServerTls) -> AsyncIterator[int]:
    """Of a worker's web port, and of a receiver's."""
    server: WebServer | IngestServer
    if request.param == "web":
        server = WebServer(
            "127.0.0.1", 0, nothing_measured, lambda: Health(True), lambda: Readiness(True), None, dict, tls=tls
        )
    else:
        clock, config, broker = SystemClock(), IngestConfig(port=0), new_broker()
        courier = Courier(
            lambda: MemorySink(broker), [TOPIC], None, clock, pending_bytes=config.pending_bytes, retry_seconds=0.05
        )
        intake = Intake(TOPIC, config.max_record_bytes, clock)
        server = IngestServer(config, None, courier, intake, EdgeMetrics(INGEST_METRICS), clock, tls)
    await server.start()
    try:
        yield server.port
    finally:
        await server.stop()


async def ask_often(port: int, authority: Authority) -> list[bytes]:
    """The first lines of what twenty ordinary clients are answered, one after the other."""
    context = ssl.create_default_context(cafile=str(authority.ca))
    found = []
    for _ in range(20):
        async with asyncio.timeout(60):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
            writer.write(ASK)
            found.append((await reader.read())[:15])
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
    return found


async def ask_all_at_once(port: int, authority: Authority, clients: int) -> str:
    """How often which first line came, or which error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CROWD, str(port), str(authority.ca), str(clients), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return said.decode().strip()


@pytest.fixture
def room_for_a_crowd(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Connections that are there have bounds of their own. Children may open as many files."""
    monkeypatch.setattr(connections.Protocol, "max_connections", 1000)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def until_no_more_are_open_than(before: int) -> None:
    async with asyncio.timeout(60):
        while open_files() > before:
            await asyncio.sleep(0.01)


def come_and_go(port: int, words: bytes) -> None:
    for _ in range(MANY):
        with socket.create_connection(("127.0.0.1", port), 60) as each:
            each.sendall(words)


async def test_connections_that_are_held_open_without_a_word_keep_nobody_out(
    port: int, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    before = open_files()
    with caplog.at_level(logging.WARNING), contextlib.ExitStack() as held:
        for _ in range(MANY):
            held.enter_context(socket.create_connection(("127.0.0.1", port), 60))
            await asyncio.sleep(0)
        assert await ask_often(port, authority) == [b"HTTP/1.1 200 OK"] * 20
        assert open_files() <= before + MANY + 256, "of handshakes there are only so many"
    await until_no_more_are_open_than(before)
    (line,) = [record.getMessage() for record in caplog.records]  # one a minute
    assert line == "handshakes_given_up count=1 most_at_once=256"


async def test_connections_that_are_closed_at_once_keep_nobody_out(port: int, authority: Authority) -> None:
    before = open_files()
    gc.disable()  # which may come late: what asyncio keeps of a handshake that failed are cycles
    try:
        for words in (b"", b"", b"GET / HTTP/1.0\r\n\r\n"):
            await asyncio.to_thread(come_and_go, port, words)
            assert await ask_often(port, authority) == [b"HTTP/1.1 200 OK"] * 20
        await until_no_more_are_open_than(before)
    finally:
        gc.enable()


@pytest.mark.usefixtures("room_for_a_crowd")
async def test_ordinary_clients_that_come_at_once_are_all_served(
    port: int, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """As after a restart, when all that were connected come back."""
    with caplog.at_level(logging.WARNING):
        assert await ask_all_at_once(port, authority, 600) == "{'HTTP/1.1 200 OK': 600}"
    assert not caplog.records, "none made room"


@pytest.mark.usefixtures("room_for_a_crowd")
async def test_ordinary_clients_at_once_are_all_served_while_many_are_held_open_without_a_word(
    port: int, authority: Authority
) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(1000):
            held.enter_context(socket.create_connection(("127.0.0.1", port), 60))
        assert await ask_all_at_once(port, authority, 600) == "{'HTTP/1.1 200 OK': 600}"


@pytest.mark.parametrize(
    "policy", [asyncio.DefaultEventLoopPolicy(), uvloop.EventLoopPolicy()], ids=["asyncio", "uvloop"]
)
def test_one_that_makes_room_when_it_is_through_is_closed_by_the_loop(
    policy: asyncio.AbstractEventLoopPolicy, tls: ServerTls, authority: Authority
) -> None:
    """Were the socket closed under it, its number would be that of the next connection, which it would then close."""
    made: list[asyncio.BaseTransport] = []
    listeners: list[handshakes.TlsListener] = []

    class Through(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.append(transport)
            listeners[0]._give_up(next(iter(listeners[0].handshakes)))  # in the turn in which the handshake is through

    async def look() -> None:
        listener = handshakes.TlsListener(Through, await handshakes.bound("127.0.0.1", 0), tls)
        listeners.append(listener)
        context = ssl.create_default_context(cafile=str(authority.ca))
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", listener.port, ssl=context, server_hostname="localhost"
        )
        async with asyncio.timeout(60):
            assert await reader.read() == b""
        writer.close()
        listener.close()
        await listener.wait_closed()

    with asyncio.Runner(loop_factory=policy.new_event_loop) as runner:
        runner.run(look())
    assert made
    gc.collect()  # a transport that was not closed is told then
