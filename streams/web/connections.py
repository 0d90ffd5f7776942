"""Connections: few, none that is waited for without end, and bodies of requests within bounds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from streams.web.answers import error_answer

__all__ = ["ANSWER_SECONDS", "BODY_SECONDS", "MAX_BODY", "Connection", "Protocol", "read_body"]

MAX_BODY: Final = 2048
#: Prometheus's own time-out of a scrape.
ANSWER_SECONDS: Final = 10.0
BODY_SECONDS: Final = 5.0

_MAX_LINE: Final = 4096
#: As aiohttp and most servers have it: cookies of a whole domain come in one header.
_MAX_FIELD: Final = 8190
_KEEPALIVE_SECONDS: Final = 75.0
_MAX_CONNECTIONS: Final = 100
_FIRST_REQUEST_SECONDS: Final = 10.0
#: Longer than asyncio waits for a client's side of TLS to close.
_GOODBYE_SECONDS: Final = 1.5


class Connection(RequestHandler):
    """Answers to what is no HTTP at all, without aiohttp's banner and its echo of the request.

    It waits for its client between requests and for the rest of one; what has waited longest makes room for others.
    """

    answer_seconds = ANSWER_SECONDS
    body_seconds = BODY_SECONDS
    answers_half_closed = False
    _deadline: asyncio.TimerHandle | None = None
    #: Since when it has waited for its client (the loop's clock), None while a request is being answered.
    _waits_since: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Few, and none that says nothing: a file descriptor taken here is one that Kafka's clients may need."""
        loop = asyncio.get_running_loop()
        self._waits_since = loop.time()
        if isinstance(self._manager, Protocol):
            self._manager.transports[self] = transport
        super().connection_made(transport)
        self._deadline = loop.call_later(_FIRST_REQUEST_SECONDS, self.force_close)
        self._make_room()

    def _make_room(self) -> None:
        """Close one of too many: idle clients keep out neither probes nor Prometheus.

        The newest waits as well, and is the one where all others are being answered.
        """
        manager = self._manager
        others = manager.connections if manager is not None else []
        held = [each for each in others if isinstance(each, Connection) and each.transport is not None]
        if len(held) > getattr(manager, "max_connections", _MAX_CONNECTIONS):
            longest = min(held, key=lambda each: float("inf") if each._waits_since is None else each._waits_since)
            longest.let_go()

    def let_go(self) -> None:
        """At once, with what was kept for the client."""
        transport = self.transport
        self.force_close()
        if self._current_request is None and self._task_handler is not None:
            # It may be reading what comes behind an answer, and would log that there is nobody to read from.
            self._task_handler.cancel()
        _abort(transport)

    def heard(self) -> None:
        """The head of a request has come; from now on the keep-alive time-out holds, and that of a body."""
        self._waits_since = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def eof_received(self) -> bool | None:  # type: ignore[override]  # asyncio's own may give back either
        """A client that has sent all may wait for its answer, and reads it; TLS has no half-closed connections."""
        idle = self._waiter is not None and not self._waiter.done()
        in_body = self._current_request is not None and self._waits_since is not None  # whose rest will not come
        transport = self.transport
        if not self.answers_half_closed or idle or in_body or transport is None:
            return None
        if transport.get_extra_info("sslcontext") is not None:
            return None
        self.close()  # when it is answered
        return True

    def connection_lost(self, exc: BaseException | None) -> None:
        self.heard()
        if isinstance(self._manager, Protocol):
            self._manager.transports.pop(self, None)
            self._manager.one_is_gone.set()
        super().connection_lost(exc)

    async def rest_of(self, request: web.BaseRequest, size: int) -> bytes:
        """The body, of which ``size`` bytes were announced.

        Raises
        ------
        TimeoutError
            When it does not come within `body_seconds`.
        ConnectionError, EOFError, aiohttp.web.RequestPayloadError
            When it never will.
        """
        async with self.waiting_for_body():
            return await self._unless_gone(request.content.readexactly(size))

    async def next_of(self, request: web.BaseRequest) -> bytes:
        """What has come of the body, nothing at its end.

        Raises
        ------
        ConnectionError, EOFError, aiohttp.web.RequestPayloadError
            When no more will come.
        """
        return await self._unless_gone(request.content.readany())

    async def _unless_gone(self, reading: Awaitable[bytes]) -> bytes:
        try:
            return await reading
        except RuntimeError:
            # So says aiohttp when the connection was let go between two pieces of a body.
            if self.connected:
                raise
            raise ConnectionResetError("the connection is closed") from None

    @contextlib.asynccontextmanager
    async def waiting_for_body(self) -> AsyncIterator[None]:
        """While it reads: whoever sends slowly is among those who make room for others.

        Raises
        ------
        TimeoutError
            After `body_seconds`.
        """
        self._waits_since = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self.body_seconds):
                yield
        finally:
            self._waits_since = None

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Whoever does not read is let go at once."""
        transport = self.transport
        try:
            async with asyncio.timeout(self.answer_seconds):
                return await super().finish_response(request, resp, start_time)
        except TimeoutError:
            _abort(transport)
            return resp, True
        finally:
            self._waits_since = asyncio.get_running_loop().time()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status >= 500 or request.writer.output_size > 0:
            # Logs, and raises when an answer is already under way. Bad requests are not logged: anyone can send many.
            super().handle_error(request, status, exc, message)
        response = error_answer(status, "internal error" if status >= 500 else "bad request")
        response.force_close()
        return response


class Protocol(web.Server):
    """aiohttp's server with our connections."""

    answer_seconds = ANSWER_SECONDS
    body_seconds = BODY_SECONDS
    #: Whether who has closed its side while a request is under way still gets the answer.
    answers_half_closed = False
    max_connections = _MAX_CONNECTIONS
    #: Longest request line; longer headers than `_MAX_FIELD` are taken where it is longer.
    max_line = _MAX_LINE
    #: Of connections that are made and not lost, closing ones as well, which aiohttp forgets.
    transports: dict[Connection, asyncio.BaseTransport]

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> None:
        super().__init__(handler)
        self.transports = {}
        self.one_is_gone = asyncio.Event()

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 (aiohttp calls it so)
        """Close all connections, and wait a moment for clients to read to the end, and TLS to be closed on both sides.

        Else a loop that ends leaves them open.
        """
        await super().shutdown(timeout)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                while self.transports:
                    self.one_is_gone.clear()
                    await self.one_is_gone.wait()
        for transport in list(self.transports.values()):
            _abort(transport)
        await asyncio.sleep(0)  # in which they are lost

    def __call__(self) -> RequestHandler:
        connection = Connection(
            self,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # aiohttp takes None, and its own runners pass it
            keepalive_timeout=_KEEPALIVE_SECONDS,
            max_line_size=self.max_line,
            max_field_size=max(self.max_line, _MAX_FIELD),
            lingering_time=1.0,
            auto_decompress=False,  # what is packed is refused, and need not be unpacked for that
        )
        connection.answer_seconds = self.answer_seconds
        connection.body_seconds = self.body_seconds
        connection.answers_half_closed = self.answers_half_closed
        return connection


async def read_body(request: web.BaseRequest) -> bytes | web.Response:
    """The whole body, in however many segments it comes, or the answer to whoever sends none that is taken.

    Larger ones than `MAX_BODY`, and those of no announced length, are refused before anybody reads them.
    """
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        return _refused(415, "send the body as it is, without Content-Encoding")
    size = request.content_length or 0
    if size == 0:
        return b""
    try:
        return await cast(Connection, request.protocol).rest_of(request, size)
    except TimeoutError:
        return _refused(408, "the body did not come in time")
    except (ConnectionError, EOFError, web.RequestPayloadError):
        return _refused(400, "the body is not whole")


def _abort(transport: asyncio.BaseTransport | None) -> None:
    """A close would wait until all that is kept for the client is read."""
    if isinstance(transport, asyncio.Transport):
        transport.abort()


def _refused(status: int, message: str) -> web.Response:
    answer = error_answer(status, message)
    answer.force_close()
    return answer
