"""Before its first start a group is told how much history it would count as today's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.brokers.base import BrokerCluster


def beginning(folder: Path, topic: str, broker: BrokerCluster, reset: str) -> list[Any]:
    file = folder / "harmwatch.yaml"
    kafka = {"bootstrap_servers": broker.bootstrap, "group_id": f"g-{topic}", "auto_offset_reset": reset}
    file.write_text(json.dumps({"kafka": kafka, "topics": {"events": [topic]}, "web": {"port": 0}}))
    command = [sys.executable, "-m", "streams.cli", "doctor", "--config", str(file), "--json"]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    checks = json.loads(done.stdout)["checks"]
    return [(check["outcome"], check["found"]) for check in checks if check["name"] == f"group g-{topic}"]


@pytest.mark.layer("kafka")
async def test_a_new_group_hears_what_its_first_start_would_read(
    kafka: BrokerCluster, topic_name: str, tmp_path: Path
) -> None:
    kafka.create_topic(topic_name, partitions=2)
    assert beginning(tmp_path, topic_name, kafka, "earliest") == [], "there is no history"
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        for number in range(1200):
            await producer.send(topic_name, b"{}", partition=number % 2)
    ((outcome, found),) = beginning(tmp_path, topic_name, kafka, "earliest")
    assert outcome == "warning" and "in 2 of 2 partitions" in found and "the 1,200 records" in found
    assert beginning(tmp_path, topic_name, kafka, "latest") == []
    group = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, group_id=f"g-{topic_name}", enable_auto_commit=False)
    async with group:
        group.assign([TopicPartition(topic_name, 0), TopicPartition(topic_name, 1)])
        await group.commit({TopicPartition(topic_name, 0): 600})
        ((outcome, found),) = beginning(tmp_path, topic_name, kafka, "earliest")
        assert outcome == "warning" and "in 1 of 2 partitions" in found and "the 600 records" in found
        await group.commit({TopicPartition(topic_name, 1): 0})
    assert beginning(tmp_path, topic_name, kafka, "earliest") == [], "it is not new"
