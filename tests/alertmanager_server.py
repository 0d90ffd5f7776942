"""A real Alertmanager on loopback with the configuration that ships, and a webhook that its receivers tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web

from agent.clock import SystemClock, iso_time
from deploy.prometheus.adapt import faster_duration
from tests.alerts import ALERTMANAGER
from tests.brokers.layers import find_alertmanager
from tests.brokers.ports import free_ports
from tests.brokers.processes import BrokerProcess
from tests.prometheus_server import until_ready

__all__ = ["AlertmanagerServer", "Notification", "Told", "Webhook", "running_alertmanager", "running_webhook"]

_DURATIONS = ("group_wait", "group_interval", "repeat_interval")
_STEP_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Told:
    """One alert of a notification. Times are seconds since the Unix epoch."""

    labels: Mapping[str, str]
    status: str
    starts_at: float

    @property
    def name(self) -> str:
        """Name of the alert."""
        return self.labels["alertname"]


@dataclass(frozen=True, slots=True)
class Notification:
    """What a receiver got, and when: seconds since the Unix epoch."""

    at: float
    receiver: str
    status: str
    group: Mapping[str, str]
    alerts: tuple[Told, ...]

    def tells(self, name: str, status: str, **labels: str) -> bool:
        """Whether it tells this of an alert with these labels."""
        return any(
            alert.name == name and alert.status == status and labels.items() <= alert.labels.items()
            for alert in self.alerts
        )


class Webhook:
    """Keeps what it is told. A receiver is the last part of the path, and shows the token of its own file."""

    def __init__(self) -> None:
        self.notifications: list[Notification] = []
        self.address = ""
        self._clock = SystemClock()

    def of(self, receiver: str, since: float = 0.0) -> list[Notification]:
        """Those of one receiver, from a moment on."""
        return [told for told in self.notifications if told.receiver == receiver and told.at >= since]

    async def until(
        self,
        name: str,
        status: str,
        timeout_seconds: float,
        *,
        since: float = 0.0,
        receiver: str = "pager",
        **labels: str,
    ) -> Notification:
        """The first that tells this of an alert. Raises TimeoutError that says what was waited for."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while True:
                    for told in self.of(receiver, since):
                        if told.tells(name, status, **labels):
                            return told
                    await asyncio.sleep(_STEP_SECONDS)
        except TimeoutError:
            heard = [
                f"{a.name} {a.status} to {n.receiver}" for n in self.notifications if n.at >= since for a in n.alerts
            ]
            raise TimeoutError(f"no {name} {status} in {timeout_seconds:.1f} s; heard: {heard}") from None

    async def take(self, request: web.Request) -> web.Response:
        """Answers 401 to a receiver that does not show its token."""
        at, receiver = self._clock.now(), request.match_info["receiver"]
        if request.headers.get("Authorization") != f"Bearer {_token(receiver)}":
            return web.Response(status=401)
        said = await request.json()
        alerts = tuple(
            Told(alert["labels"], alert["status"], datetime.fromisoformat(alert["startsAt"]).timestamp())
            for alert in said["alerts"]
        )
        self.notifications.append(Notification(at, receiver, said["status"], said["groupLabels"], alerts))
        return web.Response()


def _token(receiver: str) -> str:
    return f"token-of-{receiver}"


@asynccontextmanager
async def running_webhook() -> AsyncIterator[Webhook]:
    """On a free port of loopback."""
    webhook = Webhook()
    application = web.Application()
    application.router.add_post("/{receiver}", webhook.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        (port,) = free_ports(1)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        webhook.address = f"http://127.0.0.1:{port}"
        yield webhook
    finally:
        await runner.cleanup()


class AlertmanagerServer:
    """Its HTTP API, version 2."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.address = address
        self._session = session

    async def alerts(self) -> list[dict[str, Any]]:
        """What it knows now: ``labels``, ``fingerprint``, ``status`` (``state``, ``inhibitedBy``), ``receivers``."""
        async with self._session.get(f"http://{self.address}/api/v2/alerts") as answer:
            assert answer.status == 200, await answer.text()
            found: list[dict[str, Any]] = await answer.json()
        return found

    async def inhibitors(self, name: str) -> set[str] | None:
        """Names of the alerts that silence those of this name; None when there is none of it."""
        known = await self.alerts()
        names = {alert["fingerprint"]: alert["labels"]["alertname"] for alert in known}
        silenced = [alert["status"]["inhibitedBy"] for alert in known if alert["labels"]["alertname"] == name]
        return {names.get(by, by) for group in silenced for by in group} if silenced else None

    async def post(self, alerts: Sequence[Mapping[str, str]], *, resolved: bool = False) -> None:
        """Tell it of alerts by their labels, as Prometheus does; that they have begun, or that they are over."""
        ends = {"endsAt": iso_time(SystemClock().now())} if resolved else {}
        body = [{"labels": dict(labels), **ends} for labels in alerts]
        async with self._session.post(f"http://{self.address}/api/v2/alerts", json=body) as answer:
            assert answer.status == 200, await answer.text()


def _adapted(directory: Path, webhook: Webhook, faster: float) -> dict[str, Any]:
    """The configuration that ships: addresses and token files of this place, durations divided."""
    config: dict[str, Any] = yaml.safe_load(ALERTMANAGER.read_text(encoding="utf-8"))
    for route in (config["route"], *config["route"]["routes"]):
        route |= {key: faster_duration(route[key], faster) for key in _DURATIONS if key in route}
    for receiver in config["receivers"]:
        token = directory / f"{receiver['name']}.token"
        token.write_text(_token(receiver["name"]), encoding="utf-8")
        for hook in receiver["webhook_configs"]:
            hook["url"] = f"{webhook.address}/{receiver['name']}"
            hook["http_config"]["authorization"]["credentials_file"] = str(token)
    return config


@asynccontextmanager
async def running_alertmanager(
    directory: Path, webhook: Webhook, faster: float = 1.0
) -> AsyncIterator[AlertmanagerServer]:
    """deploy/alertmanager/alertmanager.yml: its receivers tell ``webhook``, its durations are divided by ``faster``."""
    file = directory / "alertmanager.yml"
    file.write_text(yaml.safe_dump(_adapted(directory, webhook, faster)), encoding="utf-8")
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    process = BrokerProcess(
        [
            find_alertmanager(),
            f"--config.file={file}",
            f"--storage.path={directory / 'alertmanager'}",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
        ],
        directory / "alertmanager.log",
    )
    process.start()
    try:
        async with aiohttp.ClientSession() as session:
            await until_ready(session, f"http://{address}", process)
            yield AlertmanagerServer(address, session)
    finally:
        await asyncio.to_thread(process.stop)
