"""A group that begins at the end (`kafka.auto_offset_reset`): what comes once it holds a partition is its own."""

from __future__ import annotations

import asyncio

from tests.builders import native
from tests.unit.streams.rig import Rig, make_broker, make_config, until, window_totals


async def test_what_comes_before_the_first_commit_is_not_passed_over_by_who_comes_next() -> None:
    broker = make_broker()
    broker.append("inference.events", native("before"), partition=0)
    late = make_config(tap={"commit_interval_seconds": 60.0})
    first = Rig(broker, late, from_the_end=True)
    task = asyncio.create_task(first.tap.run())
    await until(lambda: first.tap.assigned)
    for number in range(20):
        broker.append("inference.events", native(f"r-{number}"), partition=number % 2)
    await until(lambda: first.metrics.total("harmwatch_events_total") > 0)
    await first.crash(task)
    second = Rig(broker, from_the_end=True)
    async with second.running():
        await until(lambda: second.tap.assigned)
        broker.append("inference.events", native("after"), partition=0)
        await until(lambda: any(verdict["inference_id"] == "after" for verdict in second.verdicts()))
        await until(lambda: second.committed() == 22)
    judged = {verdict["inference_id"] for verdict in second.verdicts()}
    assert judged == {"after", *(f"r-{number}" for number in range(20))}
    assert window_totals(broker, second.config) == {"chat": 21}
