"""Whoever is cancelled while a broker keeps it waiting leaves no producer behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agent.clock import SystemClock
from streams.audit import AuditLog
from streams.bench.end_to_end import _publish
from streams.commands.replay import _replay
from streams.config import KafkaConfig
from streams.demo.publish import Published, publish_laps
from streams.kafka_sink import KafkaSink
from tests.unit.streams.test_audit import change

CLOCK = SystemClock()


def publish(kafka: KafkaConfig, _file: Path) -> Awaitable[Any]:
    return publish_laps(kafka, "t", Published(1), events=10, seconds=1.0, forever=False, clock=CLOCK)


def replay(kafka: KafkaConfig, file: Path) -> Awaitable[Any]:
    return _replay(file, "t", None, kafka)


def bench(kafka: KafkaConfig, _file: Path) -> Awaitable[Any]:
    return _publish(kafka, "t", [b"{}"], CLOCK)


def audit(kafka: KafkaConfig, _file: Path) -> Awaitable[Any]:
    log = AuditLog(lambda: KafkaSink(kafka, patience_seconds=1.0, max_message_bytes=1 << 20, clock=CLOCK), "t")
    log.note(change())
    return log.deliver()


@pytest.mark.filterwarnings("ignore:Unclosed AIOKafkaProducer:ResourceWarning")  # told by the loop as well
@pytest.mark.parametrize("start", [publish, replay, bench, audit])
async def test_a_start_that_is_cancelled_leaves_no_producer(
    start: Callable[[KafkaConfig, Path], Awaitable[Any]], tmp_path: Path
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"{}\n")
    asked, over = asyncio.Event(), asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await over.wait()
        writer.close()

    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context["message"]))
    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server, asyncio.timeout(10.0):
        port = server.sockets[0].getsockname()[1]
        starting = asyncio.ensure_future(start(KafkaConfig(bootstrap_servers=f"127.0.0.1:{port}"), file))
        await asked.wait()
        starting.cancel()
        await asyncio.wait([starting])
        cancelled = starting.cancelled()
        del starting
        over.set()
        gc.collect()
    assert cancelled
    assert complaints == []
