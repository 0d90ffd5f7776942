"""A small server on this machine, over TLS or without."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.certificates import Pair

__all__ = ["served"]


@contextlib.contextmanager
def served(pair: Pair | None, client_ca: Path | None = None, status: int = 200) -> Iterator[int]:
    """The port of a server that answers each request, over TLS where there is a pair."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *args: Any) -> None:  # clients that hang up
            pass

        def finish_request(self, request: Any, client_address: Any) -> None:
            if pair is not None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(pair.cert, pair.key)
                if client_ca is not None:
                    context.load_verify_locations(client_ca)
                    context.verify_mode = ssl.CERT_REQUIRED
                    context.maximum_version = ssl.TLSVersion.TLSv1_2  # with which it is refused in the handshake
                with context.wrap_socket(request, server_side=True) as secured:
                    super().finish_request(secured, client_address)
                return
            super().finish_request(request, client_address)

    server = Quiet(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
