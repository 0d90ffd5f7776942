"""What the client's tests share: a real HTTP server in the place of `harmwatch ingest`, which can behave in any way."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from harmwatch_client import Limits, Tap

CLIENT = Path(__file__).resolve().parents[1]

#: Pauses so short that a test does not wait for them; everything else as it is by default.
QUICK = Limits(linger_seconds=0.005, retry_seconds=0.01, max_retry_seconds=0.05, timeout_seconds=5.0)
PATIENCE_SECONDS = 60.0


@dataclass
class Answer:
    """What the server does with one request."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    #: Instead of an answer: ``close`` at once, ``half`` an answer and close, ``hang`` until the end, or raw bytes.
    instead: str | bytes = ""


Behaviour = Callable[[int, list[dict[str, Any]]], Answer]


class FakeIngest:
    """Keeps what it acknowledged, in order.

    Attributes
    ----------
    events
        Those of requests that were answered with 2xx.
    requests
        Headers, path and number of events of every request.
    """

    def __init__(self, behaviour: Behaviour | None = None, port: int = 0) -> None:
        self.events: list[dict[str, Any]] = []
        self.requests: list[tuple[dict[str, str], str, int]] = []
        self.behaviour: Behaviour = behaviour or (lambda number, events: Answer())
        self.times: list[float] = []
        self._end = threading.Event()
        self._closed = False
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                outer._connections.append(self.connection)

            def do_POST(self) -> None:
                outer._serve(self)

            def log_message(self, *args: Any) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads = False
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:
                return

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        events = [json.loads(line) for line in body.splitlines()]
        with self._lock:
            number = len(self.requests)
            headers = {name.lower(): value for name, value in handler.headers.items()}
            self.requests.append((headers, handler.path, len(events)))
            self.times.append(time.monotonic())
        answer = self.behaviour(number, events)
        if answer.instead:
            handler.close_connection = True
            if answer.instead == "hang":
                self._end.wait(PATIENCE_SECONDS)
            elif answer.instead == "half":
                handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Len")
            elif isinstance(answer.instead, bytes):
                handler.wfile.write(answer.instead)
            return
        if 200 <= answer.status < 300:
            with self._lock:
                self.events += events
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        handler.wfile.write(answer.body)

    def close(self) -> None:
        """Stop listening, and cut the connections that are open."""
        if self._closed:
            return
        self._closed = True
        self._end.set()
        self._server.shutdown()
        self._thread.join()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    def __enter__(self) -> FakeIngest:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@contextmanager
def tapped(behaviour: Behaviour | None = None, **arguments: Any) -> Iterator[tuple[Tap, FakeIngest]]:
    """A tap and the server that it tells."""
    with FakeIngest(behaviour) as ingest:
        tap = Tap(ingest.url, **{"limits": QUICK, **arguments})
        try:
            yield tap, ingest
        finally:
            end(tap)
        holds(tap)


def end(tap: Tap, seconds: float = 0.0) -> bool:
    """Close a tap, and wait until its thread has left nothing open."""
    everything = tap.close(seconds)
    thread = tap._sender._thread
    if thread is not None:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
    return everything


def holds(tap: Tap) -> None:
    """The law of `Stats`."""
    stats = tap.stats
    assert stats.logged == stats.sent + stats.dropped + stats.skipped + stats.pending, stats
    assert (stats.pending == 0) == (stats.pending_bytes == 0), stats


def wait_for(condition: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Until it is true; an AssertionError when it never is."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
