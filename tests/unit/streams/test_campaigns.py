"""Campaigns on the in-memory broker: what is published, and that a crash makes no second one of one."""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import Any

from streams.memory import MemoryBroker
from tests.builders import native
from tests.campaign_rig import KnownAttacks
from tests.campaign_texts import paraphrases
from tests.unit.streams.rig import Rig, make_broker, make_config, until

ATTACKS = paraphrases(160, "en", Random(21))


def publish(broker: MemoryBroker, first: int, last: int) -> None:
    for place in range(first, last):
        minute, second = divmod(3 * place, 60)
        at = {"time": f"2026-11-23T10:{minute:02}:{second:02}Z", "tenant": f"t{place % 8}"}
        broker.append("inference.events", native(f"r-{place}", text=ATTACKS[place], answer=None, **at), partition=0)


def campaigns(broker: MemoryBroker) -> list[tuple[str, dict[str, Any]]]:
    """Keys and values of the records of campaigns on the topic of evidence."""
    records = [(record.key or b"", json.loads(record.value or b"{}")) for record in broker.log("harm.evidence")]
    return [(key.decode(), value) for key, value in records if "kind" in value]


def worker(broker: MemoryBroker) -> Rig:
    return Rig(broker, make_config(evidence={"hash_key": "of the tests, long enough"}), [KnownAttacks(ATTACKS)])


async def test_a_campaign_is_published_under_its_id_and_a_crash_makes_no_second_one() -> None:
    broker = make_broker()
    publish(broker, 0, 60)
    rig = worker(broker)
    task = asyncio.create_task(rig.tap.run())
    await until(lambda: rig.committed() == 60)
    await rig.crash(task)
    assert rig.metrics.total("harmwatch_campaigns_total") == 1
    before = campaigns(broker)
    publish(broker, 60, 160)
    heir = worker(broker)
    async with heir.running():
        await until(lambda: heir.committed() == 160)
    assert heir.metrics.total("harmwatch_campaigns_total") == 0
    after = campaigns(broker)
    assert len(after) > len(before) > 1
    assert {key for key, _ in after} == {value["id"] for _, value in after} == {before[0][0]}
    latest = after[-1][1]
    assert (latest["kind"], latest["model"], latest["tenants"]) == ("near_duplicates", "chat", 8)
    assert latest["events"] > 130
    assert latest["first"] == before[0][1]["first"]
