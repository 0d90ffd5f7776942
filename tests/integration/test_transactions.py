"""A producer that uses transactions: their markers take offsets of which nobody is ever handed anything."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from tests.builders import native
from tests.integration.test_worker import make_config, running, until

pytestmark = pytest.mark.layer("kafka")


async def test_a_quiet_partition_that_ends_with_a_marker_is_not_late_though_another_is_busy(kafka: Any) -> None:
    """It grew later by a second each second, and a worker with more to do than usual would have sampled all of it."""
    prefix = f"t-{uuid.uuid4().hex[:8]}"
    config = make_config(
        kafka.bootstrap,
        prefix,
        scorers={"toxicity": {"enabled": False}},
        overload={"lag_budget_seconds": 60.0},
        evidence={"hash_key": "k" * 32},
    )
    topic = config.topics.events[0]
    kafka.create_topic(topic, partitions=2)
    async with running(config) as worker:
        watch = worker.tap.overload
        assert watch is not None

        def taken() -> float:
            return worker.metrics.total("harmwatch_events_total")

        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=prefix)
        plain = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap)
        await asyncio.gather(producer.start(), plain.start())
        try:
            async with producer.transaction():
                await producer.send_and_wait(topic, native("quiet"), partition=0)
            await until(lambda: taken() == 1)
            sent, loop = 1, asyncio.get_running_loop()
            ends_at = loop.time() + 5.0
            while loop.time() < ends_at:
                for _ in range(50 if sent - taken() < 200 else 0):
                    await plain.send(topic, native(f"r-{sent}"), partition=1)
                    sent += 1
                await asyncio.sleep(0.001)
            assert watch.lag_seconds is not None and watch.lag_seconds < 2.5
            await until(lambda: taken() == sent)
            await until(lambda: set(worker.tap.lags.values()) == {0})
        finally:
            await asyncio.gather(producer.stop(), plain.stop())
