"""The data plane's side of the tap's process: one that hangs, or talks nonsense, is ended and started again."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest

from agent.clock import SystemClock
from streams.proxy import handover
from streams.proxy.capture import Captured
from streams.proxy.counts import Counts
from streams.proxy.messages import Custody, Hello, encode

Speak = Callable[[asyncio.StreamWriter], None]


class Process:
    """Stands for the tap's process: says what it is told to, and can be killed."""

    returncode: int | None = None

    def __init__(self) -> None:
        self.gone = asyncio.Event()

    def kill(self) -> None:
        self.returncode = -9
        self.gone.set()

    async def wait(self) -> int:
        await self.gone.wait()
        return -9


class Staged(handover.Handover):
    """Starts no processes: the lives are given."""

    def __init__(self, lives: list[Speak]) -> None:
        self.counts = Counts()
        super().__init__(Hello(b"", "", {}), self.counts, SystemClock(), 1000, lambda: None)
        self.lives = lives
        self.launched: list[Process] = []
        self.theirs: list[asyncio.StreamWriter] = []

    async def _launch(self) -> handover._Run:
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        _, other = await asyncio.open_connection(sock=theirs)
        self.theirs.append(other)
        process = Process()
        self.launched.append(process)
        self.lives[min(len(self.launched), len(self.lives)) - 1](other)
        return handover._Run(process, reader, writer)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def staged(*lives: Speak) -> AsyncIterator[Staged]:
    tested = Staged(list(lives))
    await tested.start()
    try:
        yield tested
    finally:
        await tested.stop(0.0)
        for writer in tested.theirs:
            writer.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60.0):
        while not condition():
            await asyncio.sleep(0.01)


def says(data: bytes) -> Speak:
    return lambda writer: writer.write(data)


CUSTODY = encode(msgspec.msgpack.Encoder(), Custody(3))
NOTHING_YET = encode(msgspec.msgpack.Encoder(), Custody(0))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "_FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(handover, "_SILENCE_SECONDS", 0.05, raising=False)


async def test_a_process_that_hangs_is_ended_and_started_again() -> None:
    async with staged(says(CUSTODY)) as tested:
        await until(lambda: len(tested.launched) >= 2)
        assert tested.launched[0].returncode == -9
        assert tested.counts.restarts >= 1


async def test_one_that_goes_on_saying_that_it_lives_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "_SILENCE_SECONDS", 5.0)
    async with staged(says(CUSTODY)) as tested:
        for _ in range(20):
            await asyncio.sleep(0.01)
            tested.theirs[0].write(CUSTODY)
        assert len(tested.launched) == 1
        assert tested.counts.restarts == 0


@pytest.mark.parametrize(
    "nonsense", [b"\0\0\0\1\xc1", b"\0\0\0\0", encode(msgspec.msgpack.Encoder(), Hello(b"", "", {}))]
)
async def test_one_that_talks_nonsense_is_ended_and_started_again(
    nonsense: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "_SILENCE_SECONDS", 60.0)
    async with staged(says(nonsense), says(CUSTODY)) as tested:
        await until(lambda: len(tested.launched) == 2)
        await asyncio.sleep(0.1)
        assert len(tested.launched) == 2


def copy(number: int) -> Captured:
    return Captured(1.0, 2.0, 200, [b"q%d" % number], [b"a"], b"", b"", b"", b"", False, False, False)


async def test_what_comes_while_no_process_is_there_waits_for_the_next_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handover, "_SILENCE_SECONDS", 60.0)
    monkeypatch.setattr(handover, "_FIRST_PAUSE_SECONDS", 0.2)
    async with staged(says(NOTHING_YET)) as tested:
        tested.theirs[0].close()
        await until(lambda: tested._run is None)
        for number in range(100):
            tested.take(copy(number))
        dropped = tested.counts.dropped["backlog"]
        assert 0 < dropped < 100, "1,000 bytes have room for some"
        await until(lambda: tested._run is not None)
        assert tested._run is not None and tested._run.handed == 100 - dropped
        tested.take(copy(100))
        assert tested._run.handed == 101 - dropped
        assert tested.counts.dropped == {"backlog": dropped, "process": 0}


async def test_what_still_waits_at_the_end_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async with staged(says(CUSTODY)) as tested:
        run, tested._run = tested._run, None
        tested.take(copy(0))
        await tested.stop(0.0)
        assert run is not None
        run.writer.close()
    assert "taps_dropped reason=process lost=1" in caplog.text
