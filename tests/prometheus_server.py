"""A real Prometheus on loopback, for tests of what is asked of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.brokers.layers import find_prometheus
from tests.brokers.ports import free_ports

__all__ = ["PrometheusServer", "running_prometheus"]

_READY_SECONDS = 30.0


class PrometheusServer:
    """Its HTTP API. Answers that are errors raise AssertionError with what it says is wrong."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def ask(self, path: str, **parameters: Any) -> Any:
        """The ``data`` of an answer of ``/api/v1/``."""
        async with self._session.get(f"{self.url}/api/v1/{path}", params=parameters) as answer:
            said = await answer.json()
        assert said["status"] == "success", said.get("error")
        return said["data"]

    async def instant(self, expression: str) -> list[dict[str, Any]]:
        """Samples of now: ``{"metric": labels, "value": [time, text]}``."""
        result: list[dict[str, Any]] = (await self.ask("query", query=expression))["result"]
        return result

    async def course(self, expression: str, start: float, end: float, step: float) -> list[dict[str, Any]]:
        """Series over time: ``{"metric": labels, "values": [[time, text], ...]}``."""
        data = await self.ask("query_range", query=expression, start=start, end=end, step=step)
        result: list[dict[str, Any]] = data["result"]
        return result


@asynccontextmanager
async def running_prometheus(
    directory: Path, targets: Sequence[str], rules: Sequence[Path] = (), interval_seconds: int = 1
) -> AsyncIterator[PrometheusServer]:
    """Scrapes ``targets`` (host:port) as the job ``harmwatch``, keeps exemplars, evaluates rule files."""
    every = f"{interval_seconds}s"
    config = {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": [str(file) for file in rules],
        "scrape_configs": [{"job_name": "harmwatch", "static_configs": [{"targets": list(targets)}]}],
    }
    (directory / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    with (directory / "prometheus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            find_prometheus(),
            f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address={address}",
            "--enable-feature=exemplar-storage",
            stdout=log,
            stderr=log,
        )
    try:
        async with aiohttp.ClientSession() as session:
            await _until_ready(session, f"http://{address}", process, directory / "prometheus.log")
            yield PrometheusServer(f"http://{address}", session)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _until_ready(session: aiohttp.ClientSession, url: str, process: Any, log: Path) -> None:
    async with asyncio.timeout(_READY_SECONDS):
        while True:
            assert process.returncode is None, log.read_text(encoding="utf-8", errors="replace")
            try:
                async with session.get(f"{url}/-/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
