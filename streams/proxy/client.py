"""A client's connection: requests in, one after the other, responses out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import msgspec

from agent.errors import RefusedMessage
from streams.proxy.bodies import BodyReader, body_reader
from streams.proxy.counts import Outcome
from streams.proxy.exchange import Exchange
from streams.proxy.heads import read_request

if TYPE_CHECKING:
    from streams.proxy.plane import DataPlane

__all__ = ["ClientConnection"]

#: What a client sends ahead of the response that it waits for is kept; it sends no more when that is so much.
_MOST_AHEAD = 64 * 1024
#: Of chunks so many in a turn of the loop, some milliseconds, however small they are: all other calls wait meanwhile.
_MOST_CHUNKS = 1024
#: A connection that is about to end is read for so long: closed with unread bytes it would be reset, and what was
#: written last would be lost.
_LINGER_SECONDS = 2.0
_REASONS = {
    400: "Bad Request",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class ClientConnection(asyncio.Protocol):
    """Reads requests and passes them on. See `Exchange` for one of them.

    Attributes
    ----------
    stuck
        The client takes nothing at the moment.
    """

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._transport: asyncio.Transport
        self._exchange: Exchange | None = None
        self._reader: BodyReader | None = None
        self._ahead = b""
        self._holds: set[str] = set()
        self._since = plane.clock.monotonic()
        self._head_since: float | None = None
        self._blank = False  # a blank line has come since the last request
        self._ending = False
        self.stuck = False

    # -- asyncio.Protocol ----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._plane.clients.add(self)
        if self._plane.draining:
            transport.close()  # it came while the listening socket was being closed
        elif self._plane.has_room():
            self._plane.waiting[self] = None
        else:
            self.answer(503, "refused", "too many connections")
            self._plane.counts.requests["refused"] += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._ending = True
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.client_gone()
        self._plane.client_left(self)

    def data_received(self, data: bytes) -> None:
        self._since = self._plane.clock.monotonic()
        if self._ending:
            return
        if self._ahead:
            data, self._ahead = self._ahead + data, b""
        self._consume(data)

    def pause_writing(self) -> None:
        self.stuck = True
        self._since = self._plane.clock.monotonic()
        if self._exchange is not None and self._exchange.upstream is not None:
            self._exchange.upstream.hold()

    def resume_writing(self) -> None:
        self.stuck = False
        if self._exchange is not None and self._exchange.upstream is not None:
            self._exchange.upstream.release()

    # -- requests ------------------------------------------------------------------------------------------------------

    def _consume(self, data: bytes) -> None:
        at, size = 0, len(data)
        try:
            while at < size and not self._ending:
                exchange = self._exchange
                if self._reader is not None and exchange is not None:
                    at = self._take_body(exchange, self._reader, data, at)
                    if self._reader is not None and at < size:
                        self._ahead = data[at:]
                        self.hold("turn")
                        asyncio.get_running_loop().call_soon(self._go_on)
                        return
                elif exchange is not None:
                    self._ahead = data[at:] if at else data
                    if len(self._ahead) > _MOST_AHEAD:
                        self.hold("ahead")
                    return
                else:
                    following = self._take_head(data, at)
                    if following < 0:
                        return
                    at = following
        except RefusedMessage as refused:
            self._refuse(refused)

    def _take_body(self, exchange: Exchange, reader: BodyReader, data: bytes, at: int) -> int:
        pieces, at = reader.read(data, at)
        exchange.add_body(pieces)
        if reader.done:
            self._reader = None
            exchange.end_body(reader.trailers)
        exchange.flush()
        return at

    def _take_head(self, data: bytes, at: int) -> int:
        """Begin a call; gives back where its body begins, -1 while the head is not whole."""
        if data.startswith(b"\r\n", at):
            at += 2  # RFC 9112, 2.2: old clients send one behind a body
            if at == len(data) and not self._blank:
                # No head has begun with it: a 408 would come in place of the answer to the next request.
                self._blank = True
                self._head_since = None
                return at
        end = data.find(b"\r\n\r\n", at) + 4
        most = self._plane.config.max_head_bytes
        if (len(data) if end < 4 else end) - at > most:
            raise RefusedMessage(431, "head")
        if end < 4:
            if self._head_since is None:
                self._head_since = self._since
            self._ahead = data[at:]
            return -1
        self._head_since = None
        self._blank = False
        plane = self._plane
        head = read_request(data, at, end, plane.host)
        exchange = Exchange(plane, self, head, self._since)
        self._exchange = exchange
        plane.waiting.pop(self, None)
        if plane.routes.taps(head.method, head.target):
            exchange.capture = plane.new_capture(head.noted)
        if head.length:
            self._reader = body_reader(head.length, _MOST_CHUNKS)
        exchange.start()
        if self._reader is not None and end < len(data):
            return self._take_body(exchange, self._reader, data, end)
        exchange.flush()
        return end

    def _refuse(self, refused: RefusedMessage) -> None:
        exchange = self._exchange
        if exchange is not None:  # framing that broke in the middle of a body
            exchange.fail(refused.status, "refused", f"the request cannot be passed on ({refused.reason})")
            return
        self._plane.counts.requests["refused"] += 1
        self.answer(refused.status, "refused", f"the request cannot be passed on ({refused.reason})")

    # -- responses -----------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Bytes of the response that is going on."""
        self._transport.write(data)

    def response_done(self) -> None:
        """The response is complete; the next request's turn."""
        exchange = self._exchange
        if exchange is None:
            return
        if self._reader is not None:
            self._end_soon()
        elif exchange.request.close or exchange.request.minor == 0 or self._plane.draining:
            self._ending = True
            self._exchange = None
            self._transport.close()
        else:
            self._next()

    def _next(self) -> None:
        self._exchange = None
        self._plane.waiting[self] = None
        self._since = self._plane.clock.monotonic()
        self.release("ahead")
        if self._ahead:
            # Not at once: a thousand requests that came together must not be a thousand calls deep.
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        self.release("turn")
        if self._ahead and (self._exchange is None or self._reader is not None) and not self._ending:
            data, self._ahead = self._ahead, b""
            self._consume(data)

    def answer(self, status: int, code: str, message: str) -> None:
        """A response of our own, in the form of OpenAI's errors; the last on this connection."""
        if self._ending:
            return
        body = msgspec.json.encode({"error": {"message": f"harmwatch proxy: {message}", "type": code, "code": code}})
        head = (
            f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        exchange = self._exchange
        without_body = exchange is not None and exchange.request.method == b"HEAD"
        self._transport.write(head.encode() + (b"" if without_body else body))
        self._end_soon()

    def break_off(self) -> None:
        """Let the client see that the response is not whole: its framing stays open, or the connection is reset."""
        exchange = self._exchange
        self._ending = True
        if exchange is not None and exchange.request.minor == 0:
            self._transport.abort()
        else:
            self._transport.close()

    def _end_soon(self) -> None:
        """Close when what was written is out and the client has stopped sending, or soon after."""
        self._ending = True
        self._plane.waiting.pop(self, None)
        self._exchange = None
        self._reader = None
        self._ahead = b""
        if self._transport.is_closing():
            return
        if self._holds:
            self._holds.clear()
            self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        asyncio.get_running_loop().call_later(_LINGER_SECONDS, self._transport.close)

    # -- flow and time -------------------------------------------------------------------------------------------------

    def hold(self, reason: str) -> None:
        """Read no more for this reason: ``dialling``, ``server`` (takes no more), ``ahead``, ``turn`` (of others)."""
        if not self._holds and not self._transport.is_closing():
            self._transport.pause_reading()
        self._holds.add(reason)

    def release(self, reason: str) -> None:
        """The reason is gone."""
        if reason in self._holds:
            self._holds.discard(reason)
            if not self._holds and not self._transport.is_closing():
                self._since = self._plane.clock.monotonic()
                self._transport.resume_reading()

    @property
    def silent(self) -> bool:
        """Of one that waits for its client: nothing is on its way to that, and no whole head is here unread."""
        return not (self._transport.get_write_buffer_size() or (self._ahead and self._head_since is None))

    def end_if_idle(self) -> None:
        """Close unless a call is going on; then it closes with that."""
        if self._exchange is None:
            self._transport.close()

    def abort(self) -> None:
        """End at once."""
        self._transport.abort()

    def look_at(self, now: float) -> None:
        """Once a second: what has lasted too long ends."""
        limits, exchange = self._plane.config, self._exchange
        if self._ending:
            if now - self._since > limits.client_seconds:
                self._transport.abort()
            return
        if exchange is None:
            if self._head_since is not None:
                if now - self._head_since > limits.head_seconds:
                    self._time_out(408, "the head of the request did not come in time")
            elif now - self._since > limits.idle_seconds:
                self._ending = True  # it may never read what is still on its way to it
                self._transport.close()
        elif self.stuck:
            if now - self._since > limits.client_seconds:
                self._transport.abort()
        elif self._reader is not None and not self._holds:
            if now - max(self._since, exchange.since) > limits.client_seconds:
                self._time_out(408, "the body of the request did not come in time")
        elif now - exchange.since > limits.response_seconds:
            exchange.fail(504, "timeout", "the server did not respond in time")

    def _time_out(self, status: int, message: str) -> None:
        outcome: Outcome = "timeout"
        if self._exchange is not None:
            self._exchange.fail(status, outcome, message)
        else:
            self._plane.counts.requests[outcome] += 1
            self.answer(status, outcome, message)
