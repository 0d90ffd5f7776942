"""Names and addresses of hosts, looked at where a tap is made: the resolver would refuse them with every attempt."""

from __future__ import annotations

import re
from ipaddress import ip_address

__all__ = ["is_broker", "is_host"]

_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
#: A broker as kafka-python reads it: with or without the name of a listener's protocol, and a port.
_BROKER = re.compile(r"(?:[A-Za-z0-9_]+://)?(?:\[(?P<address>[^\]]*)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?")


def is_host(host: str) -> bool:
    """Whether it may be the name of a host, or is an address."""
    if _is_address(host):
        return True
    labels = host.removesuffix(".").split(".")
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def is_broker(server: str) -> bool:
    """Whether it is a host, with or without a port from 1 to 65535."""
    found = _BROKER.fullmatch(server)
    if found is None:
        return ":" in server and _is_address(server)
    if found["port"] is not None and not 0 < int(found["port"]) < 65536:
        return False
    return is_host(found["name"]) if found["address"] is None else _is_address(found["address"])


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
