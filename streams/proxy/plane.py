"""The data plane: what its connections share, and its life from the first request to the last."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.clock import Clock
from agent.errors import ConfigError
from streams.config_proxy import ProxyConfig
from streams.descriptors import connections_within
from streams.proxy.capture import Capture, Captured, CaptureRoom
from streams.proxy.client import ClientConnection
from streams.proxy.counts import Counts
from streams.proxy.listener import Listener, listen
from streams.proxy.routes import TappedRoutes
from streams.proxy.upstream import Pool
from streams.tls_faults import file_fault
from streams.web.handshakes import MOST_DESCRIPTORS
from streams.web.tls import server_tls

__all__ = ["DataPlane", "Server"]

_logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_TICK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Server:
    """Where the model server is; ``authority`` is what requests call it."""

    host: str
    port: int
    authority: bytes
    tls: ssl.SSLContext | None = None

    @classmethod
    def of(cls, config: ProxyConfig) -> Server:
        """The server of the configuration.

        Raises
        ------
        ConfigError
            When the file of certificates cannot be read, or it is the proxy itself.
        """
        parts = urlsplit(config.upstream)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = parts.hostname or ""
        if port == config.port and host in (config.host, "localhost", "127.0.0.1", "::1"):
            raise ConfigError(f"proxy.upstream: is the proxy itself, which listens on port {port}: choose another port")
        tls = None
        if parts.scheme == "https":
            try:
                tls = ssl.create_default_context(cafile=config.upstream_ca_file)
            except OSError as error:
                raise ConfigError(
                    f"proxy.upstream_ca_file: {config.upstream_ca_file} cannot be loaded ({file_fault(error)}): "
                    "give a PEM file of certificates"
                ) from None
        return cls(host, port, parts.netloc.encode("ascii"), tls)


class DataPlane:
    """Listens, and owns all connections.

    Parameters
    ----------
    take
        Gets every finished copy; must not block. When it raises, the copy is dropped.

    Attributes
    ----------
    host
        What requests call the server; None leaves what the client called it.
    port
        Where it listens, once `start` returned.
    waiting
        Those of the clients without a call, the one first that has waited longest.

    Raises
    ------
    ConfigError
        When the files of `proxy.tls` cannot be taken, or as `Server.of` does.
    """

    def __init__(self, config: ProxyConfig, clock: Clock, counts: Counts, take: Callable[[Captured], None]) -> None:
        self.config = config
        self.clock = clock
        self.counts = counts
        self._take = take
        self.server = Server.of(config)
        self._tls = server_tls(config.tls, "proxy.tls", clock)
        self.host = None if config.preserve_host else self.server.authority
        self.routes = TappedRoutes(config.tap.routes)
        self.clients: set[ClientConnection] = set()
        self.waiting: dict[ClientConnection, None] = {}
        self.pool = Pool(self)
        self.draining = False
        self.port = config.port
        self._most_clients = config.max_connections
        self._room = CaptureRoom(config.tap.max_body_bytes, config.tap.max_held_bytes)
        self._listener: Listener | None = None
        self._watching: list[asyncio.Task[None]] = []
        self._slowest = 0.0
        self._tap_failed = False
        self._left = asyncio.Event()

    def new_capture(self, noted: dict[bytes, bytes]) -> Capture:
        """The copy of a call that begins now."""
        return Capture(self._room, self.clock.now(), noted)

    def tap(self, captured: Captured) -> None:
        """Hand a copy over. Nothing that goes wrong there may reach the call that was copied."""
        try:
            self._take(captured)
        except Exception as error:
            self.counts.dropped["process"] += 1
            if not self._tap_failed:
                self._tap_failed = True
                _logger.error("tap_failed error=%s", type(error).__name__)

    async def start(self) -> None:
        """Listen.

        Raises
        ------
        ConfigError
            When the address cannot be bound.
        """
        loop = asyncio.get_running_loop()
        host, port = self.config.host, self.config.port
        # A call takes one to its client and one to the server.
        self._most_clients = connections_within(
            self.config.max_connections, 2, "proxy.max_connections", MOST_DESCRIPTORS if self._tls else 0
        )
        try:
            self._listener, self.port = await listen(lambda: ClientConnection(self), host, port, self._tls)
        except OSError as error:
            reason = error.strerror or "no such address"
            raise ConfigError(
                f"proxy: cannot listen on {host}:{port} ({reason}): choose another host or port"
            ) from None
        self._watching = [loop.create_task(self._look_around()), loop.create_task(self._tick())]

    async def drain(self) -> None:
        """Take no more connections, let the calls that are going on end for ``drain_seconds``, then end all."""
        self.draining = True
        if self._listener is not None:
            self._listener.close()
        for client in list(self.clients):
            client.end_if_idle()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.config.drain_seconds):
                while self.clients:
                    await self._somebody_leaves()
        if self.clients:
            _logger.warning("calls_broken_off_at_the_end calls=%d", len(self.clients))
        for client in list(self.clients):
            client.abort()
        self.pool.close()
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        while self.clients or self.counts.servers:
            await self._somebody_leaves()

    async def _somebody_leaves(self) -> None:
        self._left.clear()
        await self._left.wait()

    def has_room(self) -> bool:
        """Whether a client that is there may stay: of too many, one without a call is closed for it."""
        if len(self.clients) <= self._most_clients:
            return True
        longest = next((client for client in self.waiting if client.silent), None)
        if longest is None:
            return False
        self.client_left(longest)  # now, or the next one that comes in this turn of the loop would close another
        longest.abort()
        return True

    def client_left(self, client: ClientConnection) -> None:
        """Its connection is closed."""
        self.clients.discard(client)
        self.waiting.pop(client, None)
        self._left.set()

    def server_left(self) -> None:
        """A connection to the server is closed."""
        self.counts.servers -= 1
        self._left.set()

    def refresh_counts(self) -> None:
        """Bring what is not counted as it happens up to date; the slowest turn begins anew."""
        counts = self.counts
        counts.clients = len(self.clients)
        counts.captured_bytes = self._room.held
        counts.draining = self.draining
        counts.slowest_turn_seconds, self._slowest = self._slowest, 0.0

    async def _look_around(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            now = self.clock.monotonic()
            for client in list(self.clients):
                client.look_at(now)
            self.pool.look(now)

    async def _tick(self) -> None:
        """How late the loop wakes us is how long it was busy with other things."""
        while True:
            due = self.clock.monotonic() + _TICK_SECONDS
            await asyncio.sleep(_TICK_SECONDS)
            self._slowest = max(self._slowest, self.clock.monotonic() - due)
