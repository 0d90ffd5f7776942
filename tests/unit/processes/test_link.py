"""What a process tells its parent before it commits."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

from agent.clock import SystemClock
from streams.processes.link import ParentLink
from streams.processes.wire import Answer, Counted, read_word, written
from tests.builders import nothing_measured
from tests.unit.streams.rig import make_config

#: Longer than what sockets hold: a status page, or the metrics of thousands of series.
LONG_ANSWER = Answer(1, bytes(8 * 1024 * 1024))


@asynccontextmanager
async def linked() -> AsyncIterator[tuple[ParentLink, asyncio.StreamWriter, asyncio.StreamReader]]:
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=theirs)
    parent, parent_writer = await asyncio.open_connection(sock=ours)
    link = ParentLink(reader, writer)
    face: Any = SimpleNamespace(status=SimpleNamespace(freeze_metrics=nothing_measured))
    link.front(make_config(), face, SystemClock())
    try:
        yield link, writer, parent
    finally:
        for each in (writer, parent_writer):
            each.close()


async def test_counts_are_told_behind_an_answer_that_the_parent_is_still_taking() -> None:
    async with linked() as (link, writer, parent):
        told = SimpleNamespace(tap=SimpleNamespace(checkpoints=SimpleNamespace()))
        link.serve(cast(Any, told))
        writer.write(written(LONG_ANSWER))

        async def take() -> list[object]:
            return [await read_word(parent), await read_word(parent)]

        taking = asyncio.create_task(take())
        await told.tap.checkpoints.before_commit()
        async with asyncio.timeout(10.0):
            first, second = await taking
        assert isinstance(first, Answer) and isinstance(second, Counted)


async def test_a_parent_that_takes_nothing_is_waited_for_once() -> None:
    async with linked() as (link, writer, _):
        writer.write(written(LONG_ANSWER))
        loop = asyncio.get_running_loop()
        before, held = loop.time(), writer.transport.get_write_buffer_size()
        await link.stop()
        once = loop.time()
        for _ in range(5):
            await link.stop()
        assert once - before > 0.5 > loop.time() - once
        assert writer.transport.get_write_buffer_size() <= held
