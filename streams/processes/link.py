"""The process's end of the line to its parent: in place of a web port."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from agent.clock import Clock
from streams.config import WorkerConfig
from streams.front import Face
from streams.processes.answers import Answers
from streams.processes.wire import Ask, Counted, read_order, written
from streams.worker import Worker

__all__ = ["ParentLink"]

#: A parent that takes nothing must not hold up a worker.
_PUSH_SECONDS: Final = 1.0


class ParentLink:
    """Answers questions and tells counts. It is the worker's front (`streams.front.Front`)."""

    port = 0

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._answering: set[asyncio.Task[None]] = set()
        self._answers: Answers | None = None
        self._worker: Worker | None = None
        self._stuck = False
        # Whoever waits for room waits until the parent has all of it.
        writer.transport.set_write_buffer_limits(high=0)

    def front(self, config: WorkerConfig, face: Face, clock: Clock) -> ParentLink:
        """For `Worker.build`."""
        self._answers = Answers(face, self._partitions)
        return self

    def serve(self, worker: Worker) -> None:
        """Tell counts before each commit: so no event whose offset is committed is missing in them, ever."""
        self._worker = worker
        worker.tap.checkpoints.before_commit = self._tell_counts

    async def start(self) -> None:
        """Nothing: the line was there before the worker."""

    async def stop(self) -> None:
        """The last word on what was counted."""
        await self._tell_counts()

    async def answer(self) -> None:
        """Answer until the parent ends."""
        while (order := await read_order(self._reader)) is not None:
            if isinstance(order, Ask):
                task = asyncio.create_task(self._answer(order))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)

    async def _answer(self, ask: Ask) -> None:
        assert self._answers is not None
        answer = await self._answers.to(ask)
        if not self._writer.is_closing():
            self._writer.write(written(answer))

    async def _tell_counts(self) -> None:
        if self._answers is None or (self._stuck and self._writer.transport.get_write_buffer_size()):
            return  # it has not taken what it was told before: what waits for it must not grow
        self._stuck = True
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_PUSH_SECONDS):
                await self._writer.drain()  # of an answer, which may be a long one
                self._writer.write(written(Counted(self._answers.snapshot())))
                await self._writer.drain()
                self._stuck = False

    def _partitions(self) -> tuple[int, int]:
        worker = self._worker
        return (0, 0) if worker is None else (worker.source_partitions, len(worker.tap.committed))
