"""The demo's traffic for a Kafka that is there: a second run is no duplicate of the first."""

from __future__ import annotations

import argparse

import pytest

from agent.clock import ManualClock
from streams.commands import demo
from streams.demo.publish import Published, fresh_seed, publish_paced
from streams.demo.traffic import Traffic
from streams.memory import MemoryBroker, MemorySink


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    demo.add_arguments(parser)
    return parser.parse_args(words)


def test_a_seed_of_its_own_unless_one_is_given() -> None:
    clock = ManualClock()
    first = fresh_seed(clock)
    clock.advance(0.001)
    assert fresh_seed(clock) != first
    assert parsed("--publish", "b:9092").seed is None
    assert parsed("--seed", "7").seed == 7


async def test_two_runs_one_after_the_other_share_no_call() -> None:
    values, traffics = [], []
    clock = ManualClock()
    for _ in range(2):
        broker = MemoryBroker({"t": 1})
        sink = MemorySink(broker)
        await sink.start()
        traffics.append(Traffic(fresh_seed(clock), 200, clock.now() - 100.0, 50.0))
        sent = await publish_paced(traffics[-1], sink, "t", clock)
        values.append({record.value for record in broker.log("t")})
        assert sent == len(broker.log("t"))
        clock.advance(60.0)
    # What is no record at all may be the same.
    assert len(values[0] & values[1]) <= traffics[0].expected.dead_letters


def test_what_was_sent_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    sent = Published(42)
    sent.records, sent.calls, sent.laps = 1_234, 1_000, 2
    demo.tell_sent(sent, "t", as_json=False)
    assert capsys.readouterr().out == "sent 1,234 records (1,000 calls in 2 runs) to t, seed 42\n"
    demo.tell_sent(sent, "t", as_json=True)
    assert capsys.readouterr().out == '{"records": 1234, "calls": 1000, "seed": 42, "topic": "t"}\n'
