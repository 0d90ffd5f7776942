"""A broker that does not answer: the lag is not known then, and the worker is neither ready nor well."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pytest

from agent.clock import ManualClock, SystemClock
from agent.errors import TransportError
from agent.metrics import Metrics, new_registry
from streams.checkpoint import Checkpointer
from streams.contact import SILENT_SECONDS, BrokerContact
from streams.lag import LagWatch
from streams.memory import MemoryBroker, MemorySink, MemorySource
from streams.ports import Partition
from streams.status import Status
from streams.watchdog import Watchdog
from tests.builders import native
from tests.unit.streams.rig import TOPICS, Rig, make_broker, make_config, until

P0, P1 = Partition("inference.events", 0), Partition("inference.events", 1)
STALL = 60.0
LAG, PROGRESS = "harmwatch_consumer_lag", "harmwatch_partition_progress_timestamp_seconds"


class Rebalanced(MemorySource):
    """Some partitions have just been taken away, and who listens does not know yet."""

    def __init__(self, broker: MemoryBroker) -> None:
        super().__init__(broker, ("inference.events",))
        self.lost: set[Partition] = set()
        self.positions: dict[Partition, int] = {}
        self.questions = 0

    async def end_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        self.questions += 1
        return await super().end_offsets(partitions)

    async def position(self, partition: Partition) -> int:
        if partition in self.lost:
            raise TransportError("the position cannot be read (IllegalStateError)")
        return self.positions.get(partition, 0)


class Looking:
    """A watch over the lag of two partitions, without its loop, on a clock that the test moves."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.clock = ManualClock()
        self.broker = broker
        rig = Rig(broker, make_config(tap={"stall_seconds": STALL}))
        self.metrics = Metrics(new_registry(), clock=self.clock)
        self.contact = BrokerContact(self.clock, self.metrics)
        self.watchdog = Watchdog(self.clock, STALL)
        source = self.source = Rebalanced(broker)
        windows = rig.pipeline.windows
        self.checkpoints = Checkpointer(
            rig.config, source, MemorySink(broker), windows, None, self.metrics, self.watchdog, self.contact, self.clock
        )
        self.lag = LagWatch(source, self.checkpoints, P0, self.contact, self.watchdog, self.metrics, self.clock)
        self.status = Status(rig.config, rig.pipeline, rig.tap, self.watchdog, self.contact, self.metrics, self.clock)

    async def look(self, untaken: Collection[Partition] = ()) -> None:
        await self.lag.look(lambda partition: partition not in untaken)

    async def pass_time(self, seconds: float) -> None:
        """A look every second, as the loop has it."""
        for _ in range(int(seconds)):
            self.clock.advance(1.0)
            await self.look()


@pytest.fixture
def looking() -> Looking:
    return Looking(make_broker())


async def test_no_lag_is_shown_while_none_is_known(looking: Looking) -> None:
    for partition in (P0, P1):
        looking.checkpoints.open(partition, 0)
    await looking.look()
    assert looking.metrics.rows(LAG) == {("inference.events", "0"): 0.0, ("inference.events", "1"): 0.0}
    assert looking.lag.lags == {P0: 0, P1: 0}
    looking.broker.away = True
    await looking.look()
    assert looking.metrics.rows(LAG) == {}
    assert looking.lag.lags == {} == looking.lag.ends
    looking.broker.away = False
    looking.broker.append("inference.events", b"{}", partition=1)
    looking.checkpoints.track(P1, 0)
    await looking.look()
    assert looking.lag.lags == {P0: 0, P1: 1}
    assert looking.metrics.rows(LAG)["inference.events", "1"] == 1.0


async def test_an_idle_worker_says_that_no_broker_answers(looking: Looking) -> None:
    looking.checkpoints.open(P0, 0)
    await looking.look()
    assert looking.status.health().reason == "no lag"
    looking.broker.away = True
    await looking.pass_time(SILENT_SECONDS)
    assert "broker" not in looking.status.readiness().missing, "a moment of silence is nothing to tell"
    await looking.pass_time(2)
    assert "broker" in looking.status.readiness().missing
    assert looking.status.health().alive, "within the patience"
    await looking.pass_time(STALL)
    health = looking.status.health()
    assert (health.alive, health.reason) == (False, "no broker has answered for 76 s")
    looking.broker.away = False
    await looking.look()
    assert "broker" not in looking.status.readiness().missing
    assert looking.status.health().alive


async def test_no_restart_is_asked_for_because_of_a_broker(looking: Looking) -> None:
    looking.checkpoints.open(P0, 0)
    looking.broker.append("inference.events", b"{}", partition=0)
    looking.checkpoints.track(P0, 0)
    await looking.look()
    looking.broker.away = True
    await looking.pass_time(10 * STALL)
    assert not looking.status.health().alive
    assert looking.status.liveness().alive
    # It has the whole patience again to get the partition moving, and is restarted if it does not.
    looking.broker.away = False
    await looking.pass_time(STALL)
    assert looking.status.liveness().alive
    await looking.pass_time(2)
    assert not looking.status.liveness().alive


async def test_a_stuck_partition_asks_for_a_restart(looking: Looking) -> None:
    looking.checkpoints.open(P0, 0)
    looking.broker.append("inference.events", b"{}", partition=0)
    looking.checkpoints.track(P0, 0)
    await looking.pass_time(STALL + 2)
    assert not looking.status.liveness().alive
    assert not looking.status.health().alive


async def test_times_are_told_of_each_partition_and_of_the_broker(looking: Looking) -> None:
    looking.checkpoints.open(P0, 0)
    looking.checkpoints.open(P1, 0)
    looking.broker.append("inference.events", b"{}", partition=1)
    looking.checkpoints.track(P1, 0)
    began = looking.clock.now()
    await looking.pass_time(5)
    progress = looking.metrics.rows(PROGRESS)
    assert progress == {("inference.events", "0"): began + 5, ("inference.events", "1"): began}
    assert looking.metrics.total("harmwatch_broker_last_answer_timestamp_seconds") == began + 5
    looking.broker.away = True
    await looking.pass_time(5)
    assert looking.metrics.rows(PROGRESS) == progress
    assert looking.metrics.total("harmwatch_broker_last_answer_timestamp_seconds") == began + 5


async def test_a_spare_worker_knows_whether_a_broker_answers(looking: Looking) -> None:
    await looking.pass_time(3)
    assert looking.contact.silence() == 0.0
    looking.broker.away = True
    await looking.pass_time(SILENT_SECONDS + 2)
    assert looking.contact.silent


async def test_a_partition_without_a_leader_takes_nothing_from_the_others(looking: Looking) -> None:
    for partition in (P0, P1):
        looking.checkpoints.open(partition, 0)
    looking.broker.append("inference.events", b"{}", partition=1)
    looking.checkpoints.track(P1, 0)
    await looking.look()
    looking.broker.leaderless.add(P0)
    for _ in range(2):
        await looking.look()
        assert looking.lag.lags == {P1: 1} == looking.lag.ends
        assert looking.metrics.rows(LAG) == {("inference.events", "1"): 1.0}
    looking.checkpoints.done(P1, 0)
    looking.checkpoints.committed[P1] = 1
    await looking.pass_time(STALL + SILENT_SECONDS)
    # The broker answers, and a restart would bring no leader; all is not well.
    assert looking.contact.silence() == 0.0
    assert "broker" not in looking.status.readiness().missing
    assert looking.status.liveness().alive
    assert looking.status.health().reason == (
        "stalled: inference.events[0] has not moved for 75 s with records to go that nobody can tell"
    )
    looking.broker.leaderless.clear()
    await looking.look()
    assert looking.lag.lags == {P0: 0, P1: 0}
    assert looking.status.health().reason == "no lag"


async def test_a_position_that_cannot_be_read_takes_nothing_from_the_others(looking: Looking) -> None:
    for partition in (P0, P1):
        looking.checkpoints.open(partition, 0)
        looking.broker.append("inference.events", b"{}", partition=partition.number)
    looking.checkpoints.track(P1, 0)
    # Nothing of the first is under way though it lags, so where it stands is looked at; a rebalance begins.
    looking.source.lost.add(P0)
    await looking.look()
    assert looking.lag.lags == {P1: 1}
    assert looking.metrics.rows(LAG) == {("inference.events", "1"): 1.0}
    assert looking.contact.silence() == 0.0
    assert looking.source.questions == 1, "all ends were told"


async def test_a_partition_that_comes_back_with_records_has_the_whole_patience(looking: Looking) -> None:
    looking.checkpoints.open(P0, 0)
    looking.broker.append("inference.events", b"{}", partition=0)
    looking.checkpoints.track(P0, 0)
    await looking.look()
    looking.broker.leaderless.add(P0)
    await looking.pass_time(5 * STALL)
    assert looking.status.liveness().alive
    assert not looking.contact.silent, "of a worker's only partition"
    looking.broker.leaderless.clear()
    await looking.pass_time(STALL)
    assert looking.status.liveness().alive
    await looking.pass_time(2)
    health = looking.status.liveness()
    assert health.reason == "stalled: inference.events[0] has not moved for 362 s with 1 records to go"
    assert not health.alive


async def test_of_many_partitions_without_a_leader_each_has_its_turn() -> None:
    broker = MemoryBroker({**TOPICS, "inference.events": 150})
    looking = Looking(broker)
    partitions = broker.partitions("inference.events")
    for partition in partitions:
        looking.checkpoints.open(partition, 0)
    broker.leaderless.update(partitions[1:])
    for _ in range(2):
        await looking.look()
        assert set(looking.lag.lags) == {P0}
    broker.leaderless.clear()
    found = []
    for _ in range(3):
        await looking.look()
        found.append(len(looking.lag.lags))
    assert found == [65, 129, 150]
    broker.away = True
    await looking.look()
    assert not looking.lag.lags
    broker.away = False
    await looking.look()
    assert len(looking.lag.lags) == 150


async def test_a_spare_worker_is_told_that_brokers_answer_though_the_partition_it_asks_for_has_no_leader(
    looking: Looking,
) -> None:
    looking.broker.leaderless.add(P0)
    await looking.pass_time(SILENT_SECONDS + 2)
    assert not looking.contact.silent


async def test_a_scrape_says_whether_the_worker_is_ready(looking: Looking) -> None:
    looking.status.freeze_metrics()
    assert looking.metrics.rows("harmwatch_ready") == {(): 0.0}
    rig = Rig(make_broker())
    clock = SystemClock()
    contact = BrokerContact(clock, rig.metrics)
    status = Status(rig.config, rig.pipeline, rig.tap, Watchdog(clock, STALL), contact, rig.metrics, clock)
    status.warm = True
    async with rig.running():
        await until(lambda: rig.tap.assigned)
        status.freeze_metrics()
        assert rig.metrics.rows("harmwatch_ready") == {(): 1.0}
    status.freeze_metrics()
    assert rig.metrics.rows("harmwatch_ready") == {(): 0.0}, "it drains, and has no partitions"


async def test_records_are_counted_by_topic_decodable_or_not() -> None:
    broker = make_broker()
    rig = Rig(broker)
    assert rig.metrics.rows("harmwatch_records_total") == {("inference.events",): 0.0}
    for value in (native("r-1"), b"no event"):
        broker.append("inference.events", value, partition=0)
    async with rig.running():
        await until(lambda: rig.committed() == 2)
    assert rig.metrics.rows("harmwatch_records_total") == {("inference.events",): 2.0}


async def test_what_is_no_record_is_no_lag_of_its_partition_though_the_worker_is_busy_with_another(
    looking: Looking,
) -> None:
    """A marker of a transaction in P1, and records of P0 that have been read and not taken: there always are some."""
    for partition in (P0, P1):
        looking.checkpoints.open(partition, 0)
        looking.broker.append("inference.events", b"{}", partition=partition.number)
    looking.source.positions = {P0: 1, P1: 1}
    await looking.look(untaken={P0})
    assert looking.lag.lags == {P0: 1, P1: 0}
    # Else the partition that stands still would have a worker restarted that does all it can.
    for offset in range(int(2 * STALL)):
        looking.clock.advance(1.0)
        looking.watchdog.progress(P0, offset)
        await looking.look(untaken={P0})
        assert looking.status.liveness().alive and looking.status.health().alive
    await looking.look(untaken={P0, P1})
    assert looking.lag.lags == {P0: 1, P1: 1}
