"""A worker's start: models warm up while the broker is asked, and what goes wrong with either ends both."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from agent.errors import ConfigError, TransportError
from streams import worker as module
from streams.worker import Worker
from tests.unit.streams.test_reloading_worker import Bench


async def nothing(*_: Any) -> None:
    return None


async def topics(*_: Any) -> Any:
    return SimpleNamespace(events={"inference.events": 1}, panes=7)


async def no_broker(*_: Any) -> Any:
    raise TransportError("nobody answers")


@pytest.fixture
def worker(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Worker:
    monkeypatch.setattr(module, "ensure_topics", topics)
    monkeypatch.setattr(module, "refuse_foreign_state", nothing)
    return Bench(tmp_path).worker


async def test_a_broker_has_answered_before_models_are_warm(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    warm, answered = threading.Event(), asyncio.Event()
    monkeypatch.setattr(worker.pipeline, "warm_up", warm.wait)
    monkeypatch.setattr(type(worker.contact), "answered", lambda _contact: answered.set())
    async with asyncio.timeout(10.0):
        starting = asyncio.create_task(worker._ready())
        await answered.wait()
        assert not worker.status.warm
        assert not starting.done()
        warm.set()
        assert await starting == 7
    assert worker.status.warm


async def test_a_model_that_cannot_be_loaded_is_told_though_no_broker_answers(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ConfigError("no such model")

    monkeypatch.setattr(module, "ensure_topics", no_broker)
    monkeypatch.setattr(worker.pipeline, "warm_up", broken)
    async with asyncio.timeout(10.0):
        with pytest.raises(ConfigError, match="no such model"):
            await worker._ready()
    assert not worker.status.warm


async def test_topics_that_are_wrong_are_told_while_models_warm_up(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wrong(*_: Any) -> Any:
        raise ConfigError("topics.panes is not compacted")

    warm = threading.Event()
    monkeypatch.setattr(module, "ensure_topics", wrong)
    monkeypatch.setattr(worker.pipeline, "warm_up", warm.wait)
    try:
        async with asyncio.timeout(10.0):
            with pytest.raises(ConfigError, match="compacted"):
                await worker._ready()
    finally:
        warm.set()
