"""A spool that another process has: that of a proxy that was killed, which still brings it to Kafka, or hangs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from agent.clock import SystemClock
from agent.errors import InUse, Overloaded
from streams.config import WorkerConfig
from streams.courier.courier import CourierState
from streams.courier.spool import Spool, SpoolState
from streams.proxy import kafka_sink, tap_process
from streams.proxy.counts import Counts
from streams.proxy.kafka_sink import CourierTapSink
from streams.proxy.messages import encode
from streams.proxy.settings import proxy_config
from streams.proxy.tap_process import TapProcess
from tests.unit.proxy.test_events import captured
from tests.unit.proxy.test_kafka_sink import TOPIC, message

NOWHERE = "127.0.0.1:9"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_sink, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(tap_process, "_ATTEMPT_SECONDS", 0.01)


def configured(spool: Path, web_port: int = 0, stop_seconds: float = 15.0) -> WorkerConfig:
    options: dict[str, object] = {
        "proxy.upstream": "http://127.0.0.1:1", "proxy.tap.sink": "kafka", "kafka.bootstrap_servers": NOWHERE,
        "proxy.tap.spool_directory": str(spool), "proxy.tap.kafka_patience_seconds": 0.2, "web.port": web_port,
        "proxy.tap.stop_seconds": stop_seconds,
    }  # fmt: skip
    return proxy_config(b"", "test", options)


def earlier(spool: Path) -> Spool:
    return Spool(spool, 1 << 20, SystemClock())


async def test_it_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    held = earlier(tmp_path / "spool")
    sink = CourierTapSink(configured(tmp_path / "spool"), TOPIC, SystemClock())
    assert "another process uses" in caplog.text
    assert sink.kept == (0, 0)
    state = sink.state()
    assert not state.accepting and state.spool is None and "another process uses" in state.problem
    with pytest.raises(Overloaded, match="another process uses"):
        await sink.deliver([message(1)])
    starting = asyncio.create_task(sink.start())
    await asyncio.sleep(0.1)
    assert not starting.done()
    held.append([message(0)])
    held.close()
    async with asyncio.timeout(30.0):
        await starting
    assert not sink.waits_for
    assert await sink.deliver([message(1)]) == 1
    spooled = sink.state().spool
    assert spooled is not None and spooled.records == 2
    await sink.stop()


async def test_one_that_is_stopped_while_it_waits_ends(tmp_path: Path) -> None:
    held = earlier(tmp_path / "spool")
    sink = CourierTapSink(configured(tmp_path / "spool"), TOPIC, SystemClock())
    await sink.stop()
    held.close()


class Running(NamedTuple):
    """The process's parts in this one, and the data plane's end of its socket."""

    process: TapProcess
    life: asyncio.Task[None]
    says: asyncio.StreamWriter

    def hand(self, *words: msgspec.Struct) -> None:
        for word in words:
            self.says.write(encode(msgspec.msgpack.Encoder(), word))


@contextlib.asynccontextmanager
async def running(config: WorkerConfig) -> AsyncIterator[Running]:
    ours, theirs = socket.socketpair()
    _, says = await asyncio.open_connection(sock=ours)
    reader, writer = await asyncio.open_connection(sock=theirs)
    process = TapProcess(config, SystemClock())
    await process.open_web()
    life = asyncio.create_task(process.run(reader, writer))
    try:
        yield Running(process, life, says)
    finally:
        says.close()
        writer.close()
        async with asyncio.timeout(60.0):
            await life


async def until_listened(port: int) -> None:
    async with asyncio.timeout(30.0):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.01)


async def test_copies_wait_for_it_and_the_web_port_tells_why(tmp_path: Path) -> None:
    held = earlier(tmp_path / "spool")
    async with running(configured(tmp_path / "spool")) as now:
        now.hand(captured(), captured())
        async with asyncio.timeout(30.0):
            while not now.process.custody.queued_bytes:
                await asyncio.sleep(0.01)
        health = now.process.health()
        assert not health.alive and "another process uses" in health.reason
        assert now.process.liveness().alive and now.process.readiness().ready  # requests pass
        now.process.freeze_metrics()
        held.close()
        async with asyncio.timeout(30.0):
            while now.process.custody.settled < 2:
                await asyncio.sleep(0.01)
        assert now.process.custody.dropped.total() == 0 and now.process.health().alive
        now.hand(Counts(draining=True))


async def test_who_has_the_spool_may_have_the_web_port_as_well(tmp_path: Path) -> None:
    held = earlier(tmp_path / "spool")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        async with running(configured(tmp_path / "spool", port)) as now:
            await asyncio.sleep(0.1)
            other.close()
            held.close()
            await until_listened(port)
            now.hand(Counts(draining=True))


async def test_a_port_in_use_is_an_error_when_the_spool_is_free(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        process = TapProcess(configured(tmp_path / "spool", other.getsockname()[1]), SystemClock())
        with pytest.raises(InUse, match="web: cannot listen"):
            await process.open_web()
        await process.sink.stop()


@pytest.mark.parametrize("announced", [False, True])
async def test_a_killed_data_planes_tap_gives_its_web_port_away_at_once(
    tmp_path: Path, announced: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    held = earlier(tmp_path / "spool")  # so that it has to wait for the end of `stop_seconds` with what it was handed
    async with running(configured(tmp_path / "spool", stop_seconds=1.0)) as now:
        port = now.process.web.port
        now.hand(captured(), Counts(draining=announced))
        now.says.write_eof()
        await asyncio.sleep(0.5)
        assert not now.life.done()
        if announced:
            await until_listened(port)
        else:
            with pytest.raises(OSError, match="Connect call failed"):
                await asyncio.open_connection("127.0.0.1", port)
    assert now.process.custody.dropped["sink_full"] == 1
    held.close()


async def test_what_a_spool_puts_aside_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured(tmp_path / "spool")
    async with running(config) as now:
        state = CourierState(True, "", True, 0, SpoolState(0, 500, None, 0, damaged_segments=2, set_aside_records=3))
        monkeypatch.setattr(CourierTapSink, "state", lambda _: state)
        lines = now.process.freeze_metrics().text(openmetrics=False).splitlines()
        assert 'harmwatch_proxy_spool_damaged_total{kind="segment"} 2.0' in lines
        assert 'harmwatch_proxy_spool_damaged_total{kind="record"} 3.0' in lines
        now.hand(Counts(draining=True))
