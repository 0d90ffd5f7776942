"""TCP gates between workers and brokers: what a network does when it fails, without a network of one's own.

A gate is a port of its own that leads to a broker's. Dark, it swallows what is sent until the light comes back, as a
partition does: connections stay, nothing arrives, nobody is told. Cut, it resets what is there and refuses what comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Literal

__all__ = ["Gate", "GateMode", "Gatehouse"]

GateMode = Literal["open", "dark", "cut"]

_CHUNK_BYTES = 256 * 1024


class Gate:
    """One way. Belongs to its gatehouse's loop.

    Parameters
    ----------
    port
        Where it listens, on loopback.
    target
        The broker's port.
    """

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self.target = target
        self.mode: GateMode = "open"
        self._light = asyncio.Event()
        self._light.set()
        self._ways: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._passer, "127.0.0.1", self.port)

    def set(self, mode: GateMode) -> None:
        self.mode = mode
        if mode == "dark":
            self._light.clear()
        else:
            self._light.set()
        if mode == "cut":
            for way in list(self._ways):
                way.transport.abort()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.set("cut")

    async def _passer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ways.add(writer)
        try:
            await self._light.wait()
            if self.mode == "cut":
                return
            there_reader, there = await asyncio.open_connection("127.0.0.1", self.target)
            self._ways.add(there)
            try:
                # When one side ends, so does the other.
                ends = [asyncio.ensure_future(self._pump(*way)) for way in ((reader, there), (there_reader, writer))]
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                for end in ends:
                    end.cancel()
                await asyncio.gather(*ends, return_exceptions=True)
            finally:
                there.transport.abort()
                self._ways.discard(there)
        except OSError:
            pass  # the broker is down: the caller's connection ends, as it would without a gate
        finally:
            writer.transport.abort()
            self._ways.discard(writer)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK_BYTES):
                await self._light.wait()
                writer.write(data)
                await writer.drain()


class Gatehouse:
    """All gates, on a loop in a thread of its own. Use as a context manager."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gatehouse", daemon=True)
        self._gates: list[Gate] = []
        self._thread.start()

    def build(self, port: int, target: int) -> Gate:
        """A gate that is open."""

        async def make() -> Gate:
            gate = Gate(port, target)
            await gate.open()
            return gate

        gate = asyncio.run_coroutine_threadsafe(make(), self._loop).result(10.0)
        self._gates.append(gate)
        return gate

    def set(self, gates: Iterable[Gate], mode: GateMode) -> None:
        """Change gates together, and return when it is so."""
        chosen = list(gates)
        self._call(lambda: [gate.set(mode) for gate in chosen])

    def close(self) -> None:
        """Close every gate and end the thread."""
        if self._loop.is_closed():
            return
        self._call(lambda: [gate.close() for gate in self._gates])
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10.0)
        self._loop.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _call(self, change: Callable[[], object]) -> None:
        done: Future[None] = Future()

        def run() -> None:
            try:
                change()
            except BaseException as error:  # told in the thread that asked
                done.set_exception(error)
            else:
                done.set_result(None)

        self._loop.call_soon_threadsafe(run)
        done.result(10.0)
