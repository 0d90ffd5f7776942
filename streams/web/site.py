"""The listening socket: aiohttp's, over TLS our own, with bounds on handshakes that never end."""

from __future__ import annotations

import asyncio
import errno
from typing import cast

from aiohttp import web

from agent.errors import ConfigError, InUse
from streams.web.handshakes import TlsListener, bound
from streams.web.tls import ServerTls

__all__ = ["Site", "listening"]

_BACKLOG = 128


class Site(web.BaseSite):
    """As `aiohttp.web.TCPSite`, which knows neither a time-out of handshakes (asyncio's is a minute) nor a bound."""

    def __init__(self, runner: web.ServerRunner, host: str, port: int, tls: ServerTls | None) -> None:
        super().__init__(runner, ssl_context=tls.context if tls else None, backlog=_BACKLOG)
        self._host = host
        self._port = port
        self._tls = tls
        self._listener: TlsListener | None = None

    @property
    def name(self) -> str:
        return f"{'https' if self._ssl_context else 'http'}://{self._host}:{self._port}"

    async def start(self) -> None:
        await super().start()
        server = self._runner.server
        assert server is not None  # the runner was set up, which BaseSite.start checks
        if self._tls is None:
            self._server = await asyncio.get_running_loop().create_server(
                server, self._host, self._port, backlog=self._backlog
            )
            return
        self._listener = TlsListener(server, await bound(self._host, self._port), self._tls)
        # aiohttp closes it, and reads the addresses of its sockets.
        self._server = cast(asyncio.AbstractServer, self._listener)

    async def stop(self) -> None:
        await super().stop()
        if self._listener is not None:
            await self._listener.wait_closed()


async def listening(
    protocol: web.Server, host: str, port: int, tls: ServerTls | None, *, named: str, shutdown_seconds: float
) -> web.ServerRunner:
    """A runner that listens.

    Parameters
    ----------
    named
        The section of the configuration that says where: for the error.
    shutdown_seconds
        How long requests that are under way may take when it is cleaned up.

    Raises
    ------
    ConfigError
        When the address cannot be bound.
    InUse
        When that is since somebody listens there.
    """
    runner = web.ServerRunner(protocol, shutdown_timeout=shutdown_seconds)
    await runner.setup()
    try:
        await Site(runner, host, port, tls).start()
    except OSError as error:
        await runner.cleanup()
        reason = error.strerror or "no such address"
        kind = InUse if error.errno == errno.EADDRINUSE else ConfigError
        raise kind(f"{named}: cannot listen on {host}:{port} ({reason}): choose another host or port") from error
    return runner
