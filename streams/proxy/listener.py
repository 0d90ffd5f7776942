"""Where clients come in: a plain socket of the loop's own, or TLS with handshakes that are bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from streams.web.handshakes import TlsListener, bound
from streams.web.tls import ServerTls

__all__ = ["Listener", "listen"]

_BACKLOG: Final = 1024


class Listener(Protocol):
    """What listens."""

    def close(self) -> None:
        """Listen no longer."""


async def listen(
    make: Callable[[], asyncio.Protocol], host: str, port: int, tls: ServerTls | None
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
    if tls is None:
        server = await asyncio.get_running_loop().create_server(make, host, port, backlog=_BACKLOG)
        return server, server.sockets[0].getsockname()[1]
    listener = TlsListener(make, await bound(host, port), tls)
    return listener, listener.port
