"""The data plane's side of the tap's process: starts it, hands copies to it, and starts it again when it dies.

Nothing here waits for it. Copies lie in the bounded buffer of a socket, or wait in as much memory for the next process
when one has died; more than that is dropped and counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Final

import msgspec

from agent.child_process import environment_of_child, python_command
from agent.clock import Clock
from agent.errors import ConfigError, HarmwatchError, TransportError
from streams.proxy.capture import Captured
from streams.proxy.counts import Counts
from streams.proxy.messages import Answer, Custody, Failed, Hello, Ready, encode, read_answer

__all__ = ["Handover"]

_logger = logging.getLogger(__name__)

_START_SECONDS: Final = 60.0
_COUNTS_SECONDS: Final = 0.5
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 30.0
_WARN_SECONDS: Final = 60.0
#: So long without a word from the process, twice in a row, and it counts as hung. Twice, since this process may have
#: stood still itself: then its words are here, and have yet to be read.
_SILENCE_SECONDS: Final = 60.0


class _Run:
    """One life of the tap's process."""

    def __init__(self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.process = process
        self.reader = reader
        self.writer = writer
        self.handed = 0
        self.settled = 0


class Handover:
    """Takes copies, and never blocks or raises for it.

    Parameters
    ----------
    hello
        What the process is to be.
    max_backlog_bytes
        More on its way to it, or waiting for the next one, is dropped.
    refresh
        Called before the counts are sent.
    """

    def __init__(
        self, hello: Hello, counts: Counts, clock: Clock, max_backlog_bytes: int, refresh: Callable[[], None]
    ) -> None:
        self._hello = hello
        self._counts = counts
        self._clock = clock
        self._most = max_backlog_bytes
        self._refresh = refresh
        self._encoder = msgspec.msgpack.Encoder()
        self._run: _Run | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._warned = float("-inf")
        self._waiting = bytearray()
        self._copies_waiting = 0
        self.web_port = 0

    def take(self, captured: Captured) -> None:
        """Hand a copy over, or count it as dropped."""
        self._counts.copied += 1
        frame = encode(self._encoder, captured)
        run = self._run if self._run is not None and not self._run.writer.transport.is_closing() else None
        backlog = len(self._waiting) if run is None else run.writer.transport.get_write_buffer_size()
        if backlog + len(frame) > self._most:
            self._counts.dropped["backlog"] += 1
            self._warn("taps_dropped reason=backlog")
        elif run is None:
            self._waiting += frame
            self._copies_waiting += 1
        else:
            run.handed += 1
            run.writer.write(frame)

    async def start(self) -> None:
        """Start the process, and wait until it is ready to take copies.

        Raises
        ------
        ConfigError
            What it found wrong with the configuration.
        HarmwatchError
            When it failed otherwise.
        """
        self._run = await self._launch()
        self._tasks = [asyncio.create_task(self._supervise(self._run)), asyncio.create_task(self._tell())]

    async def stop(self, seconds: float) -> None:
        """Let the process bring to its sink what it has, for so long."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        run, self._run = self._run, None
        if self._copies_waiting:  # for a process that is not to come any more
            _logger.error("taps_dropped reason=process lost=%d", self._copies_waiting)
        if run is None:
            return
        self._refresh()
        run.writer.write(encode(self._encoder, self._counts))
        run.writer.write_eof()
        try:
            async with asyncio.timeout(seconds):
                await run.process.wait()
        except TimeoutError:
            _logger.warning("tap_process_killed")
            with contextlib.suppress(ProcessLookupError):
                run.process.kill()
            await run.process.wait()
        run.writer.close()

    async def _launch(self) -> _Run:
        ours, theirs = socket.socketpair()
        try:
            process = await asyncio.create_subprocess_exec(
                *python_command("streams.proxy.tap_process", str(theirs.fileno())),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                env=environment_of_child(PYTHONUNBUFFERED="1"),
            )
        finally:
            theirs.close()
        ours.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=ours)
        run = _Run(process, reader, writer)
        writer.write(encode(self._encoder, self._hello))
        answer = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                answer = await read_answer(reader)
        if isinstance(answer, Ready):
            if answer.web_port:
                self.web_port = answer.web_port
                self._hello.overrides["web.port"] = answer.web_port  # where it was free the next one is found, too
            return run
        writer.close()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if isinstance(answer, Failed):
            raise (ConfigError if answer.wrong_config else HarmwatchError)(answer.message)
        raise TransportError("the tap's process did not start")

    async def _supervise(self, run: _Run | None) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            if run is not None:
                started = self._clock.monotonic()
                await self._follow(run)
                self._run = None
                self._counts.dropped["process"] += run.handed - run.settled
                self._counts.restarts += 1
                run.writer.close()
                _logger.error("tap_process_ended code=%s lost=%d", run.process.returncode, run.handed - run.settled)
                if self._clock.monotonic() - started > _LONGEST_PAUSE_SECONDS:
                    pause = _FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            pause = min(2.0 * pause, _LONGEST_PAUSE_SECONDS)
            try:
                run = self._run = await self._launch()
                self._hand_over_what_waited(run)
            except (HarmwatchError, OSError) as error:
                run = None
                self._warn("tap_process_does_not_start", error)

    def _hand_over_what_waited(self, run: _Run) -> None:
        run.handed += self._copies_waiting
        run.writer.write(bytes(self._waiting))
        self._waiting.clear()
        self._copies_waiting = 0

    async def _follow(self, run: _Run) -> None:
        """Read what the process says, until its end, or until it has said nothing for long."""
        while (answer := await self._next_answer(run.reader)) is not None:
            if isinstance(answer, Custody):
                run.settled = answer.settled
        with contextlib.suppress(ProcessLookupError):
            run.process.kill()  # one that no longer listens is of no use
        await run.process.wait()

    async def _next_answer(self, reader: asyncio.StreamReader) -> Answer | None:
        reading = asyncio.create_task(read_answer(reader))
        try:
            for _ in range(2):
                await asyncio.wait([reading], timeout=_SILENCE_SECONDS)
                if reading.done():
                    return reading.result()
            _logger.error("tap_process_hung")
            return None
        finally:
            reading.cancel()

    async def _tell(self) -> None:
        while True:
            self._refresh()
            run = self._run
            if run is not None and not run.writer.transport.is_closing():
                backlog = run.writer.transport.get_write_buffer_size()
                self._counts.backlog_bytes = backlog
                if backlog < self._most:
                    run.writer.write(encode(self._encoder, self._counts))
            await asyncio.sleep(_COUNTS_SECONDS)

    def _warn(self, line: str, error: BaseException | None = None) -> None:
        now = self._clock.monotonic()
        if now - self._warned >= _WARN_SECONDS:
            self._warned = now
            _logger.warning("%s%s", line, f" error={error}" if error is not None else "")
