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
from tests.brokers.processes import BrokerProcess

__all__ = ["PrometheusServer", "running_prometheus", "until_ready"]

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
        """Samples of now: ``{"metric": labels, "value": [time, text]}``; a range has ``"values"``."""
        result: list[dict[str, Any]] = (await self.ask("query", query=expression))["result"]
        return result

    async def course(self, expression: str, start: float, end: float, step: float) -> list[dict[str, Any]]:
        """Series over time: ``{"metric": labels, "values": [[time, text], ...]}``."""
        data = await self.ask("query_range", query=expression, start=start, end=end, step=step)
        result: list[dict[str, Any]] = data["result"]
        return result


@asynccontextmanager
async def running_prometheus(
    directory: Path,
    targets: Sequence[str],
    rules: Sequence[Path] = (),
    interval_seconds: float = 1.0,
    *,
    evaluation_seconds: float | None = None,
    alertmanagers: Sequence[str] = (),
    faster: float = 1.0,
) -> AsyncIterator[PrometheusServer]:
    """Scrapes ``targets`` (host:port) as the job ``harmwatch``, keeps exemplars, evaluates rule files.

    Parameters
    ----------
    interval_seconds, evaluation_seconds
        Between scrapes, and between evaluations of groups without an interval of their own; alike when not given.
    alertmanagers
        host:port of those that are told of alerts.
    faster
        Divides the durations that stand neither in the rules nor in the configuration: the look-back (5 m), and how
        long an alert that goes on is not sent again (1 m).
    """
    config: dict[str, Any] = {
        "global": {
            "scrape_interval": _duration(interval_seconds),
            "scrape_timeout": _duration(interval_seconds),
            "evaluation_interval": _duration(evaluation_seconds or interval_seconds),
        },
        "rule_files": [str(file) for file in rules],
        "scrape_configs": [{"job_name": "harmwatch", "static_configs": [{"targets": list(targets)}]}],
    }
    if alertmanagers:
        config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": list(alertmanagers)}]}]}
    (directory / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    process = BrokerProcess(
        [
            find_prometheus(),
            f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address={address}",
            f"--query.lookback-delta={_duration(300.0 / faster)}",
            f"--rules.alert.resend-delay={_duration(60.0 / faster)}",
            "--enable-feature=exemplar-storage",
        ],
        directory / "prometheus.log",
    )
    process.start()
    try:
        async with aiohttp.ClientSession() as session:
            await until_ready(session, f"http://{address}", process)
            yield PrometheusServer(f"http://{address}", session)
    finally:
        await asyncio.to_thread(process.stop)


def _duration(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"


async def until_ready(session: aiohttp.ClientSession, url: str, process: BrokerProcess) -> None:
    """Wait until ``/-/ready`` answers 200. Raises BrokerError with the end of the log when the process dies before."""
    async with asyncio.timeout(_READY_SECONDS):
        while True:
            process.check()
            try:
                async with session.get(f"{url}/-/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
