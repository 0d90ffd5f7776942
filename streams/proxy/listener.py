"""Where clients come in: a plain socket of the loop's own, or TLS with handshakes that are bounded.

With TLS the loop tells nobody of a connection before its handshake is through, and uvloop stops to accept when the
making of a protocol fails. So connections are accepted here: of too many handshakes the oldest makes room.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from agent.clock import Clock
from streams.web.tls import HANDSHAKE_SECONDS, ServerTls

__all__ = ["Listener", "TlsListener", "listen"]

_logger = logging.getLogger(__name__)

_BACKLOG: Final = 1024
_MAX_HANDSHAKES: Final = 256
_SHUTDOWN_SECONDS: Final = 1.0
#: Without a file descriptor to spare there is none a moment later either; asyncio's own servers wait as long.
_PAUSE_SECONDS: Final = 1.0
_WARN_SECONDS: Final = 60.0


class Listener(Protocol):
    """What listens."""

    def close(self) -> None:
        """Listen no longer."""


async def listen(
    make: Callable[[], asyncio.Protocol], host: str, port: int, tls: ServerTls | None, clock: Clock
) -> tuple[Listener, int]:
    """Listen; gives back the port as well, which is another one where 0 was asked for.

    Parameters
    ----------
    make
        The protocol of a connection that is there, with TLS one whose handshake is through.

    Raises
    ------
    OSError
        When the address cannot be bound.
    """
    loop = asyncio.get_running_loop()
    if tls is None:
        server = await loop.create_server(make, host, port, backlog=_BACKLOG)
        return server, server.sockets[0].getsockname()[1]
    listener = TlsListener(make, await _bound(host, port), tls, clock)
    return listener, listener.port


async def _bound(host: str, port: int) -> list[socket.socket]:
    """A socket for each address that the host has, as `create_server` of the loop has them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    with contextlib.ExitStack() as opened:
        sockets: list[socket.socket] = []
        for family, kind, proto, _, address in dict.fromkeys(found):
            listening = opened.enter_context(socket.socket(family, kind, proto))
            listening.setblocking(False)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind(address)
            listening.listen(_BACKLOG)
            sockets.append(listening)
        opened.pop_all()
        return sockets


class TlsListener:
    """Accepts, and hands connections over when their handshakes are through.

    Attributes
    ----------
    handshakes
        Those that are going on, the oldest first.
    """

    def __init__(
        self, make: Callable[[], asyncio.Protocol], sockets: list[socket.socket], tls: ServerTls, clock: Clock
    ) -> None:
        self._make = make
        self._tls = tls
        self._clock = clock
        self._warned = float("-inf")
        self.port: int = sockets[0].getsockname()[1]
        self.handshakes: dict[asyncio.Task[bool], None] = {}
        self._accepting: list[asyncio.Task[None]] = []
        for listening in sockets:
            task = asyncio.create_task(self._accept(listening))
            # Behind the task's end, for one that is cancelled before it began as well.
            task.add_done_callback(partial(_close, listening))
            self._accepting.append(task)

    def close(self) -> None:
        """Listen no longer, and give up the handshakes that are going on."""
        for task in (*self._accepting, *self.handshakes):
            task.cancel()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listening)
            except ConnectionError:  # it was gone before it was there
                continue
            except OSError as error:
                self._warn(error)
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            if len(self.handshakes) >= _MAX_HANDSHAKES:
                oldest = next(iter(self.handshakes))
                del self.handshakes[oldest]
                oldest.cancel()
            task = asyncio.create_task(self._shake_hands(accepted))
            self.handshakes[task] = None
            task.add_done_callback(partial(self._through, accepted))

    async def _shake_hands(self, accepted: socket.socket) -> bool:
        """True when the connection is there; the protocol has it then."""
        accepted.setblocking(False)
        # What connects and goes, such as a probe, and what speaks no TLS is nobody's concern.
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(
                self._make,
                accepted,
                ssl=self._tls.context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=_SHUTDOWN_SECONDS,
            )
            return True
        return False

    def _through(self, accepted: socket.socket, task: asyncio.Task[bool]) -> None:
        self.handshakes.pop(task, None)
        if task.cancelled() or not task.result():
            accepted.close()

    def _warn(self, error: OSError) -> None:
        now = self._clock.monotonic()
        if now - self._warned >= _WARN_SECONDS:
            self._warned = now
            _logger.warning("connections_not_accepted reason=%s", error.strerror or type(error).__name__)


def _close(listening: socket.socket, _: asyncio.Task[None]) -> None:
    listening.close()
