"""``harmwatch run`` with more than one process: the parent, which scores nothing and serves the web port."""

from __future__ import annotations

import asyncio

from agent.clock import SystemClock
from agent.metrics import new_registry
from agent.metrics.merged import MergedMetrics
from streams.config import WorkerConfig
from streams.config_file import ConfigFile
from streams.processes.console import GroupConsole
from streams.processes.group import ProcessGroup
from streams.processes.supervisor import Supervisor
from streams.web import AdminApi, ConsoleApi, WebServer
from streams.web.tls import server_tls

__all__ = ["run_processes"]


def run_processes(file: ConfigFile, config: WorkerConfig, count: int, processes: int | str | None) -> None:
    """Run a worker of ``count`` processes until SIGTERM or SIGINT.

    Parameters
    ----------
    config
        Of the file, with ``processes`` of the command line, None for none, in place of its own.

    Raises
    ------
    HarmwatchError
        What a worker ends with: of whichever process it was, after all have drained.
    """
    asyncio.run(_run(file, config, count, processes))


async def _run(file: ConfigFile, config: WorkerConfig, count: int, processes: int | str | None) -> None:
    clock = SystemClock()
    budget = config.metrics.max_series
    metrics = MergedMetrics(new_registry(), series_budget=budget, model_budget=config.metrics.max_models)
    supervisor = Supervisor(file, config, count, processes, metrics, clock)
    group = ProcessGroup(supervisor, metrics, clock)
    console = GroupConsole(group, metrics, clock, budget)
    web = config.web
    server = WebServer(
        web.host,
        web.port,
        group.freeze_metrics,
        group.health,
        group.readiness,
        web.token.get_secret_value() if web.token else None,
        console.page,
        live=group.liveness,
        api=ConsoleApi(console, None if config.topics.feedback is None else console.mark),
        admin=AdminApi(console.audit, console.reload),
        tokens_file=web.tokens_file,
        tls=server_tls(web.tls, clock=clock),
        limits=web.limits.rates,
    )
    # First: a port that is taken is told before anything has started.
    await server.start()
    try:
        supervisor.install_signals(asyncio.get_running_loop())
        await supervisor.run()
    finally:
        await server.stop()
