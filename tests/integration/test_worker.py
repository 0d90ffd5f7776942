"""The whole worker in this process, on the embedded broker and on real Kafka: topics, Faust beside the tap, the web."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.clock import SystemClock
from agent.config import validate
from agent.errors import ConfigError, ModelError
from agent.scoring.encoders.pinned import digest_of
from streams.config import WorkerConfig
from streams.kafka_sink import KafkaSink
from streams.kafka_state import KafkaStateReader
from streams.ports import Message
from streams.topics import admin_client, describe_topics
from streams.worker import Worker
from tests.builders import native
from tests.unit.scoring.tiny_detoxify import write_tiny_detoxify

BROKERS = [
    pytest.param("embedded_broker", marks=pytest.mark.layer("embedded")),
    pytest.param("kafka", marks=pytest.mark.layer("kafka")),
]


@pytest.fixture(params=BROKERS)
def cluster(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def make_config(bootstrap: str, prefix: str, **over: Any) -> WorkerConfig:
    names = {
        name: f"{prefix}.{name}"
        for name in ("labels", "verdicts", "evidence", "panes", "decisions", "dlq", "audit", "feedback")
    }
    plain: dict[str, Any] = {
        "kafka": {"bootstrap_servers": bootstrap, "group_id": prefix, "worker_name": "w1"},
        "topics": {"events": [f"{prefix}.events"], "replication_factor": 1, **names},
        "tap": {"commit_interval_seconds": 0.2, "sink_patience_seconds": 20.0},
        "web": {"port": 0},
    }
    return validate(WorkerConfig, plain | over, "test")


@asynccontextmanager
async def serving(worker: Worker) -> AsyncIterator[Worker]:
    """From when it is ready until it has drained."""
    task = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(60.0):
            while not worker.status.readiness().ready:
                if task.done():
                    task.result()
                await asyncio.sleep(0.05)
        yield worker
    finally:
        worker.tap.request_stop()
        await task


@asynccontextmanager
async def running(config: WorkerConfig) -> AsyncIterator[Worker]:
    async with serving(Worker.build(config)) as worker:
        yield worker


async def until(condition: Any, seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


async def publish(config: WorkerConfig, messages: list[Message]) -> None:
    sink = KafkaSink(config.kafka, patience_seconds=20.0, max_message_bytes=1 << 20, clock=SystemClock())
    await sink.start()
    for message in messages:
        sink.send(message)
    await sink.flush()
    await sink.stop()


async def values(config: WorkerConfig, topic: str, partitions: int = 3) -> list[dict[str, Any]]:
    reader = KafkaStateReader(config.kafka)
    records = [record for number in range(partitions) for record in await reader(topic, number)]
    return [json.loads(record.value) for record in records if record.value]


async def get(worker: Worker, path: str) -> str:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{worker.web.port}{path}") as answer,
    ):
        return await answer.text()


def fleet_events(worker: Worker) -> dict[str, float]:
    return {reading.model: reading.results["harm"].events for reading in worker.status.fleet.total_measurements()}


def sample_sum(exposition: str, name: str) -> float:
    lines = [line for line in exposition.splitlines() if line.startswith((f"{name}{{", f"{name} "))]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


async def test_events_become_verdicts_metrics_evidence_and_panes(cluster: Any) -> None:
    prefix = f"w-{uuid.uuid4().hex[:8]}"
    config = make_config(cluster.bootstrap, prefix)
    cluster.create_topic(config.topics.events[0], 2)
    chat = [
        Message(
            config.topics.events[0], b"chat", native(f"r-{n}", answer=f"Write to a{n}@example.com"), partition=n % 2
        )
        for n in range(50)
    ]
    loan = {"model": "loan", "output": {"decision": "approved"}, "attributes": {"gender": "f"}}
    loans = [
        Message(config.topics.events[0], b"loan", native(f"l-{n}", text=None, answer=None, **loan)) for n in range(5)
    ]
    poison = [Message(config.topics.events[0], b"p", b"\xff\x00not an event")]
    async with running(config) as worker:
        await publish(config, [*chat, *loans, *poison])
        await until(lambda: sum(worker.tap.committed.values()) == 56)
        label = json.dumps({"id": "l-1", "source": "test", "label": "approved"}).encode()
        await publish(config, [Message(str(config.topics.labels), b"l-1", label)])
        await until(lambda: worker.metrics.rows("harmwatch_labels_total").get(("joined",), 0) == 1)
        exposition = await get(worker, "/metrics")
        status = json.loads(await get(worker, "/api/v1/status"))
        assert json.loads(await get(worker, "/readyz"))["ready"] is True
        assert json.loads(await get(worker, "/healthz"))["alive"] is True
        assert "<html" in await get(worker, "/")
        # Faust joins its group at its own pace, and then reads what the tap has long written.
        await until(lambda: fleet_events(worker) == {"chat": 50, "loan": 5})
    verdicts = await values(config, config.topics.verdicts)
    evidence = await values(config, config.topics.evidence)
    assert len({(verdict["inference_id"], verdict["direction"]) for verdict in verdicts}) == len(verdicts) == 105
    assert sample_sum(exposition, "harmwatch_events_total") == 55
    assert sample_sum(exposition, "harmwatch_scored_total") == sum(len(verdict["scores"]) for verdict in verdicts)
    assert sample_sum(exposition, "harmwatch_findings_total") == sum(len(verdict["findings"]) for verdict in verdicts)
    assert sample_sum(exposition, "harmwatch_dead_letters_total") == 1
    assert {finding["category"] for verdict in verdicts for finding in verdict["findings"]} >= {"pii.email"}
    assert all("@example.com" not in json.dumps(item) for item in evidence)
    assert len(evidence) >= 50
    assert status["pipeline"]["events"] == 55


async def test_missing_topics_are_created_with_their_settings_and_a_typo_is_not(cluster: Any) -> None:
    prefix = f"w-{uuid.uuid4().hex[:8]}"
    config = make_config(cluster.bootstrap, prefix)
    with pytest.raises(ConfigError, match=f"{prefix}.events does not exist"):
        await Worker.build(config).run()
    cluster.create_topic(config.topics.events[0], 4)
    async with running(config):
        admin = admin_client(config.kafka)
        topics = await asyncio.to_thread(describe_topics, admin)
        admin.close()
    assert topics[config.topics.panes] == 4
    assert {topics[config.topics.verdicts], topics[config.topics.evidence]} == {3}
    assert topics[config.topics.dlq] == 1


async def test_a_model_that_cannot_be_loaded_ends_the_worker_before_it_takes_anything(cluster: Any) -> None:
    prefix = f"w-{uuid.uuid4().hex[:8]}"
    scorers = {"toxicity": {"options": {"model": "/nowhere/model.npz"}}}
    config = make_config(cluster.bootstrap, prefix, scorers=scorers)
    cluster.create_topic(config.topics.events[0], 1)
    with pytest.raises(ModelError):
        await Worker.build(config).run()


@pytest.mark.layer("models")
async def test_a_checkpoint_of_ones_own_fills_the_slot_of_toxicity(cluster: Any, tmp_path: Path) -> None:
    prefix = f"w-{uuid.uuid4().hex[:8]}"
    checkpoint, _ = write_tiny_detoxify(tmp_path)
    scorers = {
        "toxicity": {"kind": "detoxify", "checkpoint": str(checkpoint), "device": "cpu", "precision": "float32",
                     "sha256": digest_of([checkpoint]),
                     "thresholds": {"toxicity": 0.0001}},
    }  # fmt: skip
    config = make_config(cluster.bootstrap, prefix, scorers=scorers)
    topic = config.topics.events[0]
    cluster.create_topic(topic, 2)
    answers = [f"hello world {n} {'nice ' * (n % 9)}" for n in range(30)]
    chat = [Message(topic, b"chat", native(f"r-{n}", answer=each), partition=n % 2) for n, each in enumerate(answers)]
    async with running(config) as worker:
        await publish(config, chat)
        await until(lambda: sum(worker.tap.committed.values()) == len(chat))
        exposition = await get(worker, "/metrics")
    verdicts = await values(config, config.topics.verdicts)
    assert len(verdicts) == 2 * len(chat)
    assert {verdict["scorers"]["toxicity"] for verdict in verdicts} == {"detoxify@1"}
    assert not any(verdict["missing"] for verdict in verdicts)
    expected = await asyncio.to_thread(scores_of_detoxify, checkpoint, answers)
    outputs = {verdict["inference_id"]: verdict for verdict in verdicts if verdict["direction"] == "output"}
    for number, score in enumerate(expected):
        found = {finding["category"]: finding["score"] for finding in outputs[f"r-{number}"]["findings"]}
        assert found["toxicity"] == pytest.approx(score, abs=1e-3)
    assert sample_sum(exposition, "harmwatch_scored_total") == 3 * len(chat) + 2 * len(chat)
    for stage in ("tokenise", "copy", "forward", "reduce"):
        assert f'stage="score_toxicity_{stage}"' in exposition


def scores_of_detoxify(checkpoint: Path, texts: list[str]) -> list[float]:
    """As the package itself gives them."""
    from detoxify import Detoxify

    scores: list[float] = Detoxify(checkpoint=str(checkpoint), device="cpu").predict(texts)["toxicity"]
    return scores


@pytest.mark.layer("kafka")
async def test_events_that_were_given_more_partitions_get_as_many_of_state(kafka: Any) -> None:
    prefix = f"w-{uuid.uuid4().hex[:8]}"
    config = make_config(kafka.bootstrap, prefix)
    kafka.create_topic(config.topics.events[0], 1)
    async with running(config):
        pass
    admin = admin_client(config.kafka)
    await asyncio.to_thread(admin.create_partitions, {config.topics.events[0]: 3})
    async with running(config) as worker:
        topics = await asyncio.to_thread(describe_topics, admin)
        loan = native("r-1", output={"decision": "approved"}, attributes={"sex": "f"})
        await publish(config, [Message(config.topics.events[0], b"m", loan, partition=2)])
        await until(lambda: sum(worker.tap.committed.values()) == 1)
    admin.close()
    assert topics[config.topics.panes] == topics[config.topics.decisions] == 3
