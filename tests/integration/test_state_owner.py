"""Two groups and one topic of panes, on the embedded broker and on real Kafka."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from agent.errors import ConfigError
from streams.commands.doctor import check_all
from streams.config import WorkerConfig
from streams.kafka_state import KafkaStateReader
from streams.ports import Message
from streams.state_owner import StateOwner, foreign_group
from streams.worker import Worker
from tests.builders import native
from tests.integration.test_worker import BROKERS, make_config, publish, running, until


@pytest.fixture(params=BROKERS)
def cluster(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def of_group(config: WorkerConfig, group: str, events: str) -> WorkerConfig:
    kafka = config.kafka.model_copy(update={"group_id": group, "worker_name": group})
    topics = config.topics.model_copy(update={"events": (events,)})
    return config.model_copy(update={"kafka": kafka, "topics": topics})


async def count(config: WorkerConfig, model: str, events: int) -> None:
    messages = [
        Message(config.topics.events[0], model.encode(), native(f"{model}-{n}", model=model), partition=n % 2)
        for n in range(events)
    ]
    async with running(config) as worker:
        await publish(config, messages)
        await until(lambda: sum(worker.tap.committed.values()) == events)


async def test_a_worker_does_not_start_on_another_groups_state(cluster: Any) -> None:
    prefix = f"w-{uuid.uuid4().hex[:8]}"
    clinic = make_config(cluster.bootstrap, prefix)
    bank = of_group(clinic, "bank", f"{prefix}.b")
    for config in (clinic, bank):
        cluster.create_topic(config.topics.events[0], 2)
    assert await foreign_group(clinic.kafka, clinic.topics.panes, StateOwner.of(clinic)) is None, "no topic yet"
    await count(clinic, "triage", 6)
    panes = clinic.topics.panes
    says = f"topics.panes: {panes} holds the window state of group {prefix}, and kafka.group_id is bank; give each "
    with pytest.raises(ConfigError, match=says):
        await Worker.build(bank).run()
    checks = await asyncio.to_thread(check_all, bank)
    (failed,) = [check for check in checks if check.outcome == "failed"]
    assert failed.name == f"topic {panes}" and failed.found.startswith(says)
    # Nothing of the other group was written; and the one whose topic it is comes up again, with its counts.
    owners = {record.headers for number in range(2) for record in await KafkaStateReader(clinic.kafka)(panes, number)}
    assert owners == {StateOwner.of(clinic).headers}
    async with running(clinic) as worker:
        await until(lambda: {reading.model for reading in worker.status.fleet.total_measurements()} == {"triage"})


async def test_one_group_with_other_topics_does_not_show_their_models(cluster: Any) -> None:
    prefix = f"w-{uuid.uuid4().hex[:8]}"
    clinic = make_config(cluster.bootstrap, prefix)
    other = of_group(clinic, prefix, f"{prefix}.b")
    for config in (clinic, other):
        cluster.create_topic(config.topics.events[0], 2)
    await count(clinic, "triage", 6)
    async with running(other) as worker:
        messages = [Message(other.topics.events[0], b"loan", native(f"l-{n}", model="loan")) for n in range(4)]
        await publish(other, messages)
        await until(lambda: sum(worker.tap.committed.values()) == 4)
        await until(lambda: {reading.model for reading in worker.status.fleet.total_measurements()} == {"loan"})
        assert {reading.model for reading in worker.status.merged().total_measurements()} == {"loan"}
