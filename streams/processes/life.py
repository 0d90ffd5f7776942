"""The parent's end of the line: one process of the worker, from its start to its death."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from agent.child_process import environment_of_child, python_command
from agent.clock import Clock
from agent.errors import ConfigError, HarmwatchError, TopicUnavailable, TransportError
from agent.metrics.merged import ProcessLife
from agent.metrics.snapshot import Snapshot as MetricsSnapshot
from agent.metrics.snapshot import read_snapshot
from streams.processes.wire import Answer, Ask, Built, Counted, Failed, Go, Hello, ProcessState, read_word, written

__all__ = ["SILENT_SECONDS", "Life", "error_of", "launch"]

_logger = logging.getLogger(__name__)

#: Without an answer for so long a process counts as silent.
SILENT_SECONDS: Final = 10.0
#: From the beginning of the process until its parts are put together.
_BUILD_SECONDS: Final = 120.0
#: A process that has closed its line ends by itself within it: it waits five seconds for threads of libraries.
_LAST_SECONDS: Final = 10.0
_state = msgspec.msgpack.Decoder(ProcessState)


class Life:
    """A process that runs, or has run.

    Parameters
    ----------
    send_signal
        The system call, for tests.

    Attributes
    ----------
    number
        Which of the worker's processes it is, from 1 on.
    began
        When it was started, by the clock's monotonic time.
    state
        How it is, by its last answer; None before the first.
    failed
        What it says of its end, when it ended on purpose.
    counts
        What it has told `agent.metrics.merged.MergedMetrics`.
    held_number
        Of the last finding that was taken from it.
    again
        Whether one that had answered was in its place before.
    ended
        Set when the process is gone and all that it said has been read.
    """

    def __init__(
        self,
        number: int,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        clock: Clock,
        send_signal: Callable[[int, int], None] = os.kill,
    ) -> None:
        self._send_signal = send_signal
        self.number = number
        self.process = process
        self.state: ProcessState | None = None
        self.failed: Failed | None = None
        self.counts = ProcessLife()
        self.held_number = 0
        self.again = False
        self.ended = asyncio.Event()
        self.models: list[str] = []
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self.began = self._heard = clock.monotonic()
        self._asked = 0
        self._asking: dict[int, asyncio.Future[Answer]] = {}
        self._open: dict[str, tuple[asyncio.Future[Answer], float]] = {}
        self._snapshot: bytes | None = None
        self._following: asyncio.Task[None] | None = None

    @property
    def following(self) -> bool:
        """It was let begin."""
        return self._following is not None

    @property
    def silence(self) -> float:
        """Seconds since it last said anything."""
        return self._clock.monotonic() - self._heard

    @property
    def silent(self) -> bool:
        """It has answered nothing for too long: it hangs, or was frozen."""
        return self.silence > SILENT_SECONDS

    @property
    def running(self) -> bool:
        """It has answered at least once, and is not gone."""
        return self.state is not None and not self.ended.is_set()

    async def built(self) -> None:
        """Wait until its worker is put together.

        Raises
        ------
        ConfigError, HarmwatchError
            What it found wrong; what a worker alone would say.
        """
        word = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_BUILD_SECONDS):
                word = await read_word(self._reader)
        if isinstance(word, Built):
            self.models = word.models
            return
        await self.kill()
        if isinstance(word, Failed):
            raise error_of(word)
        raise HarmwatchError(f"process {self.number} did not start (exit code {self.process.returncode}); see its log")

    def go(self) -> None:
        """Let it begin."""
        self._heard = self._clock.monotonic()
        self._writer.write(written(Go()))
        self._following = asyncio.create_task(self._follow())

    def take_snapshot(self) -> MetricsSnapshot | None:
        """What it has counted by its last word; None when there is nothing new."""
        content, self._snapshot = self._snapshot, None
        return None if content is None else read_snapshot(content)

    async def ask(self, what: str, seconds: float, **arguments: Any) -> bytes | None:
        """Its answer; None when none comes in time, or it cannot give one.

        Raises
        ------
        TopicUnavailable, TransportError
            When the broker did not take what it was to write.
        """
        if self.ended.is_set():
            return None
        answer = await self._within(self._question(what, arguments), seconds)
        if answer is None:
            return None
        if answer.problem == "unavailable":
            raise TopicUnavailable(answer.detail)
        if answer.problem == "transport":
            raise TransportError(answer.detail)
        if answer.problem:
            _logger.warning("process_cannot_answer process=%d what=%s error=%s", self.number, what, answer.detail)
            return None
        return answer.value

    async def look(self, what: str, seconds: float) -> bool:
        """Ask for ``state`` or ``metrics``, one question at a time: who hangs is not asked again, nor waited for again.

        Whether it answered. The answer itself is kept here.
        """
        now = self._clock.monotonic()
        asking, since = self._open.get(what, (None, now))
        if asking is None or asking.done():
            asking, since = self._question(what, {}), now
            self._open[what] = asking, since
        answer = await self._within(asking, seconds - (now - since))
        return answer is not None and not answer.problem

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it is there.

        Not by `send_signal`, which looks first whether it has ended: whoever looks takes its exit code, and asyncio's
        own thread, which waits for that, makes one up then (255).
        """
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._send_signal(self.process.pid, number)

    async def kill(self) -> None:
        """End it now."""
        self.signal(signal.SIGKILL)
        await self.process.wait()
        self._writer.close()
        if self._following is None:
            self.ended.set()

    def _question(self, what: str, arguments: Mapping[str, Any]) -> asyncio.Future[Answer]:
        self._asked += 1
        asking: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if self._writer.is_closing():
            asking.set_result(Answer(self._asked, problem="error", detail="gone"))
            return asking
        self._asking[self._asked] = asking
        self._writer.write(written(Ask(self._asked, what, dict(arguments))))
        return asking

    async def _within(self, asking: asyncio.Future[Answer], seconds: float) -> Answer | None:
        if not asking.done() and seconds > 0.0:
            await asyncio.wait([asking], timeout=seconds)
        return asking.result() if asking.done() else None

    async def _follow(self) -> None:
        """Read what it says until its end."""
        try:
            while (word := await read_word(self._reader)) is not None:
                self._take(word)
        except msgspec.DecodeError as error:
            _logger.error("process_not_understood process=%d error=%s", self.number, type(error).__name__)
        finally:
            await self._finish()

    async def _finish(self) -> None:
        # It closes the line at its very end; what it does without one is of no use.
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                await self.process.wait()
        except TimeoutError:
            self.signal(signal.SIGKILL)
            await self.process.wait()
        self._writer.close()
        for id, asking in self._asking.items():
            if not asking.done():
                asking.set_result(Answer(id, problem="error", detail="gone"))
        self._asking.clear()
        self.ended.set()

    def _take(self, word: Built | Failed | Counted | Answer) -> None:
        self._heard = self._clock.monotonic()
        if isinstance(word, Counted):
            self._snapshot = word.snapshot
        elif isinstance(word, Failed):
            self.failed = word
        elif isinstance(word, Answer):
            asking = self._asking.pop(word.id, None)
            if not word.problem and asking is self._open.get("metrics", (None, 0.0))[0]:
                self._snapshot = word.value
            elif not word.problem and asking is self._open.get("state", (None, 0.0))[0]:
                self.state = _state.decode(word.value)
            if asking is not None and not asking.done():
                asking.set_result(word)


def error_of(failed: Failed) -> HarmwatchError:
    """What a process said of its end, as an error of ours: with the same exit code."""
    return (ConfigError if failed.wrong_config else HarmwatchError)(failed.message)


async def launch(hello: Hello, clock: Clock) -> Life:
    """Start a process: a fresh interpreter, which inherits nothing but its end of the line and our standard error.

    It has a session of its own: what a terminal sends to all that runs in it, Ctrl-C, is the parent's to pass on.
    """
    ours, theirs = socket.socketpair()
    try:
        process = await asyncio.create_subprocess_exec(
            *python_command("streams.processes.child", str(theirs.fileno()), str(hello.number), str(os.getpid())),
            env=environment_of_child(),
            pass_fds=(theirs.fileno(),),
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    ours.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=ours, limit=1 << 20)
    writer.write(written(hello))
    return Life(hello.number, process, reader, writer, clock)
