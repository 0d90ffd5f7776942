"""Everything between an output and on-call, for real: Kafka, the agent's process, Prometheus, Alertmanager, a webhook.

Time is compressed as ``deploy/prometheus/adapt.py --faster N`` compresses the rules; traffic, scrapes, evaluations,
windows of the worker and waits of Alertmanager go with them. What is not compressed, since it is the speed of programs:
the worker's own delay, its commits, Kafka's session timeout, the time that a scrape or an evaluation takes. Delays that
are told in the time of an installation hold N times as much of it as there is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from agent.clock import Clock, SystemClock
from deploy.prometheus.adapt import main as adapt
from tests.alertmanager_server import AlertmanagerServer, Webhook, running_alertmanager, running_webhook
from tests.brokers.base import BrokerCluster
from tests.prometheus_server import PrometheusServer, running_prometheus

from .paging_traffic import PagingTraffic
from .processes import WorkerProcess
from .workbench import Workbench

__all__ = ["EVALUATION_SECONDS", "SCRAPE_SECONDS", "PagingRig", "paging_rig"]

#: Before time is compressed. Scrapes are half as frequent as docs/operations.md has them: Prometheus gives a scrape no
#: more time than there is between two, and that time is compressed while the worker is not.
SCRAPE_SECONDS = 30.0
EVALUATION_SECONDS = 60.0
_READY_SECONDS = 90.0
#: A busy machine must not make the broker think that the worker is dead.
_SESSION_SECONDS = 10.0


@dataclass(slots=True)
class PagingRig:
    """Parts that run, and how many times faster than in an installation."""

    faster: float
    clock: Clock
    bench: Workbench
    worker: WorkerProcess
    traffic: PagingTraffic
    prometheus: PrometheusServer
    alertmanager: AlertmanagerServer
    webhook: Webhook
    running: asyncio.Task[None]

    def minutes(self, real: float) -> float:
        """Seconds here for minutes of an installation."""
        return real * 60.0 / self.faster

    async def sleep(self, real_minutes: float) -> None:
        """Let time pass; raises what made the traffic fail."""
        done, _ = await asyncio.wait([self.running], timeout=self.minutes(real_minutes))
        for task in done:
            task.result()
            raise AssertionError("the traffic ended by itself: this is a bug of the test")

    async def firing(self, start: float) -> dict[tuple[str, str], float]:
        """Alerts that fired since then: name and severity, and for how many evaluations at most of one series."""
        seconds = max(1, round(self.clock.now() - start))
        found = await self.prometheus.instant(f'count_over_time(ALERTS{{alertstate="firing"}}[{seconds}s])')
        most: dict[tuple[str, str], float] = {}
        for one in found:
            key = one["metric"]["alertname"], one["metric"]["severity"]
            most[key] = max(most.get(key, 0.0), float(one["value"][1]))
        return most

    async def restart_worker(self) -> float:
        """Start the worker that was killed, and return the seconds until it is ready."""
        began = self.clock.monotonic()
        await started(self.worker)
        return self.clock.monotonic() - began


async def started(worker: WorkerProcess) -> None:
    """Start it, and wait until it is ready while the loop goes on."""
    worker.start()
    async with asyncio.timeout(_READY_SECONDS):
        while not await asyncio.to_thread(worker.ready):
            worker.check()
            await asyncio.sleep(0.1)


def _sections(faster: float) -> dict[str, Any]:
    """The worker's own defaults, but windows of five minutes and an hour, which the rules name, in compressed time."""
    return {
        "kafka": {"session_timeout_seconds": _SESSION_SECONDS},
        "windows": {
            "pane_seconds": max(0.25, 10.0 / faster),
            "windows_seconds": [300.0 / faster, 3600.0 / faster],
            "min_count": 30,
        },
        "tap": {"commit_interval_seconds": 0.5, "max_poll_records": 500, "max_in_flight_records": 2000},
    }


@asynccontextmanager
async def paging_rig(cluster: BrokerCluster, faster: float, *, seed: int = 1) -> AsyncIterator[PagingRig]:
    """Start all of it; traffic runs when this yields. All of it ends with the context."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        bench = stack.enter_context(Workbench(cluster, config=_sections(faster)))
        await asyncio.to_thread(bench.create_topics)
        rules = bench.folder / "rules"
        adapt(["--out", str(rules), "--faster", f"{faster:g}"])
        worker = bench.worker("agent")
        await started(worker)
        webhook = await stack.enter_async_context(running_webhook())
        alertmanager = await stack.enter_async_context(running_alertmanager(bench.folder, webhook, faster))
        prometheus = await stack.enter_async_context(
            running_prometheus(
                bench.folder,
                [f"127.0.0.1:{worker.port}"],
                sorted(rules.glob("*.yaml")),
                SCRAPE_SECONDS / faster,
                evaluation_seconds=EVALUATION_SECONDS / faster,
                alertmanagers=[alertmanager.address],
                faster=faster,
            )
        )
        traffic = PagingTraffic(bench.config.kafka, bench.events, clock, faster=faster, seed=seed)
        running = asyncio.create_task(traffic.run())
        try:
            yield PagingRig(faster, clock, bench, worker, traffic, prometheus, alertmanager, webhook, running)
        finally:
            traffic.stop()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(running, 10.0)
