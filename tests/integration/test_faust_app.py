"""The application beside the tap, on the embedded broker and on real Kafka."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from streams.faust_app import build_app
from streams.ports import Message
from streams.worker import Worker
from tests.integration.test_unreadable_records import send
from tests.integration.test_worker import BROKERS, make_config, publish, until


@pytest.fixture(params=BROKERS)
def cluster(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


async def test_an_application_that_is_stopped_while_it_joins_its_group_closes_what_it_opened(
    cluster: Any, tmp_path: Path
) -> None:
    """Connections left behind fail it when they are collected: see `pytest_runtest_teardown` in the brokers' plugin."""
    config = make_config(cluster.bootstrap, f"side-{uuid.uuid4().hex[:8]}")
    cluster.create_topic(config.topics.panes, 1)
    app = build_app(config, Worker.build(config).status, str(tmp_path))
    await app.start()
    await until(lambda: app.consumer.assignment())
    # What Faust does with an assignment that comes after it was told to stop.
    app.consumer.close()
    await app.stop()


async def test_a_pane_that_cannot_be_read_does_not_hide_those_behind_it(cluster: Any, tmp_path: Path) -> None:
    config = make_config(cluster.bootstrap, f"side-{uuid.uuid4().hex[:8]}")
    topic = config.topics.panes
    cluster.create_topic(topic, 2)
    status = Worker.build(config).status
    taken: list[bytes] = []
    status.take_pane = lambda value, headers=(): taken.append(value)  # type: ignore[method-assign]
    app = build_app(config, status, str(tmp_path))
    await app.start()
    try:
        await until(lambda: app.consumer.assignment())
        await send(cluster.bootstrap, 0, [b"a", b"b", b"c"], damaged=[1], topic=topic)
        await publish(config, [Message(topic, b"k", value, (), number) for number, value in enumerate((b"d", b"e"))])
        await until(lambda: {b"a", b"d", b"e"} <= set(taken))
    finally:
        await app.stop()
    assert b"b" not in taken
