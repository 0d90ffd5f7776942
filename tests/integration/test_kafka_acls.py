"""A worker with exactly the rights of the table runs where nothing else is allowed; without one it says which."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from agent.config import validate
from agent.errors import AccessDenied, ConfigError
from streams.access.acls import GROUPS, TOPICS, Right, Row, rights_of
from streams.config import WorkerConfig
from streams.kafka_state import KafkaStateReader
from streams.ports import Message
from streams.worker import Worker
from tests.brokers.base import admin_client
from tests.builders import native
from tests.integration.test_worker import publish, values

if TYPE_CHECKING:
    from tests.brokers.secured import SecuredKafka

KEYS = (
    "labels", "verdicts", "evidence", "panes", "decisions", "dlq", "audit", "feedback", "filtered", "sanitised"
)  # fmt: skip
CHATS = 12
#: With a decision that waits for its label, and one that is no event.
RECORDS = CHATS + 2


def rows(*needs: str, operations: tuple[str, ...] = ("READ", "WRITE", "CREATE", "ALTER")) -> list[Any]:
    """Of the table, with the kind of resource."""
    table = [*((row, "topic") for row in TOPICS), *((row, "group") for row in GROUPS)]
    return [
        pytest.param(row, kind, id=f"{kind}-{row.key or 'tap'}-{row.operation}")
        for row, kind in table
        if row.need in needs and row.operation in operations
    ]


#: What a worker reads only when it takes a partition over.
RARE = {("panes", "READ"), ("decisions", "READ")}


class Tenant:
    """A user of a broker with topics and groups of its own, and what its configuration asks for."""

    def __init__(self, cluster: SecuredKafka, *, topics: bool = True, partitions: int = 2) -> None:
        self.cluster = cluster
        self.partitions = partitions
        self.name = f"t-{uuid.uuid4().hex[:8]}"
        cluster.add_user(self.name)
        self.principal = f"User:{self.name}"
        names = {key: f"{self.name}.{key}" for key in KEYS}
        self._plain: dict[str, Any] = {
            "topics": {"events": [f"{self.name}.events"], "replication_factor": 1, "verdict_partitions": 1, **names},
            "tap": {"commit_interval_seconds": 0.1, "sink_patience_seconds": 15.0},
            "policy": {"rules": [{"dimension": "privacy", "action": "mask"}]},
            "scorers": {"pii": {}},
            "web": {"port": 0},
        }
        who = {"group_id": self.name, "worker_name": "w1", "session_timeout_seconds": 6.0}
        self.config = self._config(cluster.scram(self.name) | who)
        #: As somebody who may do anything, for the tests' own reading and writing.
        self.open = self._config(cluster.listener("PLAINTEXT") | who)
        self.rights = rights_of(self.config)
        cluster.create_topic(self.events, partitions)
        if topics:
            self.create(*names)

    def create(self, *keys: str) -> None:
        """Topics of the worker's."""
        made = {
            getattr(self.config.topics, key): {
                "num_partitions": self.partitions if key in ("panes", "decisions") else 1,
                "replication_factor": 1,
            }
            for key in keys
        }
        with admin_client(self.cluster.bootstrap) as client:
            client.create_topics(made, wait_for_metadata=True)

    def _config(self, kafka: dict[str, Any]) -> WorkerConfig:
        return validate(WorkerConfig, {**self._plain, "kafka": kafka}, "test")

    @property
    def events(self) -> str:
        return self.config.topics.events[0]

    def right(self, row: Row, kind: str) -> Right:
        """The right that a row of the table means for this tenant."""
        name = f"{self.name}.{row.key}" if kind == "topic" else f"{self.name}{row.key}"
        return next(r for r in self.rights if (r.kind, r.name, r.operation) == (kind, name, row.operation))

    def granted(self, *, without: Right | None = None) -> None:
        """All that the table asks for, as far as topics are there, but one."""
        self.cluster.grant(self.principal, [right for right in self.rights if right != without])

    async def publish_events(self, turn: int) -> None:
        """`RECORDS` records of everything that a worker writes something of."""
        start = turn * CHATS
        sent = [native(f"r-{n}", answer=f"Write to a{n}@example.com") for n in range(start, start + CHATS)]
        loan = {"model": "loan", "output": {"decision": "approved"}, "attributes": {"sex": "f"}}
        sent += [native(f"loan-{turn}", text=None, answer=None, **loan), b"\xff no event"]
        await publish(self.open, [Message(self.events, b"m", value, partition=n % 2) for n, value in enumerate(sent)])

    async def judged(self) -> dict[tuple[str, str], set[str]]:
        """Ids of verdicts by inference and direction."""
        found: dict[tuple[str, str], set[str]] = {}
        for verdict in await values(self.open, self.config.topics.verdicts, 1):
            found.setdefault((verdict["inference_id"], verdict["direction"]), set()).add(verdict["id"])
        return found


@asynccontextmanager
async def at_work(config: WorkerConfig) -> AsyncIterator[tuple[Worker, asyncio.Task[None]]]:
    """A worker that is ready; how it ends is for the caller to see."""
    worker = Worker.build(config)
    task = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(90.0):
            while not worker.status.readiness().ready:
                if task.done():
                    task.result()
                await asyncio.sleep(0.05)
        yield worker, task
    finally:
        worker.tap.request_stop()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Any, seconds: float = 90.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


def handled(worker: Worker) -> int:
    return sum(worker.tap.committed.values())


async def everything_has_its_verdict(tenant: Tenant, turns: int) -> None:
    """Taken up again by a worker that may do all: each event has one verdict of each direction, and counts once."""
    async with at_work(tenant.config) as (worker, _):
        await until(lambda: handled(worker) == turns * RECORDS)
        await until(lambda: events_counted(worker) == turns * (CHATS + 1))
    judged = await tenant.judged()
    expected = {(f"r-{n}", direction) for n in range(turns * CHATS) for direction in ("input", "output")}
    assert set(judged) == expected | {(f"loan-{turn}", "output") for turn in range(turns)}
    assert all(len(ids) == 1 for ids in judged.values())


def events_counted(worker: Worker) -> float:
    return sum(reading.results["harm"].events for reading in worker.status.fleet.total_measurements())


def warnings(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING
                     and record.name.startswith("streams"))  # fmt: skip


async def test_the_table_is_enough_for_every_feature(secured: SecuredKafka, caplog: pytest.LogCaptureFixture) -> None:
    """Topics are created as well; nothing is asked for that the table does not have."""
    tenant = Tenant(secured, topics=False)
    tenant.granted()
    async with at_work(tenant.config) as (worker, _):
        await tenant.publish_events(0)
        await until(lambda: handled(worker) == RECORDS)
        await until(lambda: events_counted(worker) == CHATS + 1)
        label = json.dumps({"id": "loan-0", "source": "test", "label": "approved"}).encode()
        await publish(tenant.open, [Message(str(tenant.config.topics.labels), b"loan-0", label)])
        await until(lambda: worker.metrics.rows("harmwatch_labels_total").get(("joined",), 0) == 1)
        assert worker.feedback is not None
        (verdict, *_) = (await tenant.judged())[("r-0", "output")]
        assert await worker.feedback.desk.mark(verdict, "pii.email", True) is not None
    assert warnings(caplog) == ""
    assert len(await tenant.judged()) == 2 * CHATS + 1
    for key in ("filtered", "sanitised", "evidence", "feedback", "decisions", "panes"):
        assert await values_of(tenant, key), key


async def values_of(tenant: Tenant, key: str) -> list[bytes]:
    reader = KafkaStateReader(tenant.open.kafka)
    name = str(getattr(tenant.config.topics, key))
    return [record.value for number in range(2) for record in await reader(name, number) if record.value]


@pytest.mark.parametrize(("row", "kind"), rows("required"))
async def test_without_a_right_no_worker_starts_and_it_says_which_and_loses_nothing(
    secured: SecuredKafka, row: Row, kind: str
) -> None:
    tenant = Tenant(secured)
    missing = tenant.right(row, kind)
    tenant.granted(without=missing)
    await tenant.publish_events(0)
    with pytest.raises(ConfigError) as raised:
        await Worker.build(tenant.config).run()
    told = str(raised.value)
    assert told.startswith(f"Kafka does not let {tenant.principal}: {missing} (")
    assert f"--allow-principal {tenant.principal}" in told and "\n" not in told
    assert sum(f"{right} (" in told for right in tenant.rights) == 1
    secured.grant(tenant.principal, [missing])
    await everything_has_its_verdict(tenant, 1)


@pytest.mark.parametrize(
    ("row", "kind"), [each for each in rows("required") if (each.values[0].key, each.values[0].operation) not in RARE]
)
async def test_a_right_that_is_taken_away_ends_the_worker_and_loses_nothing(
    secured: SecuredKafka, row: Row, kind: str
) -> None:
    tenant = Tenant(secured)
    tenant.granted()
    taken = tenant.right(row, kind)
    async with at_work(tenant.config) as (worker, task):
        await tenant.publish_events(0)
        await until(lambda: handled(worker) == RECORDS)
        await asyncio.to_thread(secured.take_away, tenant.principal, [taken])
        await tenant.publish_events(1)
        await until(task.done)
        with pytest.raises(AccessDenied) as raised:
            task.result()
    told = str(raised.value)
    assert told.startswith(f"Kafka does not let {tenant.principal}: {taken} (") and "\n" not in told
    secured.grant(tenant.principal, [taken])
    await everything_has_its_verdict(tenant, 2)


@pytest.mark.parametrize(
    ("row", "kind"), [each for each in rows("required") if (each.values[0].key, each.values[0].operation) in RARE]
)
async def test_a_right_that_only_a_takeover_needs_is_missed_by_the_next_worker_and_loses_nothing(
    secured: SecuredKafka, row: Row, kind: str
) -> None:
    tenant = Tenant(secured)
    tenant.granted()
    taken = tenant.right(row, kind)
    async with at_work(tenant.config) as (worker, _):
        await tenant.publish_events(0)
        await until(lambda: handled(worker) == RECORDS)
        await asyncio.to_thread(secured.take_away, tenant.principal, [taken])
        await tenant.publish_events(1)
        await until(lambda: handled(worker) == 2 * RECORDS)
    await tenant.publish_events(2)
    with pytest.raises(ConfigError) as raised:
        await Worker.build(tenant.config).run()
    told = str(raised.value)
    assert told.startswith(f"Kafka does not let {tenant.principal}: {taken} (")
    assert sum(f"{right} (" in told for right in tenant.rights) == 1
    secured.grant(tenant.principal, [taken])
    await everything_has_its_verdict(tenant, 3)


@pytest.mark.parametrize(("key", "left"), [("panes", "WRITE"), ("panes", None), ("decisions", "WRITE")])
async def test_state_that_may_not_be_read_is_not_taken_for_none(
    secured: SecuredKafka, key: str, left: str | None
) -> None:
    """A worker that takes partitions over in the middle of its life: without their state it would count from zero."""
    tenant = Tenant(secured)
    topic = str(getattr(tenant.config.topics, key))
    tenant.granted()
    await publish(tenant.open, [Message(topic, b"m", b"state", partition=0)])
    read = KafkaStateReader(tenant.config.kafka)
    read_it = False
    async with asyncio.timeout(60.0):
        while not read_it:
            with suppress(AccessDenied):  # until the broker has heard of the grant
                read_it = bool(await read(topic, 0))
            await asyncio.sleep(0.05)
    gone = [r for r in tenant.rights if r.name == topic and r.operation != left]
    await asyncio.to_thread(secured.take_away, tenant.principal, gone)
    with pytest.raises(AccessDenied, match=f"may not read topic {topic}; grant READ on it"):
        async with asyncio.timeout(60.0):
            while await read(topic, 0):  # until the broker has heard of it
                await asyncio.sleep(0.05)


@pytest.mark.parametrize(("row", "kind"), rows("optional"))
async def test_without_an_optional_right_a_worker_runs_and_says_what_it_lacks(
    secured: SecuredKafka, row: Row, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    tenant = Tenant(secured)
    missing = tenant.right(row, kind)
    tenant.granted(without=missing)
    async with at_work(tenant.config) as (worker, _):
        await tenant.publish_events(0)
        await until(lambda: handled(worker) == RECORDS)
    told = warnings(caplog)
    assert f"kafka_right_missing operation={missing.operation} {missing.kind}={missing.name} " in told
    assert told.count("kafka_right_missing") == 1
    assert f"grant=kafka-acls.sh --add --allow-principal {tenant.principal}" in told
    assert len(await tenant.judged()) == 2 * CHATS + 1


#: What a worker says of an optional right that is taken away while it runs. The others are needed only when an operator
#: does something, and then whoever does it is told.
SAID_WHILE_RUNNING = {
    ("labels", "READ"): "labels_not_read reason=this user may not read topic {right.name}; grant READ on it",
    ("feedback", "READ"): "feedback_not_read reason=this user may not read topic {right.name}; grant READ on it",
    ("-side-", "READ"): "side_app_failed error=this user may not read group {right.name}w1; grant READ on it",
}


@pytest.mark.parametrize(("row", "kind"), rows("optional"))
async def test_an_optional_right_that_is_taken_away_is_named_and_costs_no_verdict(
    secured: SecuredKafka, row: Row, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    tenant = Tenant(secured)
    tenant.granted()
    taken = tenant.right(row, kind)
    async with at_work(tenant.config) as (worker, _):
        await tenant.publish_events(0)
        await until(lambda: handled(worker) == RECORDS)
        await asyncio.to_thread(secured.take_away, tenant.principal, [taken])
        await tenant.publish_events(1)
        await until(lambda: handled(worker) == 2 * RECORDS)
        said = SAID_WHILE_RUNNING.get((row.key, row.operation), "").format(right=taken)
        await until(lambda: said in warnings(caplog))
    secured.grant(tenant.principal, [taken])
    await everything_has_its_verdict(tenant, 2)


async def test_labels_that_were_denied_are_joined_once_they_are_allowed(
    secured: SecuredKafka, caplog: pytest.LogCaptureFixture
) -> None:
    tenant = Tenant(secured)
    (labels,) = (
        right for right in tenant.rights if right.name == tenant.config.topics.labels and right.operation == "READ"
    )
    tenant.granted(without=labels)
    async with at_work(tenant.config) as (worker, _):
        await tenant.publish_events(0)
        await until(lambda: handled(worker) == RECORDS)
        label = json.dumps({"id": "loan-0", "source": "test", "label": "approved"}).encode()
        await publish(tenant.open, [Message(labels.name, b"loan-0", label)])
        await until(lambda: f"labels_not_read reason=this user may not read topic {labels.name}" in warnings(caplog))
        await asyncio.to_thread(secured.grant, tenant.principal, [labels])
        await until(lambda: worker.metrics.rows("harmwatch_labels_total").get(("joined",), 0) == 1)


@pytest.mark.parametrize(("row", "kind"), rows("creation"))
async def test_a_topic_that_may_not_be_made_is_named(
    secured: SecuredKafka, row: Row, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    tenant = Tenant(secured, topics=False, partitions=2)
    widening = row.operation == "ALTER"
    tenant.create(*(key for key in KEYS if widening or key != row.key))
    missing = tenant.right(row, kind)
    tenant.granted(without=missing)
    await tenant.publish_events(0)
    if widening:
        with admin_client(secured.bootstrap) as client:
            client.create_partitions({tenant.events: 3})
    if missing.vital:
        with pytest.raises(ConfigError) as raised:
            await Worker.build(tenant.config).run()
        assert str(raised.value).startswith(f"Kafka does not let {tenant.principal}: {missing} (")
        secured.grant(tenant.principal, [missing])
        await everything_has_its_verdict(tenant, 1)
        return
    async with at_work(tenant.config) as (worker, _):
        await until(lambda: handled(worker) == RECORDS)
    assert f"kafka_right_missing operation=CREATE topic={missing.name} " in warnings(caplog)
