"""The image's HEALTHCHECK: exit code 0 when the web port says that the process is alive, 1 when a restart would help.

``healthcheck.py [PORT ...]``, by default those of a worker and of a receiver: a container runs one of them, and what it
runs the image cannot know. With TLS or without it. The standard library alone: it runs every 15 seconds, and beside a
worker that may have half a core.
"""

from __future__ import annotations

import http.client
import ssl
import sys
from collections.abc import Sequence

_PORTS = (9464, 9465)
#: Of the five that the image gives: a port that answers neither protocol takes it twice.
_SECONDS = 2.0


def main(ports: Sequence[int]) -> int:
    return 0 if any(_alive(port) for port in ports) else 1


def _alive(port: int) -> bool:
    """Whether ``/livez`` answers 200."""
    # Only whether this container lives is asked, of itself: whose certificate it is, and for which name, says nothing.
    unverified = ssl._create_unverified_context()  # noqa: S323
    for connection in (
        http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS),
        http.client.HTTPSConnection("127.0.0.1", port, timeout=_SECONDS, context=unverified),
    ):
        is_through_handshake = False
        try:
            connection.connect()
            is_through_handshake = isinstance(connection, http.client.HTTPSConnection)
            connection.request("GET", "/livez")
            return connection.getresponse().status == 200
        except ConnectionRefusedError:
            return False
        except TimeoutError:
            continue
        except (OSError, http.client.HTTPException):
            # `web.tls.client_ca_file`, and we have no certificate to show: who shakes hands and then hangs up is alive.
            if is_through_handshake:
                return True
        finally:
            connection.close()
    return False


if __name__ == "__main__":
    sys.exit(main([int(port) for port in sys.argv[1:]] or _PORTS))
