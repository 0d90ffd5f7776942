"""Connections to the server: responses in, and the pool of those that wait for a request."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, cast

from agent.errors import RefusedMessage
from streams.proxy.bodies import BodyReader, body_reader, chunk, last_chunk
from streams.proxy.heads import CHUNKED, NO_BODY, UNTIL_CLOSE, ResponseHead, read_response, write_response
from streams.tls_faults import TlsFault, tls_fault

if TYPE_CHECKING:
    from streams.proxy.exchange import Exchange
    from streams.proxy.plane import DataPlane

__all__ = ["Pool", "UpstreamConnection"]

_logger = logging.getLogger(__name__)

_MOST_INTERIM = 64
_READ_BYTES = 256 * 1024
_WARN_SECONDS = 60.0


class UpstreamConnection(asyncio.Protocol):
    """Passes the responses of one connection on, as they come.

    Attributes
    ----------
    exchange
        The call that it serves; None while it is idle.
    used
        It has served a call before: it may be about to be closed as idle.
    """

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._transport: asyncio.Transport
        self._reader: BodyReader | None = None
        self._response: ResponseHead | None = None
        self._chunked = False
        self._ahead = b""
        self._interim = 0
        self._held = False
        self.exchange: Exchange | None = None
        self.used = False
        self.idle_since = 0.0

    # -- asyncio.Protocol ----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._plane.counts.servers += 1

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and self._plane.server.tls is None:
            self._read_what_is_left()
        self._plane.server_left()
        self._plane.pool.forget(self)
        exchange = self.exchange
        if exchange is None:
            return
        if exc is None and self._response is not None and self._response.length == UNTIL_CLOSE:
            if self._chunked:
                exchange.client.write(last_chunk(b""))
            self._finish(exchange, reuse=False)
            return
        self.exchange = None
        exchange.server_gone(self)

    def _read_what_is_left(self) -> None:
        """A write failed. Where the server has answered before it read the whole request, its answer is still there.

        The socket is open until this returns; what TLS would have to decrypt is lost.
        """
        descriptor = self._transport.get_extra_info("socket").fileno()
        while self.exchange is not None:
            try:
                data = os.read(descriptor, _READ_BYTES)
            except OSError:  # there is nothing, or nothing any more
                return
            if not data:
                return
            self.data_received(data)

    def data_received(self, data: bytes) -> None:
        exchange = self.exchange
        if exchange is None:
            self._transport.abort()  # nobody asked
            return
        exchange.since = self._plane.clock.monotonic()
        if self._ahead:
            data, self._ahead = self._ahead + data, b""
        out: list[bytes] = []
        try:
            at = self._pass_on(exchange, data, out)
        except RefusedMessage as refused:
            if out:
                exchange.client.write(b"".join(out))
            exchange.fail(502, "server_broke_off", f"the server's response cannot be passed on ({refused.reason})")
            return
        if out:
            exchange.client.write(out[0] if len(out) == 1 else b"".join(out))
        if self._reader is not None and self._reader.done:
            self._finish(exchange, reuse=at == len(data))

    def pause_writing(self) -> None:
        if self.exchange is not None:
            self.exchange.client.hold("server")

    def resume_writing(self) -> None:
        if self.exchange is not None:
            self.exchange.client.release("server")

    # -- responses -----------------------------------------------------------------------------------------------------

    def _pass_on(self, exchange: Exchange, data: bytes, out: list[bytes]) -> int:
        at = 0
        reader: BodyReader | None = self._reader
        while reader is None:
            end = data.find(b"\r\n\r\n", at) + 4
            if (len(data) if end < 4 else end) - at > self._plane.config.max_head_bytes:
                raise RefusedMessage(502, "head")
            if end < 4:
                self._ahead = data[at:]
                return len(data)
            reader = self._begin(exchange, read_response(data, at, end), out)
            self._reader = reader
            at = end
        bodyless = reader.done
        if at < len(data) and not bodyless:
            pieces, at = reader.read(data, at)
            if pieces:
                if exchange.capture is not None:
                    exchange.capture.response.add(pieces)
                out += [chunk(piece) for piece in pieces] if self._chunked else pieces
                self._plane.counts.response_bytes += sum(map(len, pieces))
            if reader.done and self._chunked:
                out.append(last_chunk(reader.trailers))
        return at

    def _begin(self, exchange: Exchange, response: ResponseHead, out: list[bytes]) -> BodyReader | None:
        """Pass a head on; gives back the reader of its body, None for an interim response."""
        request = exchange.request
        if response.status < 200:
            self._interim += 1
            if response.status == 101 or self._interim > _MOST_INTERIM:
                raise RefusedMessage(502, "interim")  # no upgrade was asked for
            if request.minor == 1:
                out.append(write_response(response, chunked=False, close=False))
            return None
        self._response = exchange.response = response
        bodyless = request.method == b"HEAD" or response.length == NO_BODY
        # A response before the whole request: what of that is still to come would be taken for the next one.
        close = request.close or request.minor == 0 or self._plane.draining or not exchange.request_done
        says_chunked = request.minor == 1 and (
            response.length == CHUNKED or (response.length == UNTIL_CLOSE and not bodyless)
        )
        self._chunked = says_chunked and not bodyless
        out.append(write_response(response, chunked=says_chunked, close=close))
        if close:
            exchange.request.close = True
        return body_reader(NO_BODY if bodyless else response.length)

    def _finish(self, exchange: Exchange, *, reuse: bool) -> None:
        response, self.exchange = self._response, None
        reuse = reuse and response is not None and not response.close and response.length != UNTIL_CLOSE
        reuse = reuse and exchange.request_done
        self._reader = self._response = None
        self._chunked = False
        self._interim = 0
        self.used = True
        self.release()
        if reuse:
            self._plane.pool.give(self)
        else:
            self._transport.abort()
        exchange.complete()

    # -- flow ----------------------------------------------------------------------------------------------------------

    @property
    def closing(self) -> bool:
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def hold(self) -> None:
        """The client takes no more: neither do we."""
        if not self._held and not self._transport.is_closing():
            self._held = True
            self._transport.pause_reading()

    def release(self) -> None:
        if self._held:
            self._held = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    def abort(self) -> None:
        """End at once: the server sees that nobody listens any more."""
        self._transport.abort()


class Pool:
    """Connections that wait for a request, the one used last first, and those that are being made."""

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._idle: list[UpstreamConnection] = []
        self._dials: set[asyncio.Task[None]] = set()
        self._warned: dict[str, float] = {}

    def connect(self, exchange: Exchange) -> None:
        """Give the call a connection: at once when one is idle, else as soon as it is made."""
        oldest = self._plane.clock.monotonic() - self._plane.config.server_idle_seconds
        while self._idle:
            connection = self._idle.pop()
            if connection.idle_since < oldest:
                # Servers close what is idle, and a request that is on its way then is lost.
                self._idle.append(connection)
                break
            if not connection.closing:
                exchange.attach(connection)
                return
        task = asyncio.get_running_loop().create_task(self._dial(exchange))
        self._dials.add(task)
        task.add_done_callback(self._dials.discard)

    async def _dial(self, exchange: Exchange) -> None:
        server, seconds = self._plane.server, self._plane.config.connect_seconds
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                _, connection = await loop.create_connection(
                    lambda: UpstreamConnection(self._plane),
                    server.host,
                    server.port,
                    ssl=server.tls,
                    server_hostname=server.host if server.tls is not None else None,
                )
        except TimeoutError:
            exchange.fail(504, "timeout", "the server did not accept the connection in time")
        except OSError as error:
            fault = tls_fault(error)
            if fault is not None:
                self._warn(fault)
            reason = type(error).__name__ if fault is None else fault.said
            exchange.fail(502, "unreachable", f"the server cannot be reached ({reason})")
        else:
            if exchange.over:
                self.give(connection)
            else:
                exchange.attach(connection)
                exchange.flush()

    def _warn(self, fault: TlsFault) -> None:
        """Once a minute of each kind: it has every call fail, and does not mend itself."""
        now = self._plane.clock.monotonic()
        if now - self._warned.get(fault.kind, float("-inf")) >= _WARN_SECONDS:
            self._warned[fault.kind] = now
            _logger.warning("server_not_reached reason=%r", fault.said)

    def give(self, connection: UpstreamConnection) -> None:
        """A connection is idle."""
        if connection.closing or self._plane.draining or len(self._idle) >= self._plane.config.max_idle_servers:
            connection.abort()
            return
        connection.idle_since = self._plane.clock.monotonic()
        self._idle.append(connection)

    def forget(self, connection: UpstreamConnection) -> None:
        """It was closed."""
        if connection.exchange is None and connection in self._idle:
            self._idle.remove(connection)

    def look(self, now: float) -> None:
        """Once a second: close what has been idle for too long."""
        oldest = now - self._plane.config.server_idle_seconds
        for connection in [connection for connection in self._idle if connection.idle_since < oldest]:
            connection.abort()

    def close(self) -> None:
        """Close the idle ones and give up those that are being made."""
        for connection in list(self._idle):
            connection.abort()
        for task in list(self._dials):
            task.cancel()
