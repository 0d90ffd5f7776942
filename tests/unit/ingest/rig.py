"""A receiver before an in-memory broker, and a client of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from agent.clock import SystemClock
from agent.events import InferenceEvent
from agent.metrics.catalogue_edge import INGEST_METRICS
from agent.metrics.edge import EdgeMetrics
from streams.courier.courier import Courier
from streams.courier.link import CourierSink
from streams.courier.spool import Spool
from streams.formats import Decoder
from streams.ingest.config import IngestConfig
from streams.ingest.intake import Intake
from streams.ingest.server import IngestServer
from streams.memory import MemoryBroker, MemorySink

__all__ = ["TOPIC", "Reply", "Site", "new_broker", "site", "until"]

TOPIC = "inference.events"


class Reply(NamedTuple):
    """What came back."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def new_broker(partitions: int = 1) -> MemoryBroker:
    return MemoryBroker({TOPIC: partitions})


class Site:
    """A running server."""

    def __init__(self, server: IngestServer, courier: Courier, metrics: EdgeMetrics, broker: MemoryBroker) -> None:
        self.server = server
        self.courier = courier
        self.metrics = metrics
        self.broker = broker
        self.session = aiohttp.ClientSession()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Reply:
        async with self.session.post(self.url + path, data=body, headers=dict(headers or {})) as response:
            return Reply(response.status, await response.read(), dict(response.headers))

    async def get(self, path: str) -> Reply:
        async with self.session.get(self.url + path) as response:
            return Reply(response.status, await response.read(), dict(response.headers))

    def events(self) -> list[InferenceEvent]:
        """What a worker reads of the topic."""
        decoder = Decoder()
        return [event for record in self.broker.log(TOPIC) for event in decoder.decode(record)]

    def values(self) -> list[bytes]:
        return [record.value or b"" for record in self.broker.log(TOPIC)]


@asynccontextmanager
async def site(
    broker: MemoryBroker,
    directory: Path | None = None,
    *,
    token: str | None = None,
    new_sink: Callable[[], CourierSink] | None = None,
    **keys: Any,
) -> AsyncIterator[Site]:
    """A receiver on a free port."""
    clock = SystemClock()
    config = IngestConfig(**{"port": 0, "retry_seconds": 0.05, **keys})
    spool = Spool(directory / "spool", config.spool_max_bytes, clock) if directory is not None else None
    courier = Courier(
        new_sink or (lambda: MemorySink(broker)),
        [TOPIC],
        spool,
        clock,
        pending_bytes=config.pending_bytes,
        retry_seconds=config.retry_seconds,
    )
    metrics = EdgeMetrics(INGEST_METRICS)
    server = IngestServer(config, token, courier, Intake(TOPIC, config.max_record_bytes, clock), metrics, clock)
    await courier.start()
    await server.start()
    found = Site(server, courier, metrics, broker)
    try:
        yield found
    finally:
        await found.session.close()
        await server.stop()
        await courier.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60.0):
        while not holds():
            await asyncio.sleep(0.005)
