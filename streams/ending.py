"""Ending: a wish that is heard also while something is waited for, and a process that does not outlive its work."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from agent.clock import Clock

__all__ = ["StopRequest", "leave", "leave_lanes", "run_to_its_end"]

_logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class StopRequest:
    """Asked for once, and never taken back."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()

    @property
    def asked(self) -> bool:
        """True after `ask`."""
        return self._asked.is_set()

    def ask(self) -> None:
        """End now. On the event loop only."""
        self._asked.set()

    async def unless_asked(self, work: Coroutine[Any, Any, Result]) -> Result | None:
        """Do the work, which is cancelled when the end is asked for; None then, or what it gave or raised."""
        doing = asyncio.ensure_future(work)
        asked = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait([doing, asked], return_when=asyncio.FIRST_COMPLETED)
            return doing.result() if doing.done() else None
        finally:
            for task in (doing, asked):
                task.cancel()
            await asyncio.gather(doing, asked, return_exceptions=True)


def run_to_its_end(work: Coroutine[Any, Any, Result], patience_seconds: float) -> Result:
    """As `asyncio.run`, but tasks that take no cancellation are waited for so long at most.

    `asyncio.run` cancels what is left and waits for it without a limit. A library's task that is ending something with
    a broker that takes connections and answers nothing ends minutes later.
    """

    async def bounded() -> Result:
        try:
            return await work
        finally:
            await _end_others(patience_seconds)

    return asyncio.run(bounded())


async def _end_others(patience_seconds: float) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if not others:
        return
    _, staying = await asyncio.wait(others, timeout=patience_seconds)
    if not staying:
        return
    names = ",".join(sorted(getattr(task.get_coro(), "__qualname__", "task") for task in staying))
    _logger.warning("ended_in_spite_of_tasks tasks=%s", names)
    for task in staying:
        asyncio.tasks._unregister_task(task)  # what asyncio.run would wait for
        task._log_destroy_pending = False  # type: ignore[attr-defined]


def leave(code: int, clock: Clock, patience_seconds: float) -> None:
    """End the process with this exit code if threads keep it for longer, or scorers (`leave_lanes`); else returns.

    At its end Python waits for every thread that is no daemon, without a limit. A library's thread that waits for a
    broker must not keep a worker that has ended: whoever would restart it waits for its end.
    """
    deadline = clock.monotonic() + patience_seconds
    me = threading.current_thread()
    others = [thread for thread in threading.enumerate() if thread is not me and not thread.daemon]
    for thread in others:
        thread.join(max(0.0, deadline - clock.monotonic()))
    staying = [thread.name for thread in others if thread.is_alive()]
    if not staying:
        leave_lanes(code)
        return
    _logger.warning("ended_in_spite_of_threads threads=%s", ",".join(staying))
    _exit(code)


def leave_lanes(code: int) -> None:
    """End the process with this exit code if a thread of scorers is still there; returns when there is none.

    When a command fails, is interrupted or its reader goes away, such a thread may be in a model's C++ code. Before
    3.14 Python ends a thread that comes back to it after its own end by unwinding the thread's stack, which C++ takes
    for an error and aborts the process, with a core dump and code 134 (https://github.com/python/cpython/issues/87135).
    """
    if any(thread.name.startswith("harmwatch-") for thread in threading.enumerate()):
        _exit(code)


def _exit(code: int) -> None:
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)
