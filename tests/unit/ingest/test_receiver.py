"""The whole receiver as the command builds it: TLS, a token of a file, and no Kafka anywhere."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import ssl
from pathlib import Path

import aiohttp
import pytest

from agent.clock import SystemClock
from agent.config import validate
from streams.config import WorkerConfig
from streams.courier.spool import Spool
from streams.ingest.receiver import Receiver
from tests.certificates import Authority
from tests.unit.ingest.rig import until

TOKEN = "a-token-that-is-long-enough"


async def test_over_tls_with_a_token_what_comes_waits_on_the_disk_for_kafka(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    pair = authority.sign("receiver")
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    keys = {
        "port": 0,
        "token_file": tmp_path / "token",
        "tls": {"cert_file": pair.cert, "key_file": pair.key},
        "spool_directory": tmp_path / "spool",
        "kafka_patience_seconds": 0.2,
    }
    config = validate(WorkerConfig, {"kafka": {"bootstrap_servers": "127.0.0.1:1"}, "ingest": keys}, "test")
    receiver = Receiver(config)
    await receiver.start()
    try:
        trusted = ssl.create_default_context(cafile=str(authority.ca))
        url = f"https://localhost:{receiver.server.port}/v1/events"
        body = b'{"id":"1","model":"m","input":{"text":"hello"}}'
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as session:
            async with session.post(url, data=body) as reply:
                assert reply.status == 401
            async with session.post(url, data=body, headers={"Authorization": f"Bearer {TOKEN}"}) as reply:
                assert (reply.status, (await reply.json())["held"]) == (200, "spool")
            with pytest.raises(aiohttp.ClientError):
                await session.post(url.replace("https", "http"), data=body)
    finally:
        await receiver.stop()
    spool = Spool(tmp_path / "spool", 1 << 20, SystemClock())
    batch = spool.peek(10, 1 << 20)
    spool.close()
    assert batch is not None
    (message,) = batch.messages
    assert (message.topic, message.key, message.value) == ("inference.events", b"m", body)


async def test_a_hangup_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    hangups: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda *_: hangups.append(1))  # the default would end this process
    caplog.set_level(logging.INFO)
    keys = {"port": 0, "kafka_patience_seconds": 0.2}
    config = validate(WorkerConfig, {"kafka": {"bootstrap_servers": "127.0.0.1:1"}, "ingest": keys}, "test")
    try:
        receiver = Receiver(config)
        running = asyncio.create_task(receiver.run())
        await until(lambda: "listening port" in caplog.text)
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.1)
        assert not hangups and not running.done()
        os.kill(os.getpid(), signal.SIGTERM)
        await running
    finally:
        signal.signal(signal.SIGHUP, before)
