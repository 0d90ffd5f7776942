"""Answers to scrapes: one is made at a time, shared by all who wait for it, and taken in pieces.

However many ask, and however slowly they read, events go on: making answers takes a bounded share of the time, and what
is held for a slow reader is one piece, and a reference to a body that it shares with those who asked when it did.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

from agent.metrics.frozen import FrozenMetrics
from streams.web.exposition import Scrape, render
from streams.web.later import Later, settled

__all__ = ["Scrapes", "SharedBody"]

_PIECE_BYTES: Final = 256 * 1024
#: Of a core, for as long as scrapers want more than that.
_SHARE: Final = 0.2
#: So many seconds of work may be done at once after a time of rest: some answers at 20,000 series.
_BURST_SECONDS: Final = 0.5


class SharedBody(Payload):
    """The same bytes for any number of readers; each is given the next piece when it has taken most of the last."""

    _value: bytes

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self._size = len(body)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._value.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        whole = memoryview(self._value)
        for start in range(0, len(whole), _PIECE_BYTES):
            await writer.write(whole[start : start + _PIECE_BYTES])


class Scrapes:
    """Makes bodies of /metrics.

    Parameters
    ----------
    freeze
        Called on the event loop; what it gives, at once or later, is made into text in a thread.
    """

    def __init__(self, freeze: Callable[[], Later[FrozenMetrics]]) -> None:
        self._freeze = freeze
        self._one_at_a_time = asyncio.Lock()
        self._waiting: dict[Scrape, asyncio.Task[bytes]] = {}
        # Seconds of work that may be done now; less than none while a burst is being paid for.
        self._allowance = _BURST_SECONDS
        self._counted_at = 0.0

    async def body(self, scrape: Scrape) -> bytes:
        """Values are as of some moment after the call; calls that wait for the same moment share the bytes."""
        task = self._waiting.get(scrape)
        if task is None:
            task = self._waiting[scrape] = asyncio.create_task(self._make(scrape))
        return await asyncio.shield(task)

    async def _make(self, scrape: Scrape) -> bytes:
        try:
            async with self._one_at_a_time:
                await self._until_allowed()
                # Whoever asks from here on wants to see what happens from here on.
                self._waiting.pop(scrape, None)
                frozen = await settled(self._freeze())
                body, seconds = await asyncio.to_thread(_rendered, frozen, scrape)
                self._allowance -= seconds
                return body
        finally:
            if self._waiting.get(scrape) is asyncio.current_task():
                del self._waiting[scrape]

    async def _until_allowed(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            self._allowance = min(_BURST_SECONDS, self._allowance + (now - self._counted_at) * _SHARE)
            self._counted_at = now
            if self._allowance >= 0.0:
                return
            await asyncio.sleep(-self._allowance / _SHARE)


def _rendered(frozen: FrozenMetrics, scrape: Scrape) -> tuple[bytes, float]:
    """The body, and the processor time that it took."""
    began = time.thread_time()
    body = render(frozen, scrape)
    return body, time.thread_time() - began
