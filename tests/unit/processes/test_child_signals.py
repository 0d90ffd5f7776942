"""Signals that come to a process of a worker more often, or earlier, than it can use them."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from prometheus_client import CollectorRegistry

from agent.clock import ManualClock, SystemClock
from agent.metrics.merged import MergedMetrics
from streams.config_file import ConfigFile
from streams.processes.life import launch
from streams.processes.settings import hello_for
from streams.processes.supervisor import Supervisor
from tests.unit.processes.lines import WELL, process_line

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


async def test_sighup_waits_for_a_process_that_can_hear_it() -> None:
    clock, loop = ManualClock(), asyncio.get_running_loop()
    file = ConfigFile(Path("f.yaml"), NOBODY_THERE, "ab" * 32)
    metrics = MergedMetrics(CollectorRegistry(), series_budget=20_000, model_budget=200)
    supervisor = Supervisor(file, file.config(), 2, None, metrics, clock)
    before = signal.getsignal(signal.SIGHUP)
    supervisor.install_signals(loop)
    try:
        async with process_line(1, clock, {"state": lambda _: WELL}) as (life, process):
            supervisor.lives[1] = life
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0.05)
            assert process.signals == []  # by default it would end of it
            assert await life.look("state", 30.0)
            supervisor.pass_on_looks()
            supervisor.pass_on_looks()
            assert process.signals == [signal.SIGHUP]
            async with process_line(2, clock, {"state": lambda _: WELL}) as (second, late):
                supervisor.lives[2] = second
                assert await second.look("state", 30.0)
                supervisor.pass_on_looks()
                assert (process.signals, late.signals) == ([signal.SIGHUP], [signal.SIGHUP])
                os.kill(os.getpid(), signal.SIGHUP)
                await asyncio.sleep(0.05)
                assert (len(process.signals), len(late.signals)) == (2, 2)
    finally:
        signal.signal(signal.SIGHUP, before)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
