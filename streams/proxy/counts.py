"""What the data plane counts. It has no metrics of its own: the tap's process exposes these."""

from __future__ import annotations

from collections import Counter
from typing import Literal, TypeAlias

import msgspec

__all__ = ["Counts", "DropReason", "Outcome", "PassReason"]

#: How a request ended: its response complete; the client left before; the server broke off; refused by us; no
#: connection to the server; a time limit.
Outcome: TypeAlias = Literal["complete", "client_gone", "server_broke_off", "refused", "unreachable", "timeout"]
#: Why a passed request was not tapped: it is no POST; its path is none of the routes; its response is not 200.
PassReason: TypeAlias = Literal["method", "route", "status"]
#: Why a tap was given up: the tap's process is behind, or gone; sink and spool take nothing; Kafka takes none of its
#: size; nobody can read it.
DropReason: TypeAlias = Literal["backlog", "process", "sink_full", "too_large", "unreadable"]


class Counts(msgspec.Struct, tag="counts"):
    """Totals since the data plane began, and its state now.

    The dictionaries are counters at the one end, and plain at the other.

    Attributes
    ----------
    slowest_turn_seconds
        The longest that the loop was late in the last half second: what the proxy itself added, at worst.
    """

    requests: dict[str, int] = msgspec.field(default_factory=Counter)
    statuses: dict[int, int] = msgspec.field(default_factory=Counter)
    passed_untapped: dict[str, int] = msgspec.field(default_factory=Counter)
    copied: int = 0
    truncated: int = 0
    cut: int = 0
    dropped: dict[str, int] = msgspec.field(default_factory=Counter)
    response_bytes: int = 0
    clients: int = 0
    servers: int = 0
    open_requests: int = 0
    captured_bytes: int = 0
    backlog_bytes: int = 0
    restarts: int = 0
    slowest_turn_seconds: float = 0.0
    draining: bool = False
