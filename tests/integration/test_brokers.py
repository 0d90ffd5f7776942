"""The brokers of the tests keep their promises; every other integration test stands on these."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from tests.brokers.base import BrokerCluster, BrokerError, LayerAbsent, NotSupported, admin_client, answers
from tests.brokers.embedded import NoidaBroker
from tests.brokers.kafka import KafkaCluster
from tests.brokers.layers import LayerLedger
from tests.brokers.plugin import not_run
from tests.brokers.ports import free_ports
from tests.brokers.select import real_kafka

BOTH = [
    pytest.param("kafka", marks=pytest.mark.layer("kafka")),
    pytest.param("embedded_broker", marks=pytest.mark.layer("embedded")),
]
BOTH_PRIVATE = [
    pytest.param("kafka_cluster", marks=pytest.mark.layer("kafka")),
    pytest.param("embedded_cluster", marks=pytest.mark.layer("embedded")),
]


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> BrokerCluster:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, BrokerCluster)
    return found


@pytest.fixture
def private_broker(request: pytest.FixtureRequest) -> BrokerCluster:
    found = request.getfixturevalue(request.param)()
    assert isinstance(found, BrokerCluster)
    return found


async def produce(bootstrap: str, topic: str, values: list[bytes], acks: str | int = "all") -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks=acks) as producer:
        for sent in [await producer.send(topic, value) for value in values]:
            await sent


async def consume(
    bootstrap: str, topic: str, count: int, group: str | None = None, commit: bool = False
) -> list[bytes]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    values: list[bytes] = []
    async with consumer, asyncio.timeout(30):
        while len(values) < count:
            batches = await consumer.getmany(timeout_ms=200, max_records=count - len(values))
            values += [record.value for batch in batches.values() for record in batch]
        if commit:
            await consumer.commit()
    return values


def texts(first: int, last: int) -> list[bytes]:
    return [b"r-%d" % number for number in range(first, last)]


@pytest.mark.parametrize("broker", BOTH, indirect=True)
async def test_aiokafka_reads_what_it_wrote(broker: BrokerCluster, topic_name: str) -> None:
    broker.create_topic(topic_name, partitions=3)
    await produce(broker.bootstrap, topic_name, texts(0, 50))
    assert sorted(await consume(broker.bootstrap, topic_name, 50, group=topic_name)) == sorted(texts(0, 50))


@pytest.mark.parametrize("broker", BOTH, indirect=True)
def test_kafka_python_reads_what_it_wrote(broker: BrokerCluster, topic_name: str) -> None:
    broker.create_topic(topic_name)
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    try:
        for sent in [producer.send(topic_name, value) for value in texts(0, 20)]:
            sent.get(timeout=10)
    finally:
        producer.close()
    consumer = KafkaConsumer(
        topic_name, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=10_000
    )
    try:
        assert [next(consumer).value for _ in range(20)] == texts(0, 20)
    finally:
        consumer.close()


@pytest.mark.parametrize("broker", BOTH, indirect=True)
def test_topics_are_made_and_removed_but_not_by_themselves(broker: BrokerCluster, topic_name: str) -> None:
    broker.create_topic(topic_name, partitions=2, config={"cleanup.policy": "compact"})
    with admin_client(broker.bootstrap) as client:
        (described,) = client.describe_topics([topic_name])
        assert len(described["partitions"]) == 2
    with pytest.raises(KafkaError):
        broker.create_topic(topic_name)
    broker.delete_topic(topic_name)
    with admin_client(broker.bootstrap) as client:
        assert topic_name not in client.list_topics()


def test_real_kafka_does_not_create_topics_by_itself(
    kafka_cluster: Callable[..., BrokerCluster], topic_name: str
) -> None:
    # One that we start: a cluster that HARMWATCH_KAFKA names has a configuration of its own.
    producer = KafkaProducer(bootstrap_servers=kafka_cluster().bootstrap, max_block_ms=1000)
    try:
        with pytest.raises(KafkaError):
            producer.send(topic_name, b"x").get(timeout=5)
    finally:
        producer.close(timeout=1)


async def test_records_and_committed_offsets_survive_kill_9(
    kafka_cluster: Callable[[], BrokerCluster], topic_name: str
) -> None:
    broker = kafka_cluster()
    address = broker.bootstrap
    broker.create_topic(topic_name)
    await produce(address, topic_name, texts(0, 30))
    assert await consume(address, topic_name, 10, group="g", commit=True) == texts(0, 10)

    broker.kill_broker(0)
    assert not answers(address)
    broker.start_broker(0)

    assert broker.bootstrap == address
    assert await consume(address, topic_name, 20, group="g") == texts(10, 30)
    await produce(address, topic_name, texts(30, 35))
    assert await consume(address, topic_name, 35) == texts(0, 35)


@pytest.mark.parametrize("private_broker", BOTH_PRIVATE, indirect=True)
async def test_an_orderly_stop_and_start_keep_the_data(private_broker: BrokerCluster, topic_name: str) -> None:
    broker = private_broker
    broker.create_topic(topic_name)
    await produce(broker.bootstrap, topic_name, texts(0, 30))
    assert await consume(broker.bootstrap, topic_name, 10, group="g", commit=True) == texts(0, 10)
    broker.stop_broker(0)
    broker.start_broker(0)
    assert await consume(broker.bootstrap, topic_name, 20, group="g") == texts(10, 30)


@pytest.mark.parametrize("private_broker", BOTH_PRIVATE, indirect=True)
async def test_a_paused_broker_answers_nothing_until_it_is_resumed(
    private_broker: BrokerCluster, topic_name: str
) -> None:
    private_broker.create_topic(topic_name)
    async with AIOKafkaProducer(bootstrap_servers=private_broker.bootstrap, acks=1) as producer:
        await producer.send_and_wait(topic_name, b"before")
        private_broker.pause_broker(0)
        pending = await producer.send(topic_name, b"meanwhile")
        assert not answers(private_broker.bootstrap, timeout_seconds=0.3)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(pending), 1.0)
        private_broker.resume_broker(0)
        await asyncio.wait_for(pending, 20)
    assert await consume(private_broker.bootstrap, topic_name, 2) == [b"before", b"meanwhile"]


async def test_three_brokers_lose_no_acknowledged_record_when_one_is_killed(
    kafka_cluster: Callable[..., BrokerCluster], topic_name: str
) -> None:
    cluster = kafka_cluster(brokers=3)
    cluster.create_topic(topic_name, partitions=1, replication=3)
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, acks="all", request_timeout_ms=40_000) as producer:
        for value in texts(0, 20):
            await producer.send_and_wait(topic_name, value)
        with admin_client(cluster.bootstrap) as client:
            (described,) = client.describe_topics([topic_name])
        leader = described["partitions"][0]["leader_id"]
        cluster.kill_broker(leader)
        async with asyncio.timeout(60):
            for value in texts(20, 40):
                await producer.send_and_wait(topic_name, value)
    # Idempotence is off in this producer, so a retry may double a record; none may be missing.
    survivors = await consume(cluster.bootstrap, topic_name, 40, group="g", commit=True)
    assert set(texts(0, 40)) <= set(survivors)

    cluster.start_broker(leader)
    consumer = AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap, group_id="g", enable_auto_commit=False)
    async with consumer:
        assert await consumer.committed(TopicPartition(topic_name, 0)) == len(survivors)


@pytest.mark.layer("embedded")
def test_no_broker_outlives_a_test_run_that_is_killed(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    if shutil.which("setpriv") is None:
        not_run(pytestconfig, "embedded", "the kernel's parent-death signal needs setpriv")
    script = (
        "import threading\n"
        "from tests.brokers.embedded import NoidaBroker\n"
        "broker = NoidaBroker()\n"
        # In a thread that ends: the parent-death signal must not fire then.
        "starter = threading.Thread(target=broker.start); starter.start(); starter.join()\n"
        "print(broker.pid(), flush=True)\n"
        "threading.Event().wait()\n"
    )
    root = Path(__file__).parents[2]
    environment = os.environ | {"TMPDIR": str(tmp_path)}  # what the killed run leaves behind
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=root, env=environment, text=True
    ) as run:
        try:
            assert run.stdout is not None
            pid = int(run.stdout.readline())
            os.kill(pid, 0)
        finally:
            run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while _runs(pid):
        assert time.monotonic() < deadline, "the broker outlived its parent"
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.layer("embedded")
def test_an_admin_client_that_is_refused_by_one_broker_leaves_no_socket() -> None:
    (closed,) = free_ports(1)
    with NoidaBroker() as broker:
        before = _open_sockets()
        # Which one it asks first is left to chance.
        for _ in range(8):
            with admin_client(f"127.0.0.1:{closed},{broker.bootstrap}") as client:
                client.list_topics()
        assert _open_sockets() <= before


def _open_sockets() -> set[int]:
    return {id(found) for found in gc.get_objects() if isinstance(found, socket.socket) and found.fileno() != -1}


@pytest.mark.layer("embedded")
def test_a_port_that_is_taken_is_said() -> None:
    first = NoidaBroker()
    with first:
        second = NoidaBroker()
        second._port = first._port
        with pytest.raises(BrokerError, match="another broker listens"):
            second.__enter__()
        assert second._folder is None


@pytest.mark.layer("java")
def test_a_real_broker_that_does_not_start_shows_its_log() -> None:
    with pytest.raises(BrokerError, match="Invalid value nonsense"):
        KafkaCluster(config={"log.retention.ms": "nonsense"}).__enter__()


def test_a_cluster_that_is_not_ours_is_never_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARMWATCH_KAFKA", "127.0.0.1:1")
    (way, *_) = real_kafka()
    cluster = way.factory(1)
    assert cluster.bootstrap == "127.0.0.1:1"
    assert not cluster.can_break
    for act in (cluster.stop_broker, cluster.kill_broker, cluster.pause_broker, cluster.resume_broker):
        with pytest.raises(NotSupported):
            act(0)


def test_the_ledger_tells_absent_from_unused_and_required() -> None:
    def nowhere() -> str:
        raise LayerAbsent("not on this machine")

    ledger = LayerLedger(required=frozenset({"nowhere"}), probes={"nowhere": nowhere, "here": lambda: "version 1"})
    assert ledger.lines() == [f"{name:<12} no test selected that needs it" for name in ("nowhere", "here")]
    assert ledger.absence("nowhere") == "not on this machine"
    ledger.count(["nowhere"], "setup", "skipped", "not on this machine")
    assert ledger.missing_required() == {"nowhere": "not on this machine"}
    assert ledger.absence("here") is None
    ledger.count(["here"], "setup", "passed")
    ledger.count(["here"], "call", "passed")
    assert ledger.lines() == [
        "nowhere      MISSING though required, 1 tests not run: not on this machine",
        "here         ran 1 tests (version 1)",
    ]


def test_a_cluster_has_at_least_one_broker() -> None:
    with pytest.raises(ValueError, match="at least one"):
        KafkaCluster(0)
    with pytest.raises(NotSupported):
        NoidaBroker(3)
