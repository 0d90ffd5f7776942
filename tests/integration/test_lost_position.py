"""A position that the log does not have any more: retention was faster than the worker, or the log was made anew."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaProducer

from agent.errors import TransportError
from streams.config import KafkaConfig
from streams.demo.broker import EmbeddedBroker
from streams.kafka_source import KafkaSource
from tests.listeners import GoesOnFrom

pytestmark = pytest.mark.layer("embedded")

TOPIC = "inference.events"


@pytest.mark.parametrize("begins", ["earliest", "latest"])
async def test_what_the_log_holds_is_not_passed_over_wherever_the_group_began(begins: str) -> None:
    async with EmbeddedBroker() as broker:
        await broker.create_topics({TOPIC: 1})
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers)
        await producer.start()
        for number in range(5):
            await producer.send_and_wait(TOPIC, b"%d" % number)
        await producer.stop()
        kafka = KafkaConfig(bootstrap_servers=broker.bootstrap_servers, auto_offset_reset=begins)
        source = KafkaSource(kafka, [TOPIC], max_record_bytes=1 << 20)
        await source.start(GoesOnFrom(source, 10_000))
        try:
            # The records are there, and are seen to lie before what had been read.
            with pytest.raises(TransportError, match="goes on before what was read of it"):
                async with asyncio.timeout(30.0):
                    while True:
                        await source.getmany(10, 0.2)
        finally:
            await source.stop()
