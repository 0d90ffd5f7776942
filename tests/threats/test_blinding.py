"""Traffic that wants harm to pass unseen: decoys under the ids of others, garbage between, forged state."""

from __future__ import annotations

import msgspec
import pytest

from agent.errors import DeadLetterLimit
from tests.builders import native
from tests.unit.streams.rig import Rig, make_broker, make_config, until

HARM = "an awful answer"


async def test_a_decoy_of_another_source_swallows_nothing() -> None:
    broker = make_broker()
    broker.append("inference.events", native("r-1", source="intruder", answer="fine"), partition=0)
    broker.append("inference.events", native("r-1", source="chat-prod", answer=HARM), partition=1)
    rig = Rig(broker)
    async with rig.running():
        await until(lambda: rig.committed() == 2)
    found = {verdict["source"] for verdict in rig.verdicts() if verdict["findings"]}
    assert found == {"chat-prod"}
    assert rig.metrics.total("harmwatch_duplicates_total") == 0


async def test_a_decoy_of_the_same_source_hides_the_later_one_and_is_counted() -> None:
    """Not held, said so in the threat model: this test says what is seen of it."""
    broker = make_broker()
    broker.append("inference.events", native("r-1", answer="fine"), partition=0)
    broker.append("inference.events", native("r-1", answer=HARM), partition=0)
    rig = Rig(broker)
    async with rig.running():
        await until(lambda: rig.committed() == 2)
    assert [verdict for verdict in rig.verdicts() if verdict["findings"]] == []
    assert rig.metrics.total("harmwatch_duplicates_total") == 1


async def test_garbage_between_good_records_costs_no_verdict() -> None:
    broker = make_broker()
    for number in range(300):
        value = native(f"r-{number}", answer=HARM) if number % 5 < 3 else b"\xff{garbage" * 10
        broker.append("inference.events", value, partition=number % 2)
    config = make_config(dead_letters={"max_consecutive": 50, "max_ratio": 0.5, "ratio_records": 100})
    rig = Rig(broker, config)
    async with rig.running():
        await until(lambda: rig.committed() == 300)
    assert len([verdict for verdict in rig.verdicts() if verdict["findings"]]) == 180
    assert len(broker.log("harm.dlq")) == 120


async def test_a_flood_of_garbage_stops_the_worker_before_it_is_past_it() -> None:
    """Held in part: nothing is lost, but nothing is watched either until somebody raises the limit."""
    broker = make_broker()
    for _ in range(200):
        broker.append("inference.events", b"garbage", partition=0)
    broker.append("inference.events", native("r-1", answer=HARM), partition=0)
    limits = {"max_consecutive": 50, "max_ratio": 1.0, "ratio_records": 1000}
    rig = Rig(broker, make_config(dead_letters=limits))
    with pytest.raises(DeadLetterLimit):
        async with rig.running() as task:
            await until(task.done)
    assert rig.committed() <= 50
    # Whoever raises it goes on where it stopped, and misses nothing.
    again = Rig(broker, make_config(dead_letters=limits | {"max_consecutive": 1000}))
    async with again.running():
        await until(lambda: again.committed() == 201)
    assert [verdict["inference_id"] for verdict in again.verdicts() if verdict["findings"]] == ["r-1"]


async def test_what_users_send_through_our_own_tap_does_not_stop_the_worker() -> None:
    broker = make_broker()
    tapped = (("harmwatch-format", b"openai"),)
    for _ in range(200):
        broker.append("inference.events", b'{"request": {"strange": 1}, "response": {}}', partition=0, headers=tapped)
    broker.append("inference.events", native("r-1", answer=HARM), partition=0)
    rig = Rig(broker, make_config(dead_letters={"max_consecutive": 50, "max_ratio": 0.1, "ratio_records": 100}))
    async with rig.running():
        await until(lambda: rig.committed() == 201)
    assert [verdict["inference_id"] for verdict in rig.verdicts() if verdict["findings"]] == ["r-1"]
    assert len(broker.log("harm.dlq")) == 200


async def test_forged_state_costs_no_sound_state() -> None:
    broker = make_broker()
    for number in range(20):
        broker.append("inference.events", native(f"r-{number}"), partition=0)
    first = Rig(broker)
    async with first.running():
        await until(lambda: first.committed() == 20)
    for forged in (b"", b"\xc1", msgspec.msgpack.encode([1, "harmwatch"]), b"\xdd\xff\xff\xff\xff", b"\x91" * 5000):
        broker.append("harm.panes", forged, key=b"chat-forged", partition=0)
    broker.append("inference.events", native("r-20"), partition=0)
    second = Rig(broker)
    async with second.running():
        await until(lambda: second.committed() == 21)
    assert second.pipeline.windows.totals("chat")
    assert second.metrics.total("harmwatch_scored_total") == 2  # the others had been counted before


async def test_ids_of_nobody_are_orphans_in_bounded_memory() -> None:
    broker = make_broker()
    for number in range(500):
        broker.append("inference.events", native(f"half-{number}", answer=None), partition=0)
    broker.append("inference.events", native("whole", answer=HARM), partition=0)
    rig = Rig(broker, make_config(join={"max_entries": 50}))
    async with rig.running():
        await until(lambda: rig.committed() == 501)
    assert rig.metrics.total("harmwatch_orphans_total") >= 440
    assert [verdict["inference_id"] for verdict in rig.verdicts() if verdict["findings"]] == ["whole"]
