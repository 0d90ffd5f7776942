"""The embedded broker: starts, serves a Kafka client, stops, and leaves nothing behind, whatever kills its owner."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from agent.errors import ConfigError, TransportError
from streams.demo.broker import EmbeddedBroker, find_broker

pytestmark = pytest.mark.layer("embedded")


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(30.0):
        while is_running(pid):
            await asyncio.sleep(0.02)


@pytest.fixture(autouse=True)
def own_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


async def test_produces_and_consumes_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async with EmbeddedBroker() as broker:
        pid = broker.pid
        assert pid is not None
        await broker.create_topics({"inference.events": 3, "harm.verdicts": 1})
        await broker.create_topics({"inference.events": 3})  # again: no error
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers)
        await producer.start()
        try:
            for number in range(300):
                await producer.send("inference.events", b"%d" % number, key=b"model-%d" % (number % 7))
            await producer.flush()
        finally:
            await producer.stop()
        consumer = AIOKafkaConsumer(
            "inference.events",
            bootstrap_servers=broker.bootstrap_servers,
            group_id="test",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        seen: list[bytes] = []
        try:
            async with asyncio.timeout(15.0):
                while len(seen) < 300:
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        seen += [record.value for record in records]
            await consumer.commit()
        finally:
            await consumer.stop()
        assert sorted(map(int, seen)) == list(range(300))
        assert broker.data_dir.is_dir()
        port = int(broker.bootstrap_servers.rsplit(":", 1)[1])
    assert broker.pid is None
    assert not is_running(pid)
    assert list(tmp_path.iterdir()) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


async def test_two_brokers_do_not_disturb_each_other(tmp_path: Path) -> None:
    async with EmbeddedBroker() as one, EmbeddedBroker() as two:
        assert one.bootstrap_servers != two.bootstrap_servers
        assert one.data_dir.is_dir()
        assert two.data_dir.is_dir()
        assert one.data_dir != two.data_dir
    assert list(tmp_path.iterdir()) == []


async def test_keep_leaves_the_data_and_nothing_else() -> None:
    async with EmbeddedBroker(keep=True) as broker:
        pid = broker.pid
    assert pid is not None
    assert not is_running(pid)
    assert broker.data_dir.is_dir()
    async with EmbeddedBroker():
        assert broker.data_dir.is_dir()  # not mistaken for an abandoned one


async def test_an_error_in_the_body_stops_the_broker(tmp_path: Path) -> None:
    pids: list[int | None] = []
    with pytest.raises(RuntimeError, match="the body failed"):
        async with EmbeddedBroker() as broker:
            pids.append(broker.pid)
            raise RuntimeError("the body failed")
    assert pids[0] is not None
    assert not is_running(pids[0])
    assert list(tmp_path.iterdir()) == []


OWNER = """
    import asyncio
    import signal
    from streams.demo.broker import EmbeddedBroker

    # A test run in the background of a script has SIGINT ignored, and its children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    async def main():
        async with EmbeddedBroker() as broker:
            print(broker.pid, broker.data_dir, flush=True)
            await asyncio.sleep(60)

    asyncio.run(main())
"""


def start_owner() -> tuple[subprocess.Popen[str], int, Path]:
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(OWNER)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert owner.stdout is not None
    pid, directory = owner.stdout.readline().split()
    return owner, int(pid), Path(directory)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_the_broker_dies_with_its_owner(kind: signal.Signals) -> None:
    owner, pid, directory = start_owner()
    try:
        assert is_running(pid)
        assert directory.is_dir()
        owner.send_signal(kind)
        owner.wait(10)
        await until_gone(pid)
    finally:
        owner.kill()
        owner.wait()
        assert owner.stdout is not None
        owner.stdout.close()
    # A Ctrl-C unwinds; after a kill the next start cleans up.
    assert directory.exists() == (kind is not signal.SIGINT)
    async with EmbeddedBroker():
        assert not directory.exists()


async def test_a_running_neighbours_data_is_left_alone() -> None:
    owner, pid, directory = start_owner()
    try:
        async with EmbeddedBroker():
            assert directory.is_dir()
            assert is_running(pid)
    finally:
        owner.send_signal(signal.SIGINT)
        owner.wait(10)
        assert owner.stdout is not None
        owner.stdout.close()
    assert not directory.exists()


async def test_a_binary_that_fails_is_said_in_one_line(tmp_path: Path) -> None:
    binary = tmp_path / "broken"
    binary.write_text("#!/bin/sh\necho 'error: no such luck' >&2\nexit 3\n")
    binary.chmod(0o755)
    with pytest.raises(ConfigError, match="no such luck"):
        async with EmbeddedBroker(binary=binary):
            raise AssertionError("it must not start")
    assert list(tmp_path.iterdir()) == [binary]


async def test_a_binary_that_never_answers_runs_out_of_patience(tmp_path: Path) -> None:
    binary = tmp_path / "silent"
    binary.write_text("#!/bin/sh\nexec sleep 60\n")
    binary.chmod(0o755)
    with pytest.raises(TransportError, match="does not answer"):
        async with EmbeddedBroker(binary=binary, patience_seconds=0.3):
            raise AssertionError("it must not start")
    assert list(tmp_path.iterdir()) == [binary]


def test_without_the_package_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.delitem(sys.modules, "noida_db", raising=False)
    with pytest.raises(ConfigError, match=r"pip install 'harmwatch\[demo\]'"):
        find_broker()


def test_the_binary_is_executable() -> None:
    assert os.access(find_broker(), os.X_OK)
