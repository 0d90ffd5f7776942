"""File descriptors: a process asks for what it needs, and makes do with what it is given."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource

import pytest

from streams.courier.build import quieten
from streams.descriptors import connections_within
from tests.unit.proxy.rig import proxied, read_head


class Limits:
    """Stands for the system's: what was asked for, and whether it is given."""

    def __init__(self, soft: int, hard: int, *, is_fixed: bool = False) -> None:
        self.soft, self.hard, self.is_fixed = soft, hard, is_fixed

    def getrlimit(self, _kind: int) -> tuple[int, int]:
        return self.soft, self.hard

    def setrlimit(self, _kind: int, limits: tuple[int, int]) -> None:
        if self.is_fixed:
            raise ValueError("not allowed")
        assert limits[1] == self.hard and (self.hard == resource.RLIM_INFINITY or limits[0] <= self.hard)
        self.soft = limits[0]


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch):
    def limit(soft: int, hard: int, *, is_fixed: bool = False) -> Limits:
        limits = Limits(soft, hard, is_fixed=is_fixed)
        monkeypatch.setattr(resource, "getrlimit", limits.getrlimit)
        monkeypatch.setattr(resource, "setrlimit", limits.setrlimit)
        return limits

    return limit


@pytest.mark.parametrize(
    ("soft", "hard", "connections", "left"),
    [
        (100_000, 100_000, 4096, 100_000),
        (1024, 100_000, 4096, 2 * 4096 + 64),
        (1024, resource.RLIM_INFINITY, 4096, 2 * 4096 + 64),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 4096, resource.RLIM_INFINITY),
        (1024, 1064, 500, 1064),
        (100, 100, 18, 100),
        (10, 10, 1, 10),
    ],
)
def test_what_is_needed_is_asked_for_and_no_more_connections_than_descriptors(
    limited, soft: int, hard: int, connections: int, left: int, caplog: pytest.LogCaptureFixture
) -> None:
    limits = limited(soft, hard)
    with caplog.at_level(logging.WARNING):
        assert connections_within(4096, 2, "proxy.max_connections") == connections
    assert limits.soft == left
    warned = [record.getMessage() for record in caplog.records]
    assert bool(warned) == (connections < 4096)
    assert all(f"limit={left} connections={connections} instead_of=4096 see=proxy.max" in line for line in warned)


def test_a_limit_that_may_not_be_raised_is_made_do_with(limited) -> None:
    limited(1064, 100_000, is_fixed=True)
    assert connections_within(4096, 2, "proxy.max_connections") == 500


@pytest.mark.parametrize(
    ("soft", "hard", "left"), [(1024, 100_000, 1576), (1200, 1300, 1300), (1024, 1064, 1064), (1100, 1100, 1100)]
)
def test_handshakes_have_theirs_where_there_are_any_and_take_none_from_connections(
    limited, soft: int, hard: int, left: int
) -> None:
    limits = limited(soft, hard)
    assert connections_within(1000, 1, "ingest.max_connections", 512) == 1000
    assert limits.soft == left


async def test_a_proxy_with_few_descriptors_closes_idle_clients_for_those_that_call(limited) -> None:
    limited(100, 100)

    async def handle(reader, writer) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with proxied(handle) as rig:
        for _ in range(60):
            await rig.connect()
        for _ in range(5):
            reader, writer = await rig.connect()
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"200 OK" in await read_head(reader)
        assert len(rig.plane.clients) <= 18
        assert rig.plane.counts.requests == {"complete": 5}


async def test_what_fails_again_and_again_is_said_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    quieten(loop)
    try:
        with caplog.at_level(logging.INFO, "streams.courier.build"):
            for number in range(1000):
                code = (errno.EMFILE, errno.ECONNRESET)[number % 2]
                loop.call_exception_handler({"message": "socket.accept()", "exception": OSError(code, "secret")})
                loop.call_exception_handler({"message": "m", "exception": RuntimeError("secret")})
                loop.call_exception_handler({"message": "secret"})
    finally:
        loop.set_exception_handler(before)
    assert sorted(record.getMessage() for record in caplog.records) == [
        "connections_not_accepted reason=EMFILE see=ulimit -n",
        "late_error kind=ECONNRESET",
        "late_error kind=RuntimeError",
        "late_error kind=none",
    ]
