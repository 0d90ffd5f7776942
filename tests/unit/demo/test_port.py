"""The demo's port: the one that was asked for, or a free one when somebody listens there."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from agent.clock import SystemClock
from agent.errors import InUse
from streams.demo.conduct import DemoOptions, demo_config
from streams.demo.port import first_free
from streams.front import Front, web_port
from streams.worker import Worker


def listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


@asynccontextmanager
async def listening(port: int, front: Callable[..., Front]) -> AsyncIterator[int]:
    """Where the web port of a demo's worker listens."""
    made = Worker.build(demo_config(DemoOptions(web_port=port), "127.0.0.1:9"), SystemClock(), front=front).web
    await made.start()
    try:
        yield made.port
    finally:
        await made.stop()


async def test_a_port_that_is_taken_gives_way_to_a_free_one() -> None:
    with listener() as taken:
        port = taken.getsockname()[1]
        async with listening(port, first_free) as found:
            assert found not in {0, port}
            with socket.create_connection(("127.0.0.1", found)):
                pass


async def test_a_port_that_is_free_is_taken() -> None:
    with listener() as probe:
        port = probe.getsockname()[1]
    async with listening(port, first_free) as found:
        assert found == port


async def test_a_port_that_was_asked_for_by_number_is_that_or_none() -> None:
    with listener() as taken, pytest.raises(InUse, match="web: cannot listen"):
        async with listening(taken.getsockname()[1], web_port):
            pass
