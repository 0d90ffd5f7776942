"""Nothing that hangs outside holds the worker: silent web connections, clients that do not stop."""

from __future__ import annotations

import asyncio

import pytest

from streams.kafka_stop import stop_client
from streams.web import Health, Readiness, WebServer
from tests.builders import nothing_measured


class Client:
    """A client whose stop ends as it is told to."""

    def __init__(self, ends: asyncio.Event, error: BaseException | None = None) -> None:
        self._ends = ends
        self._error = error

    async def stop(self) -> None:
        await self._ends.wait()
        if self._error is not None:
            raise self._error


async def test_a_client_that_never_stops_is_given_up() -> None:
    async with asyncio.timeout(30.0):
        await stop_client(Client(asyncio.Event()), patience_seconds=0.05)


@pytest.mark.parametrize("error", [None, RuntimeError("x"), asyncio.CancelledError()])
async def test_how_a_client_stops_is_not_passed_on(error: BaseException | None) -> None:
    ends = asyncio.Event()
    ends.set()
    await stop_client(Client(ends, error))


class Connections:
    def __init__(self, error: BaseException | None) -> None:
        self._error = error
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1
        if self._error is not None:
            raise self._error


@pytest.mark.parametrize("error", [None, RuntimeError("x"), asyncio.CancelledError()])
async def test_a_stop_that_ends_itself_in_the_middle_leaves_no_connection(error: BaseException | None) -> None:
    """As aiokafka's does while a broker is away, before it has closed them."""
    ends = asyncio.Event()
    ends.set()
    client, connections = Client(ends, asyncio.CancelledError()), Connections(error)
    client._client = connections  # type: ignore[attr-defined]
    await stop_client(client)
    assert connections.closed == 1


async def test_connections_beyond_the_cap_are_closed_and_the_port_answers_again() -> None:
    server = WebServer("127.0.0.1", 0, nothing_measured, lambda: Health(True), lambda: Readiness(True), None, dict)
    await server.start()
    try:
        opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(130)]
        async with asyncio.timeout(30.0):
            while sum(reader.at_eof() for reader, _ in opened) < 30:
                await asyncio.sleep(0.02)
        assert sum(reader.at_eof() for reader, _ in opened) == 30
        for _, writer in opened:
            writer.close()
        async with asyncio.timeout(30.0):
            answered = b""
            while not answered:
                await asyncio.sleep(0.02)
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                answered = await reader.read()
                writer.close()
        assert b" 200 " in answered.splitlines()[0]
    finally:
        await server.stop()
