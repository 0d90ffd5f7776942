"""Which configuration a process begins with that is started in place of a dead one."""

from __future__ import annotations

from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry

from agent.clock import ManualClock
from agent.metrics.merged import MergedMetrics
from streams.config_file import ConfigFile
from streams.processes.supervisor import Supervisor
from streams.processes.wire import ProcessState
from tests.unit.processes.lines import WELL, process_line

BEFORE = b"reload: {watch_seconds: 0}\nkafka: {bootstrap_servers: '127.0.0.1:1'}\n"
#: A live key, which every process refuses: the scorer has no such category.
AFTER = BEFORE + b"scorers: {pii: {thresholds: {no.such: 0.5}}}\n"


async def test_a_process_is_started_again_with_what_the_others_run_and_not_with_what_lies_in_the_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "harmwatch.yaml"
    path.write_bytes(BEFORE)
    file = ConfigFile.at_start(path)
    metrics = MergedMetrics(CollectorRegistry(), series_budget=20_000, model_budget=200)
    supervisor = Supervisor(file, file.config(), 2, None, metrics, ManualClock())
    runs = [file.sha256[:12]]

    def state(_: object) -> ProcessState:
        return msgspec.structs.replace(WELL, configuration=runs[0])

    async with process_line(1, ManualClock(), {"state": state}) as (life, _):
        supervisor.lives[1] = life
        assert await life.look("state", 30.0)
        path.write_bytes(AFTER)
        supervisor.follow_the_file()
        assert supervisor._hello(2).content == BEFORE
        # Had they taken it, so would whoever comes later.
        runs[0] = ConfigFile.look(path).sha256[:12]
        assert await life.look("state", 30.0)
        supervisor.follow_the_file()
        assert supervisor._hello(2).content == AFTER
        # What they run is followed, and no later change.
        path.write_bytes(BEFORE + b"log_level: DEBUG\n")
        supervisor.follow_the_file()
        assert supervisor._hello(2).content == AFTER
