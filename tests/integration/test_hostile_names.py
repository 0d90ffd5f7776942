"""A worker under a flood of names: they end in `other`, nothing is lost, and whoever scrapes badly holds nobody up."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from streams.ports import Message
from streams.worker import Worker
from tests.hostile import hostile_values, real_values
from tests.integration.test_worker import get, make_config, publish, running, until

NAMES = 5_000
BUDGET = 3_000
MODELS = 40


@asynccontextmanager
async def flooded(cluster: Any, values: Iterable[bytes]) -> AsyncIterator[tuple[Worker, Any, int]]:
    """A worker that has taken all of the values, its configuration, and how many they were."""
    prefix = f"w-{uuid.uuid4().hex[:8]}"
    quick = {"toxicity": {"kind": "ngrams"}, "groundedness": {"enabled": False}}
    over: dict[str, Any] = {"metrics": {"max_series": BUDGET, "max_models": MODELS}, "windows": {"max_models": MODELS}}
    config = make_config(cluster.bootstrap, prefix, scorers=quick, **over)
    topic = config.topics.events[0]
    cluster.create_topic(topic, 2)
    # One partition: who comes first has a place, and between partitions no order holds.
    messages = [Message(topic, None, value, partition=0) for value in values]
    async with running(config) as worker:
        await publish(config, messages)
        await until(lambda: sum(worker.tap.committed.values()) == len(messages), seconds=240.0)
        yield worker, config, len(messages)


@pytest.mark.slow
@pytest.mark.layer("embedded")
async def test_thousands_of_names_end_in_other_and_nothing_is_lost(embedded_broker: Any) -> None:
    values = [*real_values(10, 20), *hostile_values(0, NAMES)]
    async with flooded(embedded_broker, values) as (worker, _, sent):
        text = worker.metrics.freeze().text(openmetrics=True)
        assert (await get(worker, "/metrics")).startswith("# HELP harmwatch_events_total ")
        windows = worker.pipeline.windows.total_measurements()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def rows(name: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for sample in samples:
            if sample.name == name:
                found[sample.labels["model"]] = found.get(sample.labels["model"], 0.0) + sample.value
        return found

    events = rows("harmwatch_events_total")
    assert sum(events.values()) == sent
    assert events["other"] >= NAMES - (MODELS - 10)  # a name with a place may find the series spent
    assert {events[f"model-{number:03d}"] for number in range(10)} == {20.0}
    assert sum(rows("harmwatch_answers_total").values()) + sum(rows("harmwatch_decisions_total").values()) >= sent
    assert len(samples) <= BUDGET
    assert len({sample.labels.get("model") for sample in samples}) <= MODELS + 2  # `other`, and metrics without a model
    assert all(len(value) <= 120 for sample in samples for value in sample.labels.values())
    # The windows as well: they bound models by themselves.
    assert len(windows) <= MODELS + 1
    assert sum(reading.results["harm"].events for reading in windows) == sent
    assert {f"model-{number:03d}" for number in range(10)} <= {reading.model for reading in windows}


@pytest.mark.slow
@pytest.mark.layer("embedded")
async def test_whoever_scrapes_badly_holds_up_neither_events_nor_others(embedded_broker: Any) -> None:
    request = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/openmetrics-text\r\n\r\n"
    names = hostile_values(0, 10_000)
    async with flooded(embedded_broker, islice(names, 500)) as (worker, config, sent):
        slow = [await asyncio.open_connection("127.0.0.1", worker.web.port, limit=1) for _ in range(40)]
        for _, writer in slow:
            writer.write(request)
        crowd = [asyncio.create_task(_ask(worker.web.port, request)) for _ in range(200)]
        topic = config.topics.events[0]
        more = [Message(topic, None, value, partition=0) for value in islice(names, 500)]
        await publish(config, more)
        await until(lambda: sum(worker.tap.committed.values()) == sent + len(more), seconds=120.0)
        answers = await asyncio.gather(*crowd)
        whole = [answer for answer in answers if answer.endswith(b"# EOF\n")]
        # Those beyond a hundred connections are closed at once; whoever is not gets all of it.
        assert len(whole) >= 60
        assert all(answer == b"" or answer.endswith(b"# EOF\n") for answer in answers)
        assert (await get(worker, "/metrics")).startswith("# HELP")
        for _, writer in slow:
            writer.transport.abort()


async def _ask(port: int, request: bytes) -> bytes:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answer = await reader.read()
        writer.close()
        return answer
    except ConnectionError:
        return b""
