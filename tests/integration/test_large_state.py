"""A pane topic that an operator made with less room than the state needs, on the embedded broker and on real Kafka."""

from __future__ import annotations

import random
import uuid
from typing import Any

import pytest

from agent.clock import ManualClock, SystemClock
from agent.errors import MessageTooLarge
from agent.pipeline.build import build_windows
from agent.windows.codec import decode
from streams.kafka_sink import KafkaSink
from streams.kafka_state import KafkaStateReader
from streams.ports import Message
from streams.topics import admin_client, largest_message
from streams.worker import Worker
from tests.builders import native
from tests.integration.test_worker import BROKERS, make_config, running, until

EVENTS = 200
LIMIT = 8192


@pytest.fixture(params=BROKERS)
def cluster(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


async def publish(config: Any, messages: list[Message]) -> None:
    sink = KafkaSink(config.kafka, patience_seconds=20.0, max_message_bytes=1 << 20, clock=SystemClock())
    await sink.start()
    try:
        for message in messages:
            sink.send(message)
        await sink.flush()
    finally:
        await sink.stop()


def events(topic: str, start: int) -> list[Message]:
    draw = random.Random(start)
    return [
        Message(
            topic,
            b"loan",
            native(
                f"l-{n}",
                text=None,
                answer=None,
                model="loan",
                time=f"2023-11-14T22:{n % 60:02}:20Z",
                input={"features": {f"f{place}": draw.lognormvariate(8.0, 2.0) for place in range(30)}},
                output={"decision": "approved" if n % 3 else "denied"},
                attributes={"gender": "f" if n % 2 else "m"},
            ),
            partition=0,
        )
        for n in range(start, start + EVENTS)
    ]


async def totals(config: Any) -> dict[str, Any]:
    """From the pane topic alone, as a worker that takes the partition over has them."""
    engine = build_windows(config, ManualClock(1_700_100_000.0))
    for record in await KafkaStateReader(config.kafka)(config.topics.panes, 0):
        if record.value is not None:
            assert decode(record.value)
            engine.absorb(record.value)
    return engine.totals("loan")


def decided(state: Any) -> float:
    """Decisions by group; of each class the weight, and its squares beside it."""
    return sum(sum(numbers[:12:2]) for numbers in state["gender"].values())


async def test_state_too_large_for_its_topic_is_cut_and_no_event_is_lost(cluster: Any) -> None:
    prefix = f"cut-{uuid.uuid4().hex[:8]}"
    drift = {"enabled": True, "attributes": ["gender"]}
    config = make_config(cluster.bootstrap, prefix, drift=drift)
    cluster.create_topic(config.topics.events[0], 1)
    cluster.create_topic(config.topics.panes, 1, config={"cleanup.policy": "compact", "max.message.bytes": str(LIMIT)})
    refuses = await _refuses(cluster, config)
    async with running(config) as worker:
        await publish(config, events(config.topics.events[0], 0))
        await until(lambda: sum(worker.tap.committed.values()) == EVENTS)
        held = worker.pipeline.windows.totals("loan")
        left_out = worker.metrics.rows("harmwatch_window_state_left_out_total")
    assert decided(held["bias"]) == EVENTS
    assert held["drift"]
    again = await totals(config)
    assert decided(again["bias"]) == EVENTS
    if refuses:
        assert left_out[("drift_groups",)] >= left_out[("drift",)] >= 1
        assert again["drift"] == {}
    else:
        assert not left_out
        assert again == held


async def _refuses(cluster: Any, config: Any) -> bool:
    """The embedded broker takes messages of any size."""
    topic = f"{config.kafka.group_id}.probe-{uuid.uuid4().hex[:4]}"
    cluster.create_topic(topic, 1, config={"max.message.bytes": str(LIMIT)})
    try:
        await publish(config, [Message(topic, None, bytes(2 * LIMIT))])
    except MessageTooLarge:
        return True
    return False


async def test_where_not_even_the_rest_fits_the_worker_ends_and_names_the_setting(kafka: Any) -> None:
    prefix = f"tiny-{uuid.uuid4().hex[:8]}"
    config = make_config(kafka.bootstrap, prefix)
    kafka.create_topic(config.topics.events[0], 1)
    kafka.create_topic(config.topics.panes, 1, config={"cleanup.policy": "compact", "max.message.bytes": "300"})
    await publish(config, events(config.topics.events[0], 0))
    with pytest.raises(MessageTooLarge, match=rf"{prefix}\.panes .* max\.message\.bytes"):
        await Worker.build(config).run()


async def test_messages_that_fit_one_by_one_are_written_where_a_batch_of_them_does_not(kafka: Any) -> None:
    prefix = f"batch-{uuid.uuid4().hex[:8]}"
    config = make_config(kafka.bootstrap, prefix)
    topic = f"{prefix}.small"
    kafka.create_topic(topic, 1, config={"max.message.bytes": "2000"})
    sent = [Message(topic, None, bytes([n]) * 1000) for n in range(10)]
    await publish(config, sent)
    records = await KafkaStateReader(config.kafka)(topic, 0)
    assert [record.value for record in records] == [message.value for message in sent]
    with pytest.raises(MessageTooLarge, match="5000 bytes"):
        await publish(config, [Message(topic, None, bytes(5000)), *sent])


def test_the_broker_tells_how_large_a_message_may_be(cluster: Any) -> None:
    prefix = f"room-{uuid.uuid4().hex[:8]}"
    config = make_config(cluster.bootstrap, prefix)
    cluster.create_topic(config.topics.panes, 1, config={"max.message.bytes": str(LIMIT)})
    cluster.create_topic(config.topics.events[0], 1)
    admin = admin_client(config.kafka)
    try:
        assert largest_message(admin, config.topics.panes) == LIMIT
        # The topic has none of its own: the broker's holds, where it says so.
        assert largest_message(admin, config.topics.events[0]) in (1_048_588, None)
        assert largest_message(admin, "nowhere") is None
    finally:
        admin.close()
