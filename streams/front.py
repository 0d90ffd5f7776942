"""What a worker shows to the outside, and who shows it: its own web port, or the process that stands before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from agent.clock import Clock
from streams.audit import ConfigChange
from streams.config import WorkerConfig
from streams.console import FeedbackDesk
from streams.status import Status
from streams.web import AdminApi, ConsoleApi, WebServer
from streams.web.tls import server_tls

__all__ = ["Face", "Front", "web_port"]


@dataclass(frozen=True, slots=True)
class Face:
    """A worker as it is seen.

    Attributes
    ----------
    desk
        Takes marks; None where they are not wanted.
    audit
        The latest records, the newest first.
    reload
        Looks at the file, for whoever asked; None for a worker that has none.
    """

    status: Status
    desk: FeedbackDesk | None
    audit: Callable[[], Sequence[Any]]
    reload: Callable[[str], Awaitable[ConfigChange | None]] | None


class Front(Protocol):
    """Serves a face from `start` on. ``port`` is the one that it listens on, 0 for none."""

    port: int

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def web_port(config: WorkerConfig, face: Face, clock: Clock) -> WebServer:
    """The web port of a worker that is one process.

    Raises
    ------
    ConfigError
        For tokens and certificates that cannot be read, or a host beyond loopback without a token.
    """
    web, status = config.web, face.status
    return WebServer(
        web.host,
        web.port,
        status.freeze_metrics,
        status.health,
        status.readiness,
        web.token.get_secret_value() if web.token else None,
        status.snapshot,
        live=status.liveness,
        api=ConsoleApi(status.console, face.desk.mark if face.desk else None),
        admin=AdminApi(face.audit, face.reload),
        tokens_file=web.tokens_file,
        tls=server_tls(web.tls, clock=clock),
        limits=web.limits.rates,
    )
