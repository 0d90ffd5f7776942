"""A rolling upgrade on real Kafka: workers of earlier versions, out of the history, and this one, in one group."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.clock import ManualClock
from agent.pipeline.build import build_windows
from streams.config import WorkerConfig, load_config
from streams.kafka_state import KafkaStateReader
from streams.ports import Message
from tests.brokers.ports import free_ports
from tests.brokers.processes import BrokerProcess
from tests.e2e.lens import Lens
from tests.e2e.processes import WorkerProcess
from tests.integration.test_worker import publish
from tests.upgrade import writer
from tests.upgrade.make import checked_out, environment

pytestmark = [pytest.mark.layer("kafka"), pytest.mark.layer("history"), pytest.mark.slow]

SECONDS = 180.0
#: Of the first layout of harm and of bias; and of the first of harm alone.
EARLIER = ("4604460", "9b552fc")


class EarlierWorker(WorkerProcess):
    """``harmwatch run`` of another tree."""

    def __init__(self, tree: Path, config: Path, port: int, log: Path) -> None:
        path = f"PYTHONPATH={environment(tree)['PYTHONPATH']}"
        command = ["env", f"--chdir={tree}", path, sys.executable, "-m", "streams.cli", "run", "--config", str(config)]
        BrokerProcess.__init__(self, command, log)
        self.port = port


class Installation:
    """A group's topics, and workers of whichever version."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.name = f"upgrade-{uuid.uuid4().hex[:8]}"
        self.bootstrap = bootstrap
        self.folder = folder
        self.events = f"{self.name}.events"
        self.workers: list[WorkerProcess] = []
        self.config = load_config(self._written("this", 0))

    def _written(self, name: str, port: int) -> Path:
        # Keys that all these versions know.
        plain = {
            "kafka": {
                "bootstrap_servers": self.bootstrap,
                "group_id": self.name,
                "worker_name": name,
                "session_timeout_seconds": 6.0,
            },
            "topics": {
                "events": [self.events],
                "replication_factor": 1,
                **{part: f"{self.name}.{part}" for part in ("labels", "verdicts", "evidence", "panes", "dlq")},
            },
            "scorers": {"pii": {}},
            "tap": {"commit_interval_seconds": 0.3},
            "web": {"port": port},
        }
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps(plain), encoding="utf-8")  # which is YAML as well
        return path

    def start(self, name: str, tree: Path | None = None) -> WorkerProcess:
        port = free_ports(1)[0]
        config, log = self._written(name, port), self.folder / f"{name}.log"
        worker = WorkerProcess(config, port, log) if tree is None else EarlierWorker(tree, config, port, log)
        self.workers.append(worker)
        worker.start()
        worker.wait_ready(SECONDS)
        return worker

    async def counted(self, events: list[tuple[int, bytes, bytes]]) -> None:
        """These events are sent, and committed by whoever has read them."""
        messages = [Message(self.events, key, value, partition=partition) for partition, key, value in events]
        await publish(self.config, messages)
        await asyncio.to_thread(Lens(self.bootstrap).wait_for_lag_zero, self.name, self.events, timeout_seconds=SECONDS)

    async def states(self) -> dict[str, dict[str, Any]]:
        return await _states(self.config)


async def _states(config: WorkerConfig) -> dict[str, dict[str, Any]]:
    """Of all models in total, from the pane topic alone."""
    reader, engine = KafkaStateReader(config.kafka), build_windows(config, ManualClock(writer.START))
    for number in range(2):
        for record in await reader(config.topics.panes, number):
            if record.value is not None:
                engine.absorb(record.value)
    return {model: engine.totals(model) for model in engine.models()}


@pytest.fixture
def installation(kafka: Any, tmp_path: Path) -> Iterator[Installation]:
    made = Installation(kafka.bootstrap, tmp_path)
    kafka.create_topic(made.events, 2)
    try:
        yield made
    finally:
        for worker in made.workers:
            worker.kill()


@pytest.mark.parametrize("commit", EARLIER)
async def test_a_rolling_upgrade_counts_everything_once(installation: Installation, commit: str) -> None:
    events = writer.traffic()
    third = len(events) // 3
    with checked_out(commit) as tree:
        earlier = installation.start("earlier", tree)
        await installation.counted(events[:third])
        # Both in one group: each has a partition, and this one's begins with the other's state.
        this = installation.start("this-0")
        await installation.counted(events[third : 2 * third])
        assert earlier.terminate() == 0
    await installation.counted(events[2 * third :])
    assert this.terminate() == 0
    assert "damaged" not in this.log(), this.log()
    states = await installation.states()
    wanted: dict[str, list[dict[str, Any]]] = {}
    for _, key, value in events:
        wanted.setdefault(key.decode(), []).append(json.loads(value))
    assert states.keys() == wanted.keys()
    for model, sent in wanted.items():
        categories = states[model]["harm"]["categories"]
        leaks = sum("@example.com" in event["output"].get("text", "") for event in sent)
        assert states[model]["harm"]["counts"][0] == len(sent), model
        assert categories.get("output pii.email", 0.0) == leaks, model
    decided = {"male": 0.0, "female": 0.0}
    for event in wanted["loans"]:
        decided[event["attributes"]["gender"]] += 1.0
    genders = states["loans"]["bias"]["gender"]
    assert {group: sum(numbers[:12:2]) for group, numbers in genders.items()} == decided
