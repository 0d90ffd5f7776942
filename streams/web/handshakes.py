"""Where clients come in over TLS: connections are accepted here, and handed over when their handshakes are through.

The loop's own servers tell nobody of a connection before its handshake is through: neither of one that failed, nor of
which is the oldest. So of too many the newest would be refused, whoever it is, and uvloop stops to accept when the
making of a protocol fails. Here of too many handshakes the oldest makes room, and one that failed is forgotten at once.

Many ordinary clients at once, as after a restart, are not too many: while handshakes are young the others wait in the
kernel's backlog, where what they say waits with them. Places are of two kinds, so that connections that say nothing
take none from handshakes that go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import Final

from streams.web.places import Places
from streams.web.tls import HANDSHAKE_SECONDS, ServerTls

__all__ = ["MOST_DESCRIPTORS", "TlsListener", "bound"]

_logger = logging.getLogger(__name__)

_BACKLOG: Final = 1024
#: Of those that have said nothing yet, and of those that have. Each holds a file descriptor.
_MAX_HANDSHAKES: Final = 256
#: Of one listener.
MOST_DESCRIPTORS: Final = 2 * _MAX_HANDSHAKES
#: So long neither gives way. First words follow the connection at once and a handshake is two ways to and fro, together
#: less than a second to the other side of the world; with a packet lost, or a client that opens 800 at once and has
#: them take turns, it is between one and two. `Places` says how long others wait for those who keep theirs.
_FAIR_SECONDS: Final = 2.0
_SHUTDOWN_SECONDS: Final = 1.0
#: So many are accepted in a turn of the loop; the handshakes of those before go on in between.
_MOST_A_TURN: Final = 32
#: Without a file descriptor to spare there is none a moment later either; asyncio's own servers wait as long.
_PAUSE_SECONDS: Final = 1.0
_WARN_SECONDS: Final = 60.0


async def bound(host: str, port: int) -> list[socket.socket]:
    """A socket for each address that the host has, as `create_server` of the loop has them.

    Raises
    ------
    OSError
        When one cannot be bound, or there is none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    missing: OSError | None = None
    with contextlib.ExitStack() as opened:
        sockets: list[socket.socket] = []
        for family, kind, proto, _, address in dict.fromkeys(found):
            try:
                listening = opened.enter_context(socket.socket(family, kind, proto))
            except OSError as error:  # a machine without IPv6, whose names may have such addresses all the same
                missing = error
                continue
            listening.setblocking(False)
            if os.name == "posix":  # elsewhere it lets two listen at once
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind(address)
            listening.listen(_BACKLOG)
            sockets.append(listening)
        if not sockets:
            raise missing or OSError("no such address")
        opened.pop_all()
        return sockets


class TlsListener:
    """Accepts, and hands connections over when their handshakes are through.

    Parameters
    ----------
    make
        The protocol of a connection; it is told of it when the handshake is through.
    sockets
        They are bound and listen, and are closed with the listener.

    Attributes
    ----------
    handshakes
        Those that are going on, the oldest first, with those of whom the first word is waited for.
    """

    def __init__(self, make: Callable[[], asyncio.BaseProtocol], sockets: list[socket.socket], tls: ServerTls) -> None:
        self._make = make
        self._tls = tls
        self._warned: dict[str, float] = {}
        self._given_up = 0
        self.sockets = sockets
        self.port: int = sockets[0].getsockname()[1]
        self.handshakes: dict[asyncio.Task[bool], None] = {}
        self._silent = Places(_MAX_HANDSHAKES, _FAIR_SECONDS, self._give_up)
        self._speaking = Places(_MAX_HANDSHAKES, _FAIR_SECONDS, self._give_up)
        #: Of those that are going on, what the loop has taken over.
        self._given: set[socket.socket] = set()
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

    async def wait_closed(self) -> None:
        """Until what `close` ends has ended: the port is free then."""
        await asyncio.gather(*self._accepting, *self.handshakes, return_exceptions=True)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        number = 0
        while True:
            try:
                accepted, _ = await loop.sock_accept(listening)
            except ConnectionError:  # it was gone before it was there
                continue
            except OSError as error:
                if self._may_warn("accepting"):
                    _logger.warning("connections_not_accepted reason=%s", error.strerror or type(error).__name__)
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            try:
                await self._speaking.nobody_waits()
                await self._silent.room()
            except asyncio.CancelledError:
                accepted.close()
                raise
            task = asyncio.create_task(self._shake_hands(accepted))
            self._silent.take(task, accepted)
            self.handshakes[task] = None
            task.add_done_callback(partial(self._through, accepted))
            number += 1
            if number % _MOST_A_TURN == 0:
                await asyncio.sleep(0)  # while others wait to be accepted there is no turn otherwise

    def _give_up(self, task: asyncio.Task[bool]) -> None:
        """Whoever holds many open keeps out nobody who speaks."""
        del self.handshakes[task]
        task.cancel()
        self._given_up += 1
        if self._may_warn("handshakes"):
            _logger.warning("handshakes_given_up count=%d most_at_once=%d", self._given_up, _MAX_HANDSHAKES)
            self._given_up = 0

    async def _shake_hands(self, accepted: socket.socket) -> bool:
        """True when the connection is there; the protocol has it then."""

        def make() -> asyncio.BaseProtocol:
            self._given.add(accepted)
            return self._make()

        task = asyncio.current_task()
        assert task is not None
        accepted.setblocking(False)
        # What connects and goes, such as a probe, and what speaks no TLS is nobody's concern.
        with contextlib.suppress(OSError):
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                if not await _speaks(accepted):
                    return False
            self._silent.leave(task)
            await self._speaking.room()
            self._speaking.take(task, accepted)
            await asyncio.get_running_loop().connect_accepted_socket(
                make,
                accepted,
                ssl=self._tls.context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=_SHUTDOWN_SECONDS,
            )
            return True
        return False

    def _through(self, accepted: socket.socket, task: asyncio.Task[bool]) -> None:
        self.handshakes.pop(task, None)
        self._silent.leave(task)
        self._speaking.leave(task)
        given = accepted in self._given
        self._given.discard(accepted)
        if task.cancelled():
            # What the loop has it closes itself, perhaps with a goodbye: its number would be another's meanwhile.
            if not given:
                accepted.close()
        elif not task.result():
            accepted.close()

    def _may_warn(self, kind: str) -> bool:
        """Once a minute."""
        now = asyncio.get_running_loop().time()
        if now - self._warned.get(kind, float("-inf")) < _WARN_SECONDS:
            return False
        self._warned[kind] = now
        return True


def _close(listening: socket.socket, _: asyncio.Task[None]) -> None:
    listening.close()


async def _speaks(accepted: socket.socket) -> bool:
    """When the first word is there, which stays where it is; false when none will come."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            return bool(accepted.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            readable = loop.create_future()
        try:
            loop.add_reader(accepted, _tell, readable)
        except NotImplementedError:  # Windows: who says nothing counts as who speaks
            return True
        try:
            await readable
        finally:
            loop.remove_reader(accepted)


def _tell(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)
