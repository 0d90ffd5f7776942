"""The tap on the in-memory broker: nothing lost, nothing counted twice, whatever is taken away from it."""

from __future__ import annotations

import asyncio
import json
import random

import pytest

from agent.errors import DeadLetterLimit, TopicUnavailable, TransportError
from streams.ports import Partition
from tests.builders import WordScorer, native
from tests.unit.streams.rig import Rig, make_broker, make_config, until, window_totals


def publish(broker: object, count: int, start: int = 0) -> set[str]:
    ids = {f"r-{number}" for number in range(start, start + count)}
    for number in range(start, start + count):
        answer = "an awful answer" if number % 10 == 0 else "fine"
        broker.append("inference.events", native(f"r-{number}", answer=answer), partition=number % 2)  # type: ignore[attr-defined]
    return ids


async def test_each_direction_of_each_event_gets_one_verdict_and_offsets_come_back() -> None:
    rig = Rig(make_broker())
    ids = publish(rig.broker, 200)
    async with rig.running():
        await until(lambda: rig.committed() == 200)
    verdicts = rig.verdicts()
    assert {(verdict["inference_id"], verdict["direction"]) for verdict in verdicts} == {
        (inference_id, direction) for inference_id in ids for direction in ("input", "output")
    }
    assert len(verdicts) == 400
    assert rig.metrics.total("harmwatch_events_total") == 200
    assert rig.metrics.total("harmwatch_findings_total") == 20
    assert window_totals(rig.broker, rig.config) == {"chat": 200}
    assert len(rig.broker.log("harm.evidence")) == 20


async def test_stop_drains_what_is_in_flight() -> None:
    rig = Rig(make_broker(), make_config(tap={"commit_interval_seconds": 60.0}, batching={"max_wait_seconds": 30.0}))
    publish(rig.broker, 50)
    async with rig.running():
        await until(lambda: rig.pipeline.in_flight == 50)
    assert rig.committed() == 50
    assert len(rig.verdicts()) == 100


async def test_crashes_lose_nothing_and_count_once() -> None:
    broker, rng = make_broker(), random.Random(5)
    ids: set[str] = set()
    for life in range(12):
        rig = Rig(broker)
        task = asyncio.create_task(rig.tap.run())
        ids |= publish(broker, 100, start=100 * life)
        await asyncio.sleep(rng.random() * 0.08)
        await rig.crash(task)
    rig = Rig(broker)
    async with rig.running():
        await until(lambda: rig.committed() == 1200)
    verdicts = rig.verdicts()
    assert {verdict["inference_id"] for verdict in verdicts} == ids
    by_key: dict[tuple[str, str], set[str]] = {}
    for verdict in verdicts:
        by_key.setdefault((verdict["inference_id"], verdict["direction"]), set()).add(verdict["id"])
    assert len(by_key) == 2400
    assert all(len(found) == 1 for found in by_key.values())
    assert window_totals(broker, rig.config) == {"chat": 1200}


async def test_a_duplicate_before_a_crash_is_still_known_after_it() -> None:
    broker = make_broker()
    broker.append("inference.events", native("r-1"), partition=0)
    first = Rig(broker)
    async with first.running():
        await until(lambda: first.committed() == 1)
    broker.append("inference.events", native("r-1"), partition=0)
    second = Rig(broker)
    async with second.running():
        await until(lambda: second.committed() == 2)
    assert second.metrics.total("harmwatch_duplicates_total") == 1
    assert len(second.verdicts()) == 2
    assert window_totals(broker, second.config) == {"chat": 1}


async def test_a_request_before_a_restart_still_tells_echo_from_leak() -> None:
    class Mail(WordScorer):
        def __init__(self) -> None:
            super().__init__("pii", {"a@b.example": "pii.email"}, "privacy")

    broker = make_broker()
    broker.append("inference.events", native("r-1", text="I am a@b.example", answer=None), partition=0)
    first = Rig(broker, scorers=[Mail()])
    async with first.running():
        await until(lambda: first.committed() == 1)
    broker.append("inference.events", native("r-1", text=None, answer="Hello a@b.example"), partition=0)
    broker.append("inference.events", native("r-2", text=None, answer="Hello a@b.example"), partition=0)
    second = Rig(broker, scorers=[Mail()])
    async with second.running():
        await until(lambda: second.committed() == 3)
    leaked = {
        verdict["inference_id"]: verdict["findings"][0]["leaked"]
        for verdict in second.verdicts()
        if verdict["direction"] == "output"
    }
    assert leaked == {"r-1": False, "r-2": None}
    assert window_totals(broker, second.config) == {"chat": 2}


async def test_rebalances_in_the_middle_of_batches() -> None:
    rig = Rig(make_broker())
    async with rig.running():
        for round_number in range(10):
            publish(rig.broker, 40, start=40 * round_number)
            await asyncio.sleep(0.003)
            await rig.broker.rebalance("harmwatch")
            await rig.broker.rebalance("harmwatch")
        await until(lambda: rig.committed() == 400)
    keys = [(verdict["inference_id"], verdict["direction"]) for verdict in rig.verdicts()]
    assert len(set(keys)) == 800
    assert window_totals(rig.broker, rig.config) == {"chat": 400}


async def test_two_workers_share_the_partitions_and_their_windows_add_up() -> None:
    broker = make_broker()
    one, two = Rig(broker), Rig(broker)
    async with one.running():
        publish(broker, 100)
        await until(lambda: one.committed() > 0)
        async with two.running():
            publish(broker, 100, start=100)
            await until(lambda: one.committed() == 200)
        publish(broker, 100, start=200)
        await until(lambda: one.committed() == 300)
    assert len({(v["inference_id"], v["direction"]) for v in one.verdicts()}) == 600
    assert window_totals(broker, one.config) == {"chat": 300}


async def test_an_undecodable_record_becomes_a_dead_letter_and_the_rest_goes_on() -> None:
    rig = Rig(make_broker())
    rig.broker.append("inference.events", b"\xff\xfe", key=b"k", headers=(("trace", b"t"),), partition=0)
    rig.broker.append("inference.events", None, partition=0)
    publish(rig.broker, 10)
    async with rig.running():
        await until(lambda: rig.committed() == 12)
    first, second = rig.broker.log("harm.dlq")
    assert (first.key, first.value) == (b"k", b"\xff\xfe")
    headers = dict(first.headers)
    assert (headers["trace"], headers["topic"], headers["partition"], headers["offset"]) == (
        b"t",
        b"inference.events",
        b"0",
        b"0",
    )
    assert set(headers) >= {"reason", "format", "time"}
    assert second.value is None
    assert rig.metrics.total("harmwatch_dead_letters_total") == 2


async def test_of_a_batch_what_can_be_read_is_judged_and_the_record_is_a_dead_letter() -> None:
    """Gateways batch the calls of many people: who sends what nobody can read must not hide the others' calls."""
    config = make_config(dead_letters={"max_consecutive": 2}, tap={"commit_interval_seconds": 0.01})
    rig = Rig(make_broker(), config)
    pairs = [
        {"id": f"c-{number}", "request": {"model": "chat", "messages": [{"role": "user", "content": "hello"}]}}
        for number in range(3)
    ]
    pairs[1]["request"] = "a body that is no JSON"
    value = json.dumps(pairs).encode()
    for _ in range(4):
        rig.broker.append("inference.events", value, partition=0)
    async with rig.running():
        await until(lambda: rig.committed() == 4)
    assert sorted(verdict["inference_id"] for verdict in rig.verdicts()) == ["c-0", "c-2"]
    letters = rig.broker.log("harm.dlq")
    assert [letter.value for letter in letters] == [value] * 4
    assert dict(letters[0].headers)["detail"].startswith(b"[1].request")
    assert rig.metrics.total("harmwatch_dead_letters_total") == 4


async def test_a_bad_deploy_stops_before_its_offsets_are_given_back() -> None:
    config = make_config(dead_letters={"max_consecutive": 20}, tap={"commit_interval_seconds": 0.01})
    rig = Rig(make_broker(), config)
    for _ in range(200):
        rig.broker.append("inference.events", b"{", partition=0)
    with pytest.raises(DeadLetterLimit):
        await rig.tap.run()
    assert rig.committed() <= 20


async def test_without_the_dead_letter_topic_the_worker_stops_and_drops_nothing() -> None:
    rig = Rig(make_broker())
    rig.broker.denied.add("harm.dlq")
    rig.broker.append("inference.events", b"{", partition=0)
    with pytest.raises(TopicUnavailable):
        await rig.tap.run()
    assert rig.committed() == 0
    rig.broker.denied.clear()
    again = Rig(rig.broker)
    async with again.running():
        await until(lambda: again.committed() == 1)
    assert len(again.broker.log("harm.dlq")) == 1


async def test_a_broker_that_stays_away_ends_the_worker_with_nothing_committed() -> None:
    rig = Rig(make_broker())
    publish(rig.broker, 5)
    task = asyncio.create_task(rig.tap.run())
    await until(lambda: rig.pipeline.in_flight > 0 or rig.tap.verdicts > 0)
    rig.broker.away = True
    with pytest.raises(TransportError):
        await task
    assert rig.committed() == 0


async def test_unflushed_records_are_bounded_while_the_broker_takes_nothing() -> None:
    config = make_config(tap={"commit_interval_seconds": 0.02, "max_unflushed_records": 50, "max_poll_records": 10})
    rig = Rig(make_broker(), config)
    rig.sink.flush = _never  # type: ignore[method-assign]
    publish(rig.broker, 500)
    task = asyncio.create_task(rig.tap.run())
    await until(lambda: rig.tap.verdicts >= 100)
    await asyncio.sleep(0.3)
    assert rig.tap.verdicts <= 2 * (50 + 10 + rig.config.batching.max_texts)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_state_of_a_deleted_and_remade_topic_is_not_taken_up() -> None:
    broker = make_broker()
    publish(broker, 100)
    first = Rig(broker)
    async with first.running():
        await until(lambda: first.committed() == 100)
    remade = make_broker()
    for record in broker.log("harm.panes"):
        remade.append("harm.panes", record.value, key=record.key, partition=record.partition)
    publish(remade, 10)
    second = Rig(remade)
    async with second.running():
        await until(lambda: second.committed() == 10)
    assert second.pipeline.windows.covered(Partition("inference.events", 0)) in (0, 5)


async def _never() -> None:
    await asyncio.Event().wait()


async def test_latest_is_for_partitions_without_a_committed_offset_only() -> None:
    broker = make_broker()
    publish(broker, 10)
    first = Rig(broker, from_the_end=True)
    async with first.running():
        await until(lambda: first.tap.assigned)
        publish(broker, 10, start=10)
        await until(lambda: first.committed() == 20)
    assert {verdict["inference_id"] for verdict in first.verdicts()} == {f"r-{n}" for n in range(10, 20)}
    publish(broker, 10, start=20)
    second = Rig(broker, from_the_end=True)
    async with second.running():
        await until(lambda: second.committed() == 30)
    assert {verdict["inference_id"] for verdict in second.verdicts()} == {f"r-{n}" for n in range(10, 30)}


async def test_a_committed_offset_beyond_the_end_does_not_hide_new_records() -> None:
    broker = make_broker()
    broker.commit("harmwatch", {Partition("inference.events", number): 1000 for number in (0, 1)})
    publish(broker, 50)
    rig = Rig(broker)
    async with rig.running():
        await until(lambda: len(rig.verdicts()) == 100)
    assert rig.committed() == 50


async def test_a_rebalance_during_an_outage_does_not_hold_the_source_for_ever() -> None:
    config = make_config(
        tap={
            "commit_interval_seconds": 0.02,
            "max_unflushed_records": 50,
            "max_poll_records": 10,
            "revoke_seconds": 0.1,
            "sink_patience_seconds": 30.0,
        }
    )
    rig = Rig(make_broker(), config)
    works, gate = rig.sink.flush, asyncio.Event()

    async def flush() -> None:
        await gate.wait()
        await works()

    rig.sink.flush = flush  # type: ignore[method-assign]
    publish(rig.broker, 400)
    async with rig.running():
        await until(lambda: rig.tap.verdicts >= 100)
        await rig.broker.rebalance("harmwatch")
        gate.set()
        await until(lambda: rig.committed() == 400)
    assert len({(v["inference_id"], v["direction"]) for v in rig.verdicts()}) == 800
