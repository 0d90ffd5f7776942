"""Where the demo listens: on the documented port, or on a free one when somebody listens there."""

from __future__ import annotations

from agent.clock import Clock
from agent.errors import InUse
from streams.config import WorkerConfig
from streams.front import Face, Front, web_port
from streams.web import WebServer

__all__ = ["first_free"]


def first_free(config: WorkerConfig, face: Face, clock: Clock) -> Front:
    """A front on the configured port, or on any free one."""
    return _FirstFree(web_port(config, face, clock))


class _FirstFree:
    """Binds and sees, since whoever looks first whether a port is free may come second."""

    def __init__(self, server: WebServer) -> None:
        self._server = server
        self.port = server.port

    async def start(self) -> None:
        try:
            await self._server.start()
        except InUse:
            self._server.port = 0
            await self._server.start()
        self.port = self._server.port

    async def stop(self) -> None:
        await self._server.stop()
