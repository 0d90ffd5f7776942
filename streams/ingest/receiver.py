"""`harmwatch ingest`, put together from its configuration, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import logging
import platform
import signal
from pathlib import Path
from typing import Final

from agent import __version__
from agent.clock import Clock, SystemClock
from agent.errors import ConfigError
from agent.metrics.catalogue_edge import INGEST_METRICS
from agent.metrics.edge import EdgeMetrics
from streams.config import WorkerConfig
from streams.config_web import LEAST_TOKEN
from streams.courier.build import build_courier, quieten
from streams.courier.courier import Courier
from streams.ingest.intake import Intake
from streams.ingest.server import IngestServer
from streams.web.tls import server_tls

__all__ = ["Receiver", "client_token", "run_receiver"]

_MOST_TOKEN_BYTES: Final = 4096

_logger = logging.getLogger(__name__)


class Receiver:
    """A server and its courier; build it on the event loop.

    Raises
    ------
    ConfigError
        For what only shows when the parts are made: an address without a token, a directory that another has.
    """

    def __init__(self, config: WorkerConfig, clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        section = config.ingest
        topic = section.topic or config.topics.events[0]
        token = client_token(section.token.get_secret_value() if section.token else None, section.token_file)
        tls = server_tls(section.tls, "ingest.tls", clock)
        self.metrics = EdgeMetrics(INGEST_METRICS)
        self.metrics.set("harmwatch_ingest_build_info", 1.0, __version__, platform.python_version())
        self.metrics.set("harmwatch_ingest_start_time_seconds", clock.now())
        self.courier: Courier = build_courier(section, config.kafka, topic, clock)
        intake = Intake(topic, section.max_record_bytes, clock)
        try:
            self.server = IngestServer(section, token, self.courier, intake, self.metrics, clock, tls)
        except ConfigError:
            self.courier.give_up()
            raise

    async def start(self) -> None:
        """Listen, whether Kafka is there or not.

        Raises
        ------
        ConfigError
            When the address cannot be bound.
        """
        await self.courier.start()
        try:
            await self.server.start()
        except ConfigError:
            await self.courier.stop()
            raise

    async def stop(self) -> None:
        """Take no more, finish what is under way; what is spooled stays."""
        await self.server.stop()
        await self.courier.stop()

    async def run(self) -> None:
        """Until SIGTERM or SIGINT; a second one ends at once, by Python's default."""
        loop = asyncio.get_running_loop()
        quieten(loop)
        asked = asyncio.Event()

        def end(number: signal.Signals) -> None:
            _logger.info("draining signal=%s", number.name)
            asked.set()
            loop.remove_signal_handler(number)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end, number)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # which makes a worker read its file again, and would end us
        await self.start()
        _logger.info("listening port=%d", self.server.port)
        await asked.wait()
        await self.stop()


def client_token(token: str | None, path: Path | None) -> str | None:
    """What clients must send: given, or in a file; None when neither is set.

    Raises
    ------
    ConfigError
        When both are, or the file has none.
    """
    if path is None:
        return token
    if token is not None:
        raise ConfigError("ingest: give token or token_file, not both")
    try:
        with path.open("rb") as stream:
            text = stream.read(_MOST_TOKEN_BYTES + 1).decode("utf-8", "replace").strip()
    except OSError as error:
        raise ConfigError(f"ingest.token_file: {path} cannot be read ({error.strerror})") from None
    if not LEAST_TOKEN <= len(text) < _MOST_TOKEN_BYTES:
        raise ConfigError(f"ingest.token_file: {path} must hold a token of at least {LEAST_TOKEN} characters")
    return text


def run_receiver(config: WorkerConfig) -> None:
    """Run a receiver until SIGTERM or SIGINT.

    Raises
    ------
    ConfigError
        As `Receiver` does.
    """

    async def main() -> None:
        await Receiver(config).run()

    asyncio.run(main())
