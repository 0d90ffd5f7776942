"""Free loopback ports that stay free while a broker is down."""

from __future__ import annotations

import random
import socket

__all__ = ["free_ports"]

# Below the range from which Linux (32768), macOS and BSD (49152) take the ports of outgoing connections: a client
# that reconnects to a killed broker must not be given the very port on which that broker has to come back.
_FIRST, _LAST = 20_000, 32_000


def free_ports(count: int) -> list[int]:
    """Find distinct TCP ports on 127.0.0.1 on which nobody listens.

    Promises nothing about the moment after: another process may take one before the caller does.
    """
    found: list[int] = []
    chooser = random.SystemRandom()
    while len(found) < count:
        port = chooser.randrange(_FIRST, _LAST)
        if port in found:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As the brokers do; without it a port with connections in TIME_WAIT looks taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    return found
