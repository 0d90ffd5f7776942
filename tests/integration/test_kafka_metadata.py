"""What is asked of a topic concerns that topic alone, on the embedded broker and on real Kafka."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.client import AIOKafkaClient

from streams.config import KafkaConfig
from streams.kafka_metadata import ask_any_broker, topic_is_there
from streams.kafka_state import KafkaStateReader
from tests.integration.test_worker import BROKERS


@pytest.fixture(params=BROKERS)
def cluster(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture
def nothing_asks_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    # What a cluster of 20,000 partitions answers takes a fifth of a second to read, for each partition taken over.
    real = AIOKafkaClient._metadata_update

    async def update(self: AIOKafkaClient, metadata: Any, topics: Any) -> Any:
        assert topics, "the metadata of every topic"
        return await real(self, metadata, topics)

    monkeypatch.setattr(AIOKafkaClient, "_metadata_update", update)


@pytest.mark.usefixtures("nothing_asks_for_all")
async def test_a_topic_is_asked_for_by_its_name_and_not_created(cluster: Any) -> None:
    name = f"m-{uuid.uuid4().hex[:8]}"
    cluster.create_topic(f"{name}.other", 2)
    async with AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap) as consumer:
        for _ in range(2):
            assert not await topic_is_there(consumer._client, name)
        cluster.create_topic(name, 2)
        assert await topic_is_there(consumer._client, name)
        await ask_any_broker(consumer._client)


@pytest.mark.usefixtures("nothing_asks_for_all")
async def test_states_are_read_without_the_metadata_of_the_whole_cluster(cluster: Any) -> None:
    name = f"m-{uuid.uuid4().hex[:8]}"
    read = KafkaStateReader(KafkaConfig(bootstrap_servers=cluster.bootstrap))
    assert list(await read(name, 0)) == []
    cluster.create_topic(name, 2)
    assert list(await read(name, 1)) == []
    assert list(await read(name, 2)) == []
