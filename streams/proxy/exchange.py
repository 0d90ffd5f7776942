"""One request and its response, between a client's connection and a server's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from streams.proxy.bodies import chunk, last_chunk
from streams.proxy.capture import Capture
from streams.proxy.counts import Outcome
from streams.proxy.heads import CHUNKED, RequestHead, ResponseHead

if TYPE_CHECKING:
    from streams.proxy.client import ClientConnection
    from streams.proxy.plane import DataPlane
    from streams.proxy.upstream import UpstreamConnection

__all__ = ["Exchange"]

#: As much of a request is kept while the connection to the server is made; then its client has to wait.
_MOST_PENDING = 256 * 1024
_SAFE_TO_REPEAT = frozenset((b"GET", b"HEAD", b"OPTIONS"))


class Exchange:
    """Holds what both connections have to know of a call.

    Attributes
    ----------
    request_done
        The whole request has come from the client.
    response
        The final response's head; None until it came.
    since
        When something last came from the server, or the request was complete; monotonic seconds.
    over
        Nothing more is to be done.
    """

    __slots__ = (
        "_pending",
        "_pending_size",
        "_plane",
        "_repeated",
        "capture",
        "client",
        "over",
        "request",
        "request_done",
        "response",
        "since",
        "upstream",
    )

    def __init__(self, plane: DataPlane, client: ClientConnection, request: RequestHead, now: float) -> None:
        self._plane = plane
        self.client = client
        self.request = request
        self.upstream: UpstreamConnection | None = None
        self.response: ResponseHead | None = None
        self.request_done = request.length == 0
        self.since = now
        self.over = False
        self._repeated = False
        self._pending = [request.head]
        self._pending_size = 0
        self.capture: Capture | None = None
        plane.counts.open_requests += 1

    # -- from the client -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Find a connection to the server; what is to be sent waits for `flush`."""
        self._plane.pool.connect(self)

    def add_body(self, pieces: Sequence[bytes]) -> None:
        """Pieces of the request's body."""
        self.since = self._plane.clock.monotonic()
        if not pieces:
            return
        # Thousands of small ones would hold many times the memory that they are counted for.
        piece = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if self.capture is not None:
            self.capture.request.add((piece,))
        self._pending.append(chunk(piece) if self.request.length == CHUNKED else piece)
        if self.upstream is None:
            self._pending_size += len(piece)
            if self._pending_size > _MOST_PENDING:
                self.client.hold("dialling")

    def end_body(self, trailers: bytes) -> None:
        """The request is complete."""
        self.request_done = True
        self.since = self._plane.clock.monotonic()
        if self.request.length == CHUNKED:
            self._pending.append(last_chunk(trailers))

    def flush(self) -> None:
        """Send what waits, if there is a connection."""
        if self.upstream is not None and self._pending:
            self.upstream.write(self._pending[0] if len(self._pending) == 1 else b"".join(self._pending))
            self._pending = []

    def client_gone(self) -> None:
        """The client left: so does the call, at the server too."""
        if not self.over:
            self._end("client_gone", cut=True)

    # -- from the server -----------------------------------------------------------------------------------------------

    def attach(self, upstream: UpstreamConnection) -> None:
        """A connection is there; what waits is sent by `flush`."""
        self.upstream = upstream
        self.since = self._plane.clock.monotonic()
        upstream.exchange = self
        if self.client.stuck:
            upstream.hold()
        self._pending_size = 0
        self.client.release("dialling")

    def server_gone(self, upstream: UpstreamConnection) -> None:
        """The connection ended before the response did."""
        if self.response is not None:
            self._end("server_broke_off", cut=True)
            self.client.break_off()
        elif (
            upstream.used and self.request.length == 0 and self.request.method in _SAFE_TO_REPEAT and not self._repeated
        ):
            # It was idle, and closed just when we took it. What may have been done is not done again, so only these.
            self._repeated = True
            self.upstream = None
            self._pending = [self.request.head]
            self.start()
            self.flush()
        else:
            self.fail(502, "unreachable", "the server closed the connection without a response")

    def complete(self) -> None:
        """The response's last byte has been passed on."""
        self._end("complete", cut=False)
        self.client.response_done()

    def fail(self, status: int, outcome: Outcome, message: str) -> None:
        """No response is to be had: say so to the client, or break off one that has begun."""
        if self.over:
            return
        begun = self.response is not None
        self._end(outcome, cut=begun)
        if begun:
            self.client.break_off()
        else:
            self.client.answer(status, outcome, message)

    def _end(self, outcome: Outcome, *, cut: bool) -> None:
        self.over = True
        self._pending = []
        plane, response, capture = self._plane, self.response, self.capture
        counts = plane.counts
        counts.requests[outcome] += 1
        counts.open_requests -= 1
        if response is not None:
            counts.statuses[response.status] += 1
        upstream, self.upstream = self.upstream, None
        if upstream is not None and outcome != "complete":
            upstream.exchange = None
            upstream.abort()
        self.client.release("dialling")
        self.client.release("server")
        self.capture = None
        if capture is not None and response is not None and response.status == 200:
            plane.tap(capture.finish(plane.clock.now(), 200, response.noted, counts, cut=cut))
            return
        if capture is not None:
            capture.discard()
        if response is not None:
            missed = "route" if self.request.method == b"POST" else "method"
            counts.passed_untapped[missed if capture is None else "status"] += 1
