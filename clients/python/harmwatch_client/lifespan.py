"""The end of an ASGI server: what a tap holds is delivered before the server hears that its application has ended.

After that nothing is certain: uvicorn raises the signal that ended it once more, with the default handler, so that
SIGTERM ends the process without `atexit`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from harmwatch_client.tap import Tap

__all__ = ["lifespan"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

#: When the innermost middleware began to wait: several of one application have the time of one together.
_began: ContextVar[float | None] = ContextVar("harmwatch_end_began", default=None)


async def lifespan(tap: Tap, app: App, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """Pass all messages and exceptions as they are; before the end is answered, wait ``close_seconds`` for the tap.

    The tap is flushed, not closed: the process may go on, and another application use it, as under a test client.
    """
    ending = False

    async def heard() -> Message:
        nonlocal ending
        message = await receive()
        ending = ending or _kind(message) == "lifespan.shutdown"
        return message

    async def said(message: Message) -> None:
        nonlocal ending
        if not _kind(message).startswith("lifespan.shutdown."):
            await send(message)
            return
        ending = False
        began = _began.get() or time.monotonic()
        await _delivered(tap, began)
        token = _began.set(began)
        try:
            await send(message)
        finally:
            _began.reset(token)

    try:
        await app(scope, heard, said)
    except Exception:
        if ending:
            await _delivered(tap, time.monotonic())
        raise
    if ending:  # it has ended without a word
        await _delivered(tap, time.monotonic())


def _kind(message: Message) -> str:
    try:
        return str(message["type"])
    except Exception:  # no message of a lifespan: not ours to refuse
        return ""


async def _delivered(tap: Tap, began: float) -> None:
    """Wait in a thread of its own: the loop may serve others. Never raises, but for a cancellation."""
    with suppress(Exception):
        if tap.stats.pending == 0:
            return
        seconds = max(began + tap.close_seconds - time.monotonic(), 0.0)
        loop = _running_loop()
        if loop is None:
            tap._flush_at_end(seconds)
            return
        from concurrent.futures import ThreadPoolExecutor

        # Not the loop's own pool, whose threads may all be busy, for ever even.
        executor = ThreadPoolExecutor(1, "harmwatch-end")
        try:
            await loop.run_in_executor(executor, tap._flush_at_end, seconds)
        finally:
            executor.shutdown(wait=False)


def _running_loop() -> Any:
    """Of asyncio, which is not imported for it; None under another, such as trio."""
    asyncio = sys.modules.get("asyncio")
    try:
        return None if asyncio is None else asyncio.get_running_loop()
    except RuntimeError:
        return None
