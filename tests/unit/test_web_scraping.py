"""Answers to scrapes are made once for all who wait, and whoever does not read them is let go."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest

from agent.metrics.frozen import FrozenMetrics
from agent.metrics.series import Number
from streams.web import Health, Readiness, WebServer
from streams.web.exposition import Scrape
from streams.web.scraping import Scrapes, SharedBody

PLAIN = Scrape(openmetrics=False, gzip=False)
PACKED = Scrape(openmetrics=True, gzip=True)


class Source:
    """Counts how often it was asked, and says which time it was."""

    def __init__(self, size: int = 1) -> None:
        self.asked = 0
        self._size = size

    def freeze(self) -> FrozenMetrics:
        self.asked += 1
        rows = [Number({"n": str(number)}) for number in range(self._size)]
        return FrozenMetrics({"harmwatch_events_total": (rows, [float(self.asked)] * self._size)}, {})


async def test_all_who_wait_share_an_answer() -> None:
    source = Source()
    scrapes = Scrapes(source.freeze)
    answers = await asyncio.gather(*(scrapes.body(PLAIN) for _ in range(200)))
    assert source.asked == 1
    assert len(set(map(id, answers))) == 1


async def test_an_answer_is_never_older_than_its_question() -> None:
    source = Source(20_000)
    scrapes = Scrapes(source.freeze)
    first = asyncio.create_task(scrapes.body(PLAIN))
    while not source.asked:
        await asyncio.sleep(0)
    asked_before = source.asked
    second, packed = await asyncio.gather(scrapes.body(PLAIN), scrapes.body(PACKED))
    assert f'{{n="0"}} {asked_before + 1}.0'.encode() in second
    assert b'{n="0"} 1.0' in await first
    assert packed[:2] == b"\x1f\x8b"


async def test_a_scraper_that_goes_away_takes_nothing_from_the_others() -> None:
    source = Source()
    scrapes = Scrapes(source.freeze)
    gone, stays = asyncio.create_task(scrapes.body(PLAIN)), asyncio.create_task(scrapes.body(PLAIN))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays
    assert source.asked == 1


async def test_a_failure_is_told_and_does_not_stick() -> None:
    failing = True

    def freeze() -> FrozenMetrics:
        if failing:
            raise RuntimeError("once")
        return FrozenMetrics({}, {})

    scrapes = Scrapes(freeze)
    with pytest.raises(RuntimeError, match="once"):
        await scrapes.body(PLAIN)
    failing = False
    assert await scrapes.body(PLAIN)


async def test_a_body_is_handed_over_in_pieces() -> None:
    pieces: list[int] = []

    class Writer:
        async def write(self, piece: memoryview) -> None:
            pieces.append(len(piece))

    await SharedBody(b"x" * 600_000).write(Writer())  # type: ignore[arg-type]
    assert sum(pieces) == 600_000
    assert max(pieces) <= 256 * 1024


async def test_who_does_not_read_is_let_go() -> None:
    source = Source(200_000)  # more than the sockets between take by themselves
    web = WebServer(
        "127.0.0.1", 0, source.freeze, lambda: Health(True), lambda: Readiness(True), None, dict, answer_seconds=0.2
    )
    await web.start()
    loop = asyncio.get_running_loop()
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.setblocking(False)
        await loop.sock_connect(slow, ("127.0.0.1", web.port))
        await loop.sock_sendall(slow, b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        taken = len(await loop.sock_recv(slow, 1))  # the answer has begun
        assert web._runner is not None
        assert web._runner.server is not None
        async with asyncio.timeout(20.0):
            while web._runner.server.connections:
                await asyncio.sleep(0.02)
            with contextlib.suppress(ConnectionError):
                while piece := await loop.sock_recv(slow, 1 << 20):
                    taken += len(piece)
    assert 0 < taken < len(source.freeze().text(openmetrics=False))
    await web.stop()


async def test_who_asks_on_and_on_and_reads_nothing_is_let_go() -> None:
    """Of small answers as well, of which any number could pile up."""
    asked = 0

    def health() -> Health:
        nonlocal asked
        asked += 1
        return Health(True)

    server = WebServer(
        "127.0.0.1", 0, Source().freeze, health, lambda: Readiness(True), None, dict, answer_seconds=0.2
    )  # fmt: skip
    await server.start()
    try:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, ("127.0.0.1", server.port))
            async with asyncio.timeout(60.0):
                with pytest.raises(ConnectionError):
                    while True:
                        await loop.sock_sendall(client, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000)
        held_bytes = 200 * asked  # an answer is longer
        assert held_bytes < 8 << 20
    finally:
        await server.stop()
