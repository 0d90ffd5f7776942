"""State of other groups in our topics: passed over in every place where state is read."""

from __future__ import annotations

import logging

import pytest

from agent.clock import ManualClock
from agent.windows.base import Observation
from agent.windows.engine import WindowEngine
from agent.windows.harm import HarmAggregator
from streams.ports import Record
from streams.state_owner import StateOwner
from streams.status import Status
from streams.worker import Worker
from tests.builders import native
from tests.unit.streams.rig import Rig, make_broker, make_config, until

CLINIC = StateOwner("clinic", frozenset({"inference.events"}))
BANK = StateOwner("bank", frozenset({"inference.events"}))


def state(model: str, topic: str = "inference.events", events: int = 3) -> bytes:
    clock = ManualClock()
    engine = WindowEngine([HarmAggregator()], clock)
    for offset in range(events):
        engine.apply((topic, 0), offset, [Observation(model=model, time=clock.now(), directions=("output",))])
    return engine.snapshot((topic, 0)).values[model]


def record(value: bytes, owner: StateOwner | None, key: bytes = b"m") -> Record:
    return Record("harm.panes", 0, 0, 0.0, key, value, owner.headers if owner else ())


def test_who_wrote_a_record() -> None:
    assert CLINIC.stranger(CLINIC.headers) is None
    assert CLINIC.stranger(BANK.headers) == "bank"
    assert CLINIC.stranger((("other", b"x"),)) is None, "from before records said so"


def test_of_one_key_our_own_record_is_kept_whatever_others_have_counted() -> None:
    ours, theirs = record(state("m", events=1), CLINIC), record(state("m", events=9), BANK)
    newer = record(state("m", events=2), CLINIC)
    elsewhere = record(state("m", topic="inference.b", events=9), CLINIC)
    ranks = [CLINIC.rank(each) for each in (theirs, elsewhere, ours, newer)]
    assert all(rank is not None for rank in ranks)
    assert max(ranks[:2]) < ranks[2] < ranks[3]  # type: ignore[type-var, operator]
    assert CLINIC.rank(record(b"damaged", CLINIC)) is None
    assert CLINIC.values([ours, theirs, newer]) == [ours.value, newer.value]


async def test_a_worker_writes_whose_state_it_is_and_restores_its_own_alone() -> None:
    broker = make_broker()
    clinic = Rig(broker, make_config(kafka={"group_id": "clinic"}))
    for number in range(4):
        broker.append("inference.events", native(f"r-{number}", model="triage"), partition=0)
    async with clinic.running():
        await until(lambda: clinic.committed() == 4)
    written = broker.log("harm.panes")
    assert written and all(each.headers == CLINIC.headers for each in written)
    counted = {}
    for group in ("bank", "clinic"):
        again = Rig(broker, make_config(kafka={"group_id": group}))
        async with again.running():
            await until(lambda again=again: again.tap.assigned)  # type: ignore[misc]
            counted[group] = [reading.model for reading in again.pipeline.windows.total_measurements()]
    assert counted == {"bank": [], "clinic": ["triage"]}


async def test_decisions_that_wait_say_whose_they_are() -> None:
    broker = make_broker()
    rig = Rig(broker, make_config(kafka={"group_id": "clinic"}))
    loan = {"model": "loan", "output": {"decision": "approved"}, "attributes": {"gender": "f"}}
    broker.append("inference.events", native("l-1", text=None, answer=None, **loan), partition=0)
    async with rig.running():
        await until(lambda: bool(broker.log("harm.decisions")))
    assert {each.headers for each in broker.log("harm.decisions")} == {CLINIC.headers}


@pytest.fixture
def status() -> Status:
    return Worker.build(make_config(kafka={"group_id": "clinic"})).status


def shown(status: Status) -> set[str]:
    return {reading.model for reading in status.fleet.total_measurements()}


def test_the_view_of_all_workers_is_of_this_group_and_of_its_topics(
    status: Status, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        status.take_pane(state("ours"), CLINIC.headers)
        status.take_pane(state("of old"))
        status.take_pane(state("theirs"), BANK.headers)
        status.take_pane(state("theirs too"), BANK.headers)
        status.take_pane(state("of another topic", topic="inference.b"), CLINIC.headers)
    assert shown(status) == {"ours", "of old"}
    told = [line for line in caplog.messages if line.startswith("panes_of_another_group")]
    assert told == ["panes_of_another_group topic=harm.panes group='bank' set=topics.panes"], "once in a while"
