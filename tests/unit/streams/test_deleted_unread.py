"""Retention that was shorter than an outage: what was deleted unread is told, and nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from agent.clock import SystemClock
from streams.memory import MemorySource
from streams.ports import Partition
from streams.state_owner import StateOwner
from streams.takeover import read_takeovers
from tests.unit.streams.rig import Rig, make_broker

TOPIC = "inference.events"
PARTITION = Partition(TOPIC, 0)


class Shortened(MemorySource):
    """Of a topic that has lost its first seven records."""

    async def start_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        return dict.fromkeys(partitions, 7)


@pytest.mark.parametrize(("committed", "deleted"), [(3, 4), (7, 0), (9, 0)])
async def test_records_that_were_deleted_before_they_were_read_are_known(committed: int, deleted: int) -> None:
    broker = make_broker()
    for _ in range(10):
        broker.append(TOPIC, b"{}", partition=0)
    broker.commit("harmwatch", {PARTITION: committed})
    owner = StateOwner("harmwatch", frozenset([TOPIC]))
    (takeover,) = await read_takeovers(
        *(Shortened(broker, [TOPIC]), broker.read_partition, owner, "harm.panes", None, [PARTITION]),
        clock=SystemClock(),
        patience_seconds=5.0,
    )
    assert (takeover.resume_at, takeover.deleted) == (max(7, committed), deleted)


async def test_what_was_deleted_is_told_once_and_not_what_is_only_read_again(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(make_broker())
    other = Partition(TOPIC, 1)
    for partition in (PARTITION, other):
        for _ in range(10):
            rig.broker.append(TOPIC, b"{}", partition=partition.number)
        rig.broker.commit("harmwatch", {partition: 5})
    start_offsets = rig.source.start_offsets

    async def shortened(partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        return dict(await start_offsets(partitions)) | {one: 7 for one in partitions if one == PARTITION}

    rig.source.start_offsets = shortened  # type: ignore[method-assign]
    async with rig.running():
        async with asyncio.timeout(30.0):
            while not rig.tap.assigned:
                await asyncio.sleep(0.01)
        assert rig.metrics.total("harmwatch_deleted_unread_total") == 2.0
        rig.tap.on_deleted(other, 1, 5)  # read again after the restart, for ids
        assert rig.metrics.total("harmwatch_deleted_unread_total") == 2.0
        rig.tap.on_deleted(other, 1, 8)
        assert rig.metrics.rows("harmwatch_deleted_unread_total") == {(TOPIC,): 5.0}
    lines = [record.getMessage() for record in caplog.records if "deleted" in record.getMessage()]
    assert lines == [
        f"deleted_unread topic={TOPIC} partition={number} offsets={count}" for number, count in ((0, 2), (1, 3))
    ]
