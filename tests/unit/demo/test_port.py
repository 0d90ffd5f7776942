"""The demo's port: the one that was asked for, or a free one when somebody listens there."""

from __future__ import annotations

import socket

import pytest

from agent.clock import SystemClock
from agent.errors import InUse
from streams.demo.conduct import DemoOptions, demo_config
from streams.demo.port import first_free
from streams.front import web_port
from streams.worker import Worker


def listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


async def test_a_port_that_is_taken_gives_way_to_a_free_one() -> None:
    with listener() as taken:
        port = taken.getsockname()[1]
        config = demo_config(DemoOptions(web_port=port), "127.0.0.1:9")
        front = Worker.build(config, SystemClock(), front=first_free).web
        await front.start()
        try:
            assert front.port not in {0, port}
            with socket.create_connection(("127.0.0.1", front.port)):
                pass
        finally:
            await front.stop()


async def test_a_port_that_is_free_is_taken() -> None:
    with listener() as probe:
        port = probe.getsockname()[1]
    config = demo_config(DemoOptions(web_port=port), "127.0.0.1:9")
    front = Worker.build(config, SystemClock(), front=first_free).web
    await front.start()
    try:
        assert front.port == port
    finally:
        await front.stop()


async def test_a_port_that_was_asked_for_by_number_is_that_or_none() -> None:
    with listener() as taken:
        config = demo_config(DemoOptions(web_port=taken.getsockname()[1]), "127.0.0.1:9")
        front = Worker.build(config, SystemClock(), front=web_port).web
        with pytest.raises(InUse, match="web: cannot listen"):
            await front.start()
