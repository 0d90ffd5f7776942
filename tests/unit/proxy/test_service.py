"""The start of ``harmwatch proxy``."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from streams.proxy import service
from streams.proxy.handover import Handover
from streams.proxy.messages import Hello
from streams.proxy.settings import proxy_config


async def test_one_that_is_stopped_while_it_starts_opens_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    async def start(self: Handover) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.1)

    monkeypatch.setattr(Handover, "start", start)
    announced: list[tuple[int, int]] = []
    options: dict[str, object] = {"proxy.upstream": "http://127.0.0.1:1", "proxy.port": 0, "proxy.tap.sink": "core"}
    config = proxy_config(b"", "test", options)
    hangup = signal.getsignal(signal.SIGHUP)
    try:
        async with asyncio.timeout(30):
            await service._serve(config, Hello(b"", "test", options), lambda *ports: announced.append(ports))
    finally:
        signal.signal(signal.SIGHUP, hangup)
    assert not announced
