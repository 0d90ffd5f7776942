"""A process of a worker as its parent sees it: the real line, and at its other end whatever a test wants to answer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from agent.clock import Clock
from agent.metrics.merged import MergedMetrics
from streams.processes.life import Life
from streams.processes.wire import Answer, Ask, Built, ProcessState, read_order, written

__all__ = ["WELL", "FakeProcess", "FakeSupervisor", "process_line"]

WELL = ProcessState(True, "running", True, "running", True, (), 1, 2)


class FakeProcess:
    """As `asyncio.subprocess.Process`, of no process."""

    def __init__(self) -> None:
        self.returncode: int | None = None
        self._ended = asyncio.Event()
        self.signals: list[int] = []
        self.pid = 0

    def send_signal(self, pid: int, number: int) -> None:
        assert pid == self.pid
        self.signals.append(number)

    async def wait(self) -> int:
        await self._ended.wait()
        return self.returncode or 0

    def end(self, code: int) -> None:
        self.returncode = code
        self._ended.set()


class FakeSupervisor:
    """As `streams.processes.supervisor.Supervisor`, of lives that a test has made."""

    def __init__(self, metrics: MergedMetrics, count: int) -> None:
        self.count = count
        self.lives: dict[int, Life] = {}
        self.stopping = False
        self._metrics = metrics

    def take_counts(self) -> None:
        for life in self.lives.values():
            snapshot = life.take_snapshot()
            if snapshot is not None:
                self._metrics.take(life.counts, snapshot)


@asynccontextmanager
async def process_line(
    number: int, clock: Clock, answers: Mapping[str, Callable[[Mapping[str, Any]], Any]]
) -> AsyncIterator[tuple[Life, FakeProcess]]:
    """A process that answers; what is not in ``answers`` it never answers. It ends with the context."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    process = FakeProcess()
    streams = await asyncio.open_connection(sock=ours)
    life = Life(number, process, *streams, clock, process.send_signal)  # type: ignore[arg-type]
    reader, writer = await asyncio.open_connection(sock=theirs)

    async def serve() -> None:
        writer.write(written(Built(["named"])))
        while (order := await read_order(reader)) is not None:
            if isinstance(order, Ask) and order.what in answers:
                value = answers[order.what](order.arguments)
                if isinstance(value, Answer):
                    writer.write(written(msgspec.structs.replace(value, id=order.id)))
                else:
                    content = value if isinstance(value, bytes) else msgspec.msgpack.encode(value)
                    writer.write(written(Answer(order.id, content)))

    serving = asyncio.create_task(serve())
    try:
        await life.built()
        life.go()
        yield life, process
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        process.end(0)
        writer.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(30.0):
                await life.ended.wait()
