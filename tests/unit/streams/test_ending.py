"""The end of a worker: asked for while it waits, and not put off by a library's threads."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from streams.daemon import in_daemon_thread
from streams.ending import StopRequest, run_to_its_end

STAYING = """
import sys, threading
from agent.clock import SystemClock
from streams.ending import leave
def stay():
    threading.Event().wait({seconds})
threading.Thread(target=stay, name="io of a library", daemon={daemon}).start()
print("last words")
leave(3, SystemClock(), 0.3)
print("left in order", flush=True)
sys.exit(4)
"""


def ended(seconds: str, daemon: bool) -> subprocess.CompletedProcess[str]:
    """A process that leaves with code 3, or that goes on and ends with 4, with a thread that stays for so long."""
    script = STAYING.format(seconds=seconds, daemon=daemon)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60.0, check=False)


def test_a_thread_that_stays_does_not_keep_the_process() -> None:
    result = ended("None", daemon=False)
    assert result.returncode == 3
    assert result.stdout == "last words\n", "what was written is not lost"
    assert "ended_in_spite_of_threads threads=io of a library" in result.stderr


@pytest.mark.parametrize(("seconds", "daemon"), [("0.01", False), ("None", True)])
def test_threads_that_end_or_are_daemons_are_no_matter(seconds: str, daemon: bool) -> None:
    result = ended(seconds, daemon)
    assert (result.returncode, result.stdout, result.stderr) == (4, "last words\nleft in order\n", "")


async def test_work_is_done_unless_the_end_is_asked_for() -> None:
    stop = StopRequest()

    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    async def fail() -> int:
        raise ValueError("no")

    assert await stop.unless_asked(work()) == 7
    with pytest.raises(ValueError, match="no"):
        await stop.unless_asked(fail())
    assert not stop.asked


async def test_work_that_waits_is_cancelled_when_the_end_is_asked_for() -> None:
    stop, cancelled = StopRequest(), asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    doing = asyncio.create_task(stop.unless_asked(wait()))
    await asyncio.sleep(0)
    stop.ask()
    assert await doing is None
    assert cancelled.is_set() and stop.asked


async def test_blocking_work_beside_the_loop() -> None:
    def fail() -> int:
        raise ValueError("no")

    assert await in_daemon_thread(lambda: 7) == 7
    with pytest.raises(ValueError, match="no"):
        await in_daemon_thread(fail)


STUBBORN = """
import asyncio, sys, time
from streams.ending import leave, run_to_its_end
async def ending_with_a_frozen_broker():
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            pass
async def main():
    task = asyncio.create_task(ending_with_a_frozen_broker())
    await asyncio.sleep(0.01)
    return 3
began = time.monotonic()
code = run_to_its_end(main(), 0.3)
print(time.monotonic() - began < 10)
sys.exit(code)
"""


def test_a_task_that_takes_no_cancellation_does_not_keep_the_process() -> None:
    """As Faust's own while a broker takes connections and answers nothing: SIGTERM was not heard for 90 s."""
    result = subprocess.run([sys.executable, "-c", STUBBORN], capture_output=True, text=True, timeout=60.0, check=False)
    assert (result.returncode, result.stdout) == (3, "True\n")
    assert result.stderr == "ended_in_spite_of_tasks tasks=ending_with_a_frozen_broker\n"


def test_other_tasks_are_ended_and_errors_pass() -> None:
    seen: list[str] = []

    async def other() -> None:
        try:
            await asyncio.sleep(3600.0)
        finally:
            seen.append("ended")

    async def main(wrong: bool) -> str:
        task = asyncio.create_task(other())
        await asyncio.sleep(0.01)
        assert not task.done()
        if wrong:
            raise ValueError("as it was told")
        return "well"

    assert run_to_its_end(main(wrong=False), 5.0) == "well"
    with pytest.raises(ValueError, match="as it was told"):
        run_to_its_end(main(wrong=True), 5.0)
    assert seen == ["ended", "ended"]
