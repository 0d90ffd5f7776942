"""Delayed labels on the in-memory broker: each counted once with its decision, whatever the worker dies of."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

from streams.memory import MemoryBroker
from tests.builders import native
from tests.unit.streams.rig import Rig, make_broker, make_config, merged_windows, until

TIME = "2023-11-14T22:13:20Z"


def publish_decision(broker: MemoryBroker, number: int, **over: Any) -> None:
    draw = random.Random(number)
    value = native(
        f"d-{number}",
        text=None,
        answer=None,
        model="loans",
        time=TIME,
        output={"decision": draw.choice(["approved", "denied"]), "score": draw.random()},
        attributes={"sex": draw.choice(["female", "male"])},
        **over,
    )
    broker.append("inference.events", value, partition=number % 2)


def truth(number: int) -> str:
    return random.Random(-number - 1).choice(["approved", "denied"])


def publish_label(broker: MemoryBroker, number: int, label: str | None = None) -> None:
    value = {"id": f"d-{number}", "source": "test", "label": label or truth(number)}
    broker.append("inference.labels", json.dumps(value).encode(), partition=number // 7 % 2)


async def counted_at_once(decisions: int, labelled: set[int]) -> Any:
    """The counts of decisions that came with their labels."""
    rig = Rig(make_broker())
    for number in range(decisions):
        publish_decision(rig.broker, number, **({"label": truth(number)} if number in labelled else {}))
    async with rig.running():
        await until(lambda: rig.committed() == decisions)
    return merged_windows(rig.broker, rig.config).totals("loans")["bias"]


def labels_joined(rig: Rig) -> float:
    return rig.metrics.total("harmwatch_late_labels_total")


async def test_a_label_changes_the_counts_of_its_decision_and_is_saved_though_no_event_comes() -> None:
    rig = Rig(make_broker())
    publish_decision(rig.broker, 0)
    async with rig.running():
        await until(lambda: rig.committed() == 1)
        publish_label(rig.broker, 0)
        wanted = await counted_at_once(1, {0})
        await until(lambda: merged_windows(rig.broker, rig.config).totals("loans")["bias"] == wanted)
    assert len(rig.broker.log("harm.decisions")) == 1


async def test_a_label_that_comes_while_nobody_runs_finds_a_decision_of_an_earlier_life() -> None:
    broker = make_broker()
    first = Rig(broker)
    for number in range(20):
        publish_decision(broker, number)
    async with first.running():
        await until(lambda: first.committed() == 20)
    for number in range(0, 20, 2):
        publish_label(broker, number)
    second = Rig(broker)
    async with second.running():
        await until(lambda: labels_joined(second) == 10)
    third = Rig(broker)
    for number in range(1, 20, 2):
        publish_label(broker, number)
        publish_label(broker, number - 1)  # again: in vain
    async with third.running():
        await until(lambda: labels_joined(third) == 10)
    assert merged_windows(broker, third.config).totals("loans")["bias"] == await counted_at_once(20, set(range(20)))


async def test_labels_before_their_decisions_wait_also_over_a_restart() -> None:
    broker = make_broker()
    publish_decision(broker, 100)
    publish_decision(broker, 101)
    for number in range(10):
        publish_label(broker, number)
    first = Rig(broker)
    async with first.running():
        await until(lambda: first.committed() == 2)
    for number in range(10):
        publish_decision(broker, number)
    second = Rig(broker)
    async with second.running():
        await until(lambda: second.committed() == 12)
        await until(lambda: labels_joined(second) + _early(second) >= 10)
    totals = merged_windows(broker, second.config).totals("loans")["bias"]
    assert sum(sum(group[4:12:2]) for group in totals["sex"].values()) == 10


def _early(rig: Rig) -> float:
    """Decisions that were counted with a label that had come before."""
    return rig.metrics.total("harmwatch_labels_total") - labels_joined(rig)


async def test_crashes_lose_no_label_and_count_each_once() -> None:
    broker, draw = make_broker(), random.Random(7)
    labelled: set[int] = set()
    for life in range(12):
        rig = Rig(broker)
        task = asyncio.create_task(rig.tap.run())
        for number in range(40 * life, 40 * life + 40):
            publish_decision(broker, number)
            old = draw.randrange(max(1, number - 200), number + 6)
            if old < 480:
                publish_label(broker, old)
                labelled.add(old)
        await asyncio.sleep(draw.random() * 0.12)
        await rig.crash(task)
    rig = Rig(broker)
    wanted = await counted_at_once(480, labelled)
    async with rig.running():
        await until(lambda: rig.committed() == 480)
        await until(lambda: merged_windows(broker, rig.config).totals("loans")["bias"] == wanted)
    assert merged_windows(broker, rig.config).totals("loans")["bias"] == wanted


async def test_a_partition_that_moves_takes_its_waiting_decisions_along() -> None:
    broker = make_broker()
    first, second = Rig(broker), Rig(broker)
    for number in range(30):
        publish_decision(broker, number)
    async with first.running():
        await until(lambda: first.committed() == 30)
        async with second.running():
            await until(lambda: len(second.source.assignment()) == 1)
            for number in range(30):
                publish_label(broker, number)
            await until(lambda: labels_joined(first) + labels_joined(second) == 30)
            assert labels_joined(first) == labels_joined(second) == 15
    assert merged_windows(broker, first.config).totals("loans")["bias"] == await counted_at_once(30, set(range(30)))


async def test_what_is_no_label_is_counted_and_passed_over() -> None:
    rig = Rig(make_broker())
    publish_decision(rig.broker, 0)
    for value in (
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"id": 1}',
        b'{"id": "d-0", "label": "approved"}',
        b'{"id": "d-0", "source": "test", "label": ""}',
        b"{" * 5000,
    ):
        rig.broker.append("inference.labels", value, partition=0)
    publish_label(rig.broker, 0)
    async with rig.running():
        await until(lambda: labels_joined(rig) == 1)
    # The one without a source is another call's, and waits.
    assert rig.metrics.total("harmwatch_labels_total") == 7


async def test_a_broker_that_goes_away_is_waited_for_and_no_label_lost() -> None:
    rig = Rig(make_broker(), make_config(tap={"commit_interval_seconds": 0.02, "sink_patience_seconds": 20.0}))
    publish_decision(rig.broker, 0)
    async with rig.running():
        await until(lambda: rig.committed() == 1)
        publish_label(rig.broker, 0)
        rig.broker.away = True
        await asyncio.sleep(0.05)
        rig.broker.away = False
        await until(lambda: labels_joined(rig) == 1)


async def test_labels_are_not_read_where_there_is_no_topic_of_them() -> None:
    rig = Rig(make_broker(), make_config(topics={"labels": None}))
    publish_decision(rig.broker, 0)
    async with rig.running():
        await until(lambda: rig.committed() == 1)
    assert rig.pipeline.late_labels is None
    assert not rig.broker.log("harm.decisions")


async def test_a_label_that_was_joined_and_not_saved_is_joined_again_when_the_partition_comes_back() -> None:
    """Before anything of the partition was ever saved, on a broker that takes nothing while it is revoked."""
    rig = Rig(make_broker(), make_config(tap={"commit_interval_seconds": 0.05, "revoke_seconds": 0.1}))
    publish_label(rig.broker, 0)
    taken, flush = asyncio.Event(), rig.sink.flush

    async def slow() -> None:
        await taken.wait()
        await flush()

    rig.sink.flush = slow  # type: ignore[method-assign]
    late = rig.pipeline.late_labels
    async with rig.running():
        assert late is not None
        await until(lambda: bool(late._early))
        publish_decision(rig.broker, 0)
        await until(lambda: rig.metrics.total("harmwatch_labels_total") == 1)
        await rig.broker.rebalance("harmwatch")
        taken.set()
        await until(lambda: rig.committed() == 1)
        wanted = await counted_at_once(1, {0})
        await until(lambda: merged_windows(rig.broker, rig.config).totals("loans")["bias"] == wanted)
