"""A worker whose configuration is changed while it runs, on the embedded broker and on real Kafka."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.audit import ConfigChange
from streams.config import WorkerConfig
from streams.config_file import ConfigFile
from streams.kafka_state import KafkaStateReader
from streams.ports import Message
from streams.topics import admin_client, describe_topics
from streams.worker import Worker
from tests.builders import native
from tests.integration.test_worker import BROKERS, get, publish, sample_sum, serving, until, values

WATCH = {"watch_seconds": 0.05}


@pytest.fixture(params=BROKERS)
def cluster(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


class Bench:
    """One worker over a file, which JSON is as well as YAML."""

    def __init__(self, cluster: Any, folder: Path) -> None:
        self.prefix = f"r-{uuid.uuid4().hex[:8]}"
        self.path = folder / "harmwatch.yaml"
        names = ("labels", "verdicts", "evidence", "panes", "decisions", "dlq", "audit")
        self.plain: dict[str, Any] = {
            "kafka": {"bootstrap_servers": cluster.bootstrap, "group_id": self.prefix, "worker_name": "w1"},
            "topics": {
                "events": [f"{self.prefix}.events"],
                "replication_factor": 1,
                "verdict_partitions": 1,
                **{name: f"{self.prefix}.{name}" for name in names},
            },
            "tap": {"commit_interval_seconds": 0.2, "sink_patience_seconds": 20.0},
            "scorers": {name: {"enabled": False} for name in ("toxicity", "adversarial", "groundedness")},
            "reload": WATCH,
            "web": {"port": 0},
        }
        self.write()
        self.sent = 0
        cluster.create_topic(f"{self.prefix}.events", 1)

    def write(self, **over: Any) -> None:
        """Into place by renaming: this is about what is taken, not about how it is written."""
        beside = self.path.with_suffix(".new")
        beside.write_text(json.dumps(self.plain | over), encoding="utf-8")
        beside.rename(self.path)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Worker]:
        file = ConfigFile.at_start(self.path)
        worker = Worker.build(file.config(), file=file)
        loop = asyncio.get_running_loop()
        before = signal.getsignal(signal.SIGHUP)  # which the worker does not take through the loop
        worker.install_signals(loop)
        try:
            async with serving(worker):
                yield worker
        finally:
            signal.signal(signal.SIGHUP, before)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    @property
    def config(self) -> WorkerConfig:
        return ConfigFile.look(self.path).config()

    async def send(self, worker: Worker, count: int = 5) -> None:
        """Answers with an address, until they are judged and committed."""
        topic = self.plain["topics"]["events"][0]
        events = [
            native(f"r-{number:03d}", text=None, answer=f"Write to a{number}@example.com")
            for number in range(self.sent, self.sent + count)
        ]
        await publish(worker.config, [Message(topic, b"chat", event) for event in events])
        self.sent += count
        await until(lambda: sum(worker.tap.committed.values()) == self.sent)

    async def actions(self, worker: Worker) -> list[str]:
        verdicts = await values(worker.config, worker.config.topics.verdicts, 1)
        assert len(verdicts) == self.sent
        return [verdict["action"] for verdict in sorted(verdicts, key=lambda verdict: verdict["inference_id"])]

    async def audited(self, worker: Worker, count: int) -> list[ConfigChange]:
        """The records on the topic, once there are so many."""
        topic = worker.config.topics.audit
        assert topic is not None
        async with asyncio.timeout(30.0):
            while True:
                records = await KafkaStateReader(worker.config.kafka)(topic, 0)
                if len(records) >= count:
                    assert {record.key for record in records} == {b"w1"}
                    return [msgspec.json.decode(record.value or b"", type=ConfigChange) for record in records]
                await asyncio.sleep(0.1)


def reloads(worker: Worker) -> tuple[float, float, float]:
    rows = worker.metrics.rows("harmwatch_config_reloads_total")
    successful = worker.metrics.rows("harmwatch_config_last_reload_successful")
    return rows["applied",], rows["refused",], successful[()]


MASK = {"default": "mask"}


async def test_a_change_takes_effect_from_the_next_event_on_and_counts_go_on(cluster: Any, tmp_path: Path) -> None:
    bench = Bench(cluster, tmp_path)
    async with bench.running() as worker:
        await bench.send(worker)
        bench.write(policy=MASK)  # found by itself
        await until(lambda: reloads(worker) == (1, 0, 1))
        await bench.send(worker)
        scorers = bench.plain["scorers"] | {"pii": {"thresholds": {"pii.email": 1.0}}}
        bench.write(policy={"default": "block"}, scorers=scorers, reload={"watch_seconds": 0})
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: reloads(worker) == (2, 0, 1))
        await bench.send(worker)
        assert await bench.actions(worker) == ["flag"] * 5 + ["mask"] * 5 + ["block"] * 5
        (reading,) = worker.pipeline.windows.total_measurements()
        assert reading.results["harm"].events == 15
        exposition = await get(worker, "/metrics")
        # The watch is off now: only asked does the worker look.
        bench.write()
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: reloads(worker) == (3, 0, 1))
        started, by_watch, by_signal, back = await bench.audited(worker, 4)
    assert 'harmwatch_config_reloads_total{outcome="applied"} 2.0' in exposition
    assert sample_sum(exposition, "harmwatch_config_last_reload_successful") == 1
    assert [change.trigger for change in (started, by_watch, by_signal, back)] == ["start", "file", "signal", "signal"]
    assert [change.outcome for change in (started, by_watch, by_signal)] == ["started", "applied", "applied"]
    assert by_watch.keys == ["policy.default"]
    assert by_signal.keys == ["scorers.pii.thresholds", "policy.default", "reload.watch_seconds"]
    assert (by_watch.old_sha256, by_signal.old_sha256) == (started.new_sha256, by_watch.new_sha256)
    assert back.new_sha256 == started.new_sha256


async def test_a_bad_file_changes_nothing_and_is_told_to_everybody(cluster: Any, tmp_path: Path) -> None:
    bench = Bench(cluster, tmp_path)
    async with bench.running() as worker:
        bench.write(policy={"default": "perhaps"})
        await until(lambda: reloads(worker) == (0, 1, 0))
        bench.write(policy={"rules": [{"action": "mask", "category": "toxicity"}]})  # which no scorer finds here
        await until(lambda: reloads(worker) == (0, 2, 0))
        bench.write(policy=MASK, scorers=bench.plain["scorers"] | {"pii": {"thresholds": {"rudeness": 0.5}}})
        await until(lambda: reloads(worker) == (0, 3, 0))
        bench.write(policy=MASK, tap=bench.plain["tap"] | {"drain_seconds": 3.0})
        await until(lambda: reloads(worker) == (0, 4, 0))
        bench.write(policy=MASK, topics=bench.plain["topics"] | {"formats": {"events": "morse"}})
        await until(lambda: reloads(worker) == (0, 5, 0))
        bench.path.unlink()
        await until(lambda: reloads(worker) == (0, 6, 0))
        await bench.send(worker)
        assert await bench.actions(worker) == ["flag"] * 5
        bench.write(policy=MASK)
        await until(lambda: reloads(worker) == (1, 6, 1))
        await bench.send(worker)
        assert await bench.actions(worker) == ["flag"] * 5 + ["mask"] * 5
        _, *refused, applied = await bench.audited(worker, 8)
    assert [change.outcome for change in refused] == ["refused"] * 6
    for change, said in zip(
        refused,
        ("policy.default", "policy", "no category rudeness", "tap.drain_seconds", "morse", "cannot be read"),
        strict=True,
    ):
        assert said in change.reason
    assert refused[3].restart_keys == ["tap.drain_seconds"]
    assert refused[4].restart_keys == ["topics.formats"]
    assert (applied.outcome, applied.old_sha256) == ("applied", refused[0].old_sha256)


async def test_no_audit_topic_stops_nothing(cluster: Any, tmp_path: Path) -> None:
    bench = Bench(cluster, tmp_path)
    bench.plain["topics"]["audit"] = None
    bench.write()
    async with bench.running() as worker:
        bench.write(policy=MASK)
        await until(lambda: reloads(worker) == (1, 0, 1))
        await bench.send(worker)
        assert await bench.actions(worker) == ["mask"] * 5
        admin = admin_client(worker.config.kafka)
        topics = await asyncio.to_thread(describe_topics, admin)
        admin.close()
    assert not any(topic.startswith(f"{bench.prefix}.audit") for topic in topics)


async def test_a_topic_that_takes_no_record_stops_nothing(
    cluster: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(cluster, tmp_path)
    cluster.create_topic(f"{bench.prefix}.audit", 1, config={"max.message.bytes": "100"})
    caplog.set_level("INFO", logger="streams.audit")
    async with bench.running() as worker:
        bench.write(policy=MASK)
        await until(lambda: reloads(worker) == (1, 0, 1))
        await bench.send(worker)
        assert await bench.actions(worker) == ["mask"] * 5
        await until(lambda: any(message.startswith("audit_not_written") for message in caplog.messages))
    assert any(message.startswith("config_applied trigger=file") for message in caplog.messages)
