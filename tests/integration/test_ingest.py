"""`harmwatch ingest` before real Kafka: brokers that go away, kill -9, a full disk, and the books after it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.config import validate
from agent.errors import TransportError
from streams.config import WorkerConfig
from streams.formats import Decoder
from streams.kafka_state import KafkaStateReader
from tests.brokers.base import BrokerCluster
from tests.brokers.ports import free_ports
from tests.brokers.processes import BrokerProcess, log_tail

pytestmark = pytest.mark.layer("kafka")

JSON = {"Content-Type": "application/json"}
CLIENTS = 8
PARTITIONS = 3
#: Python with all that is imported, the courier's 4 MiB, bodies, a batch each way: 89 MB were seen.
MOST_RESIDENT = 160 * 1024 * 1024


class Child:
    """`harmwatch ingest` as a process of its own."""

    def __init__(self, cluster: BrokerCluster, directory: Path, **keys: Any) -> None:
        (self.port,) = free_ports(1)
        self.topic = f"in-{uuid.uuid4().hex[:8]}"
        cluster.create_topic(self.topic, PARTITIONS)
        self.config: dict[str, Any] = {
            "kafka": {"bootstrap_servers": cluster.bootstrap},
            "topics": {"events": [self.topic]},
            "log_level": "INFO",
            "ingest": {
                "port": self.port,
                "spool_directory": str(directory / "spool"),
                "kafka_patience_seconds": 2.0,
                "retry_seconds": 1.0,
                "pending_bytes": 4 * 1024 * 1024,
                **keys,
            },
        }
        path = directory / "harmwatch.yaml"
        path.write_text(json.dumps(self.config))
        command = [sys.executable, "-m", "streams.cli", "ingest", "--config", str(path)]
        self.process = BrokerProcess(command, directory / "ingest.log")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.process.start()
        await self.until(lambda status: status in (200, 503), "/readyz")

    async def until(self, holds: Callable[[int], bool], path: str) -> None:
        async with aiohttp.ClientSession() as session, asyncio.timeout(120.0):
            while True:
                self.process.check()
                try:
                    async with session.get(self.url + path) as reply:
                        if holds(reply.status):
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)

    async def metric(self, name: str) -> float:
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/metrics") as reply:
            lines = (await reply.text()).splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))

    async def drained(self) -> None:
        async with asyncio.timeout(180.0):
            while await self.metric("harmwatch_ingest_spool_records") > 0:
                await asyncio.sleep(0.1)

    def resident(self) -> int:
        """Bytes of memory of the process: pdeathsig's guard has become it."""
        fields = Path(f"/proc/{self.process.pid}/statm").read_text().split()
        return int(fields[1]) * resource.getpagesize()

    async def arrived(self) -> Counter[str]:
        """How often each id is in Kafka."""
        config = validate(WorkerConfig, {key: self.config[key] for key in ("kafka", "topics")}, "test")
        reader, decoder = KafkaStateReader(config.kafka), Decoder()
        async with asyncio.timeout(60.0):
            while True:
                # A broker that was frozen is dead to its controller, and for a moment no metadata have a broker.
                with contextlib.suppress(TransportError):
                    records = [record for number in range(PARTITIONS) for record in await reader(self.topic, number)]
                    break
                await asyncio.sleep(0.2)
        return Counter(event.inference_id for record in records for event in decoder.decode(record))


@dataclass
class Load:
    """Eight clients that send one event after another, each until it is acknowledged."""

    child: Child
    size: int = 300
    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    largest: int = 0
    again: bool = True

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        tasks = [asyncio.create_task(self._client(number, stop)) for number in range(CLIENTS)]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    async def until(self, count: int) -> None:
        goal = len(self.acknowledged) + count
        async with asyncio.timeout(180.0):
            while len(self.acknowledged) < goal:
                await asyncio.sleep(0.02)

    async def _client(self, number: int, stop: asyncio.Event) -> None:
        turn = 0
        timeout = aiohttp.ClientTimeout(total=60.0)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while not stop.is_set():
                ident = f"c{number}-{turn}"
                turn += 1
                self.sent.add(ident)
                body = json.dumps({"id": ident, "model": f"m{number % 3}", "input": {"text": "x" * self.size}})
                while not stop.is_set():
                    status = await self._post(session, body)
                    self.statuses[status] += 1
                    if status == 200:
                        self.acknowledged.add(ident)
                    if status == 200 or not self.again:
                        break
                    await asyncio.sleep(0.05)
                self._look()

    async def _post(self, session: aiohttp.ClientSession, body: str) -> int:
        try:
            async with session.post(f"{self.child.url}/v1/events", data=body, headers=JSON) as reply:
                await reply.read()
                return reply.status
        except (aiohttp.ClientError, TimeoutError):
            return 0  # nobody has said anything: it may be there, and must not be counted on

    def _look(self) -> None:
        if self.child.process.pid is not None:
            try:
                self.largest = max(self.largest, self.child.resident())
            except (OSError, IndexError):
                return


def balanced(load: Load, arrived: Counter[str]) -> None:
    """Nothing that was acknowledged is missing, and what is there was sent under that very id."""
    assert load.acknowledged - set(arrived) == set()
    assert set(arrived) - load.sent == set()


@pytest.fixture
def cluster(kafka_cluster: Callable[..., BrokerCluster]) -> BrokerCluster:
    return kafka_cluster()


@pytest.fixture
def child(cluster: BrokerCluster, tmp_path: Path) -> Iterator[Child]:
    made = Child(cluster, tmp_path)
    yield made
    made.process.kill()


@pytest.mark.slow
async def test_nothing_acknowledged_is_lost_while_brokers_and_the_receiver_are_killed(
    cluster: BrokerCluster, child: Child, tmp_path: Path
) -> None:
    load = Load(child)
    await child.start()
    async with load.running():
        await load.until(500)
        cluster.kill_broker(0)
        await load.until(500)  # acknowledged from the disk
        assert await child.metric("harmwatch_ingest_spool_records") > 0
        for _ in range(3):
            child.process.kill()
            await child.start()
            await load.until(100)
        cluster.start_broker(0)
        await load.until(300)
        child.process.kill()  # in the middle of the draining, or just after it
        await child.start()
        await load.until(100)
    await child.drained()
    arrived = await child.arrived()
    balanced(load, arrived)
    assert load.largest < MOST_RESIDENT
    child.process.stop()
    assert "Traceback" not in (tmp_path / "ingest.log").read_text()
    print(f"sent {len(load.sent)}, acknowledged {len(load.acknowledged)}, twice {sum(n > 1 for n in arrived.values())}")


@pytest.mark.slow
async def test_memory_is_bounded_while_a_frozen_broker_says_nothing(cluster: BrokerCluster, tmp_path: Path) -> None:
    """A port that is open and silent is the worst: every attempt takes all the patience there is."""
    child = Child(cluster, tmp_path, spool_max_bytes=8 * 1024 * 1024)
    load = Load(child, size=100_000)
    try:
        await child.start()
        async with load.running():
            await load.until(50)
            cluster.pause_broker(0)
            async with asyncio.timeout(180.0):
                while load.statuses[503] < 100:  # the spool is full as well
                    await asyncio.sleep(0.05)
            assert sum(path.stat().st_size for path in (tmp_path / "spool").iterdir()) < 9 * 1024 * 1024
            cluster.resume_broker(0)
            await load.until(50)
        await child.drained()
        balanced(load, await child.arrived())
        print(f"at most {load.largest / 1e6:.0f} MB resident")
        assert load.largest < MOST_RESIDENT
    finally:
        child.process.kill()


async def test_a_disk_that_takes_no_more_refuses_and_keeps_what_it_has(cluster: BrokerCluster, tmp_path: Path) -> None:
    """The kernel's own refusal, in the middle of a write: no file of this process may be larger than so."""
    child = Child(cluster, tmp_path)
    load = Load(child, size=10_000)
    try:
        await child.start()
        assert child.process.pid is not None
        resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE, (300_000, 300_000))
        cluster.kill_broker(0)
        async with load.running():
            async with asyncio.timeout(180.0):
                # Segments are begun anew after a failed write, so that it goes on, in smaller steps.
                while load.statuses[503] < 20:
                    await asyncio.sleep(0.05)
            child.process.check()
        cluster.start_broker(0)
        await child.drained()
        balanced(load, await child.arrived())
        assert len(load.acknowledged) > 10
    finally:
        child.process.kill()


async def test_sigterm_finishes_and_the_next_process_goes_on(
    cluster: BrokerCluster, child: Child, tmp_path: Path
) -> None:
    load = Load(child)
    await child.start()
    cluster.kill_broker(0)
    async with load.running():
        await load.until(50)
        await asyncio.to_thread(child.process.stop)
    balanced_before = set(load.acknowledged)
    assert "Traceback" not in log_tail(tmp_path / "ingest.log", 100)
    cluster.start_broker(0)
    await child.start()
    await child.drained()
    assert balanced_before - set(await child.arrived()) == set()
