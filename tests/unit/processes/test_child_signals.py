"""Signals that come to a process of a worker more often, or earlier, than it can use them."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from agent.clock import SystemClock
from streams.config_file import ConfigFile
from streams.processes.life import launch
from streams.processes.settings import hello_for

NOBODY_THERE = b"kafka: {bootstrap_servers: '127.0.0.1:1'}\n"


async def test_a_second_sigterm_does_not_cut_off_a_process_that_drains() -> None:
    file = ConfigFile(Path("f.yaml"), NOBODY_THERE, "ab" * 32)
    life = await launch(hello_for(file, 1, 1, "k" * 64, None), SystemClock())
    try:
        async with asyncio.timeout(120.0):
            await life.built()
            life.go()
            while life.state is None:
                await life.look("state", 1.0)
            while life.process.returncode is None:
                life.signal(signal.SIGTERM)
                await asyncio.sleep(0.01)
            await life.ended.wait()
    finally:
        await life.kill()
    assert life.process.returncode == 0
