"""Operators' marks from the console's API to the topic and back, on the embedded broker and on real Kafka."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from agent.clock import SystemClock
from agent.quality.marks import read_marks
from streams.config import WorkerConfig
from streams.console.findings import HeldEvidence
from streams.kafka_state import KafkaStateReader
from streams.ports import Message
from streams.worker import Worker
from tests.brokers.base import admin_client
from tests.brokers.kafka import KafkaCluster
from tests.builders import native
from tests.integration.test_worker import BROKERS, get, make_config, publish, running, sample_sum, until

PRIVATE_BROKERS = [
    pytest.param("embedded_cluster", marks=pytest.mark.layer("embedded")),
    pytest.param("kafka_cluster", marks=pytest.mark.layer("kafka")),
]
#: A mark is confirmed, or has failed, by then: the desk's eight seconds, and some for a machine that is busy.
ANSWERED_SECONDS = 11.0
#: Low enough for every answer to be a finding.
SCORERS = {"toxicity": {"kind": "ngrams", "thresholds": {"toxicity": 1e-6}}}


@pytest.fixture(params=BROKERS)
def cluster(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture(params=PRIVATE_BROKERS)
def breakable(request: pytest.FixtureRequest) -> Any:
    factory: Callable[[], Any] = request.getfixturevalue(request.param)
    return factory()


class Desk:
    """A group of workers whose consoles are asked over HTTP, as the page asks."""

    def __init__(self, cluster: Any) -> None:
        self.prefix = f"f-{uuid.uuid4().hex[:8]}"
        self.cluster = cluster
        self.clock = SystemClock()
        self.config = self.of_worker("w1")
        self.topic = str(self.config.topics.feedback)
        cluster.create_topic(self.config.topics.events[0], 2)

    def of_worker(self, name: str) -> WorkerConfig:
        kafka = {"bootstrap_servers": self.cluster.bootstrap, "group_id": self.prefix, "worker_name": name}
        return make_config(self.cluster.bootstrap, self.prefix, kafka=kafka, scorers=SCORERS)

    @asynccontextmanager
    async def workers(self, *names: str) -> AsyncIterator[list[Worker]]:
        async with AsyncExitStack() as stack:
            yield [await stack.enter_async_context(running(self.of_worker(name))) for name in names]

    async def send(self, first: int, number: int) -> None:
        topic = self.config.topics.events[0]
        answers = [native(f"r-{n}", text=None, answer=f"Good day, number {n}") for n in range(first, first + number)]
        await publish(self.config, [Message(topic, b"chat", each, partition=n % 2) for n, each in enumerate(answers)])

    async def mark(self, worker: Worker, held: HeldEvidence, correct: bool | None) -> tuple[int, str]:
        """Status and error, within the time that an operator waits."""
        body = {"id": held.id, "category": "toxicity", "correct": correct}
        url = f"http://127.0.0.1:{worker.web.port}/api/v1/feedback"
        async with (
            asyncio.timeout(ANSWERED_SECONDS),
            aiohttp.ClientSession() as session,
            session.post(url, json=body) as answer,
        ):
            return answer.status, (await answer.json()).get("error", "")

    async def records(self) -> dict[bytes, bool | None]:
        """By key what the topic says last."""
        found = {}
        for number in range(self.config.topics.verdict_partitions):
            for record in await KafkaStateReader(self.config.kafka)(self.topic, number):
                found[record.key or b""] = json.loads(record.value)["correct"] if record.value else None
        return found


def marks_of(worker: Worker) -> list[tuple[int, int]]:
    return [(each.marked, each.correct) for each in worker.status.console.book.precision()]


def held_by(worker: Worker) -> list[HeldEvidence]:
    return worker.status.console.recent.latest()


async def test_marks_of_one_worker_are_known_to_the_others_after_a_restart_and_to_calibrate(
    cluster: Any, tmp_path: Path
) -> None:
    desk = Desk(cluster)
    async with desk.workers("w1", "w2") as (one, two):
        await desk.send(0, 24)
        await until(lambda: len(held_by(one)) + len(held_by(two)) == 24)
        # Each is marked where it is held; nowhere else can it be.
        for worker, other in ((one, two), (two, one)):
            for number, held in enumerate(held_by(worker)):
                assert await desk.mark(worker, held, number % 2 == 0) == (200, "")
                assert (await desk.mark(other, held, True))[0] == 404
        await until(lambda: marks_of(one) == marks_of(two) == [(24, 12)])
        marked = 'harmwatch_feedback_findings{category="toxicity",dimension="output",mark="right"} 12.0'
        for worker in (one, two):
            exposition = await get(worker, "/metrics")
            assert marked in exposition
            assert sample_sum(exposition, "harmwatch_feedback_total") == len(held_by(worker))
        version = held_by(one)[0].scorers["toxicity"]
    async with desk.workers("w3") as (again,):
        await until(lambda: marks_of(again) == [(24, 12)])
        exported = tmp_path / "feedback.jsonl"
        exported.write_text(await get(again, "/api/v1/feedback"), encoding="utf-8")
    marks = read_marks(exported, "toxicity", version)
    assert (marks.precision(0.0).marked, marks.precision(0.0).correct) == (24, 12)


async def test_double_clicks_count_once_and_the_last_of_changed_minds_holds(cluster: Any) -> None:
    desk = Desk(cluster)
    async with desk.workers("w1") as (worker,):
        await desk.send(0, 3)
        await until(lambda: len(held_by(worker)) == 3)
        twice, changed, taken_back = held_by(worker)
        assert await asyncio.gather(*(desk.mark(worker, twice, True) for _ in range(8))) == [(200, "")] * 8
        for correct in (True, False, True, False):
            assert await desk.mark(worker, changed, correct) == (200, "")
        for said in (True, None):
            assert await desk.mark(worker, taken_back, said) == (200, "")
        await until(lambda: marks_of(worker) == [(2, 1)])
        keys = [f"{held.id}:toxicity".encode() for held in (twice, changed, taken_back)]
        assert await desk.records() == dict(zip(keys, (True, False, None), strict=True))
    async with desk.workers("w2") as (again,):
        await until(lambda: marks_of(again) == [(2, 1)])
        book = again.status.console.book
        assert [book.mark(held.id, "toxicity") for held in (twice, changed, taken_back)] == [True, False, None]


@pytest.mark.layer("kafka")  # the embedded broker makes any topic that is asked for
async def test_a_topic_that_is_missing_is_named_and_marks_go_on_once_it_is_there(kafka: Any) -> None:
    desk = Desk(kafka)
    async with desk.workers("w1") as (worker,):
        await desk.send(0, 1)
        await until(lambda: len(held_by(worker)) == 1)
        (held,) = held_by(worker)
        await asyncio.to_thread(kafka.delete_topic, desk.topic)
        status, error = await desk.mark(worker, held, True)
        assert (status, marks_of(worker)) == (502, [])
        assert f"topic {desk.topic} is missing" in error
        await asyncio.to_thread(kafka.create_topic, desk.topic, 1)
        assert await desk.mark(worker, held, False) == (200, "")
        assert marks_of(worker) == [(1, 0)]
        assert list((await desk.records()).values()) == [False]


async def test_a_broker_that_is_away_is_said_and_the_next_click_works(breakable: Any) -> None:
    desk = Desk(breakable)
    async with desk.workers("w1") as (worker,):
        await desk.send(0, 2)
        await until(lambda: len(held_by(worker)) == 2)
        first, second = held_by(worker)
        assert await desk.mark(worker, first, True) == (200, "")
        await asyncio.to_thread(breakable.stop_broker, 0)
        clicks = [desk.mark(worker, second, True), desk.mark(worker, first, None)]
        assert [status for status, _ in await asyncio.gather(*clicks)] == [503, 503]
        # What was said before stays, and nothing is counted that the broker does not have.
        assert marks_of(worker) == [(1, 1)]
        await asyncio.to_thread(breakable.start_broker, 0)
        assert await desk.mark(worker, second, False) == (200, "")
        assert marks_of(worker) == [(2, 1)]
        assert sorted((await desk.records()).values()) == [False, True]


@pytest.mark.layer("java")
async def test_a_topic_that_may_not_be_written_or_read_says_which_right_is_lacking(
    caplog: pytest.LogCaptureFixture,
) -> None:
    authorizer = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
    rules = {"authorizer.class.name": authorizer, "allow.everyone.if.no.acl.found": "true"}
    with KafkaCluster(config=rules) as cluster:
        desk = Desk(cluster)
        cluster.create_topic(desk.topic, 1)
        deny(cluster, desk.topic, ACLOperation.WRITE)
        async with desk.workers("w1") as (worker,):
            await desk.send(0, 1)
            await until(lambda: len(held_by(worker)) == 1)
            (held,) = held_by(worker)
            status, error = await desk.mark(worker, held, True)
            assert (status, marks_of(worker)) == (502, [])
            assert f"may not write to topic {desk.topic}" in error
            await asyncio.to_thread(deny, cluster, desk.topic, ACLOperation.READ)
            await until(lambda: "feedback_not_read" in caplog.text)


def deny(cluster: Any, topic: str, operation: ACLOperation) -> None:
    """To everybody, who is one and the same on a broker without passwords."""
    pattern = ResourcePattern(ResourceType.TOPIC, topic)
    rule = ACL("User:ANONYMOUS", "*", operation, ACLPermissionType.DENY, pattern)
    with admin_client(cluster.bootstrap) as client:
        client.create_acls([rule])
