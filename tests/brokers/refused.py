"""kafka-python's connections, closing what is refused.

kafka-python 3.0 leaves a socket that could not be connected to the garbage collector (``kafka.net.inet``, 3.0.12),
whose warning then fails whichever test is running. Its registry of proxies is the place to put our own socket.
"""

from __future__ import annotations

import socket
from typing import Any

from kafka.net.inet import KafkaNetSocket

__all__ = ["CLOSING"]


class _ClosingSocket(KafkaNetSocket):  # type: ignore[misc]  # kafka-python has no types
    SCHEMES = ("closing",)

    async def sock_connect(self, net: Any, sock: socket.socket, *args: Any, **options: Any) -> socket.socket:
        try:
            return await super().sock_connect(net, sock, *args, **options)  # type: ignore[no-any-return]
        except BaseException:
            sock.close()
            raise


#: For `proxy_url` of a client of kafka-python: it connects directly, and closes what is refused.
CLOSING = "closing://"
