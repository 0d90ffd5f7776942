"""Retention that was shorter than an outage: what was deleted unread is told, and nothing else is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from agent.clock import SystemClock
from streams.memory import MemorySource
from streams.ports import Partition
from streams.state_owner import StateOwner
from streams.takeover import read_takeovers
from tests.unit.streams.rig import make_broker

TOPIC = "inference.events"
PARTITION = Partition(TOPIC, 0)


class Shortened(MemorySource):
    """Of a topic that has lost its first seven records."""

    async def start_offsets(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        return dict.fromkeys(partitions, 7)


@pytest.mark.parametrize(("committed", "told"), [(3, ["4"]), (7, []), (9, [])])
async def test_records_that_were_deleted_before_they_were_read_are_told(
    committed: int, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
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
    assert takeover.resume_at == max(7, committed)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [f"deleted_unread topic={TOPIC} partition=0 offsets={number}" for number in told]
