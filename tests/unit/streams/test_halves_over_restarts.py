"""A call whose halves arrive on different sides of a restart counts as one event, harmful once."""

from __future__ import annotations

from agent.clock import SystemClock
from agent.pipeline.build import build_windows
from agent.windows.harm import HarmMeasurement
from tests.builders import WordScorer, native
from tests.unit.streams.rig import Rig, make_broker, until


def harm_of(rig: Rig) -> HarmMeasurement:
    engine = build_windows(rig.config, SystemClock())
    for record in rig.broker.log("harm.panes"):
        if record.value is not None:
            engine.absorb(record.value)
    (reading,) = engine.total_measurements()
    harm = reading.results["harm"]
    assert isinstance(harm, HarmMeasurement)
    return harm


async def test_halves_before_and_after_a_restart_count_once() -> None:
    broker = make_broker()
    request = native("r-1", text="awful question", answer=None)
    response = native("r-1", text=None, answer="awful answer")
    broker.append("inference.events", request, key=b"chat")
    first = Rig(broker)
    async with first.running():
        await until(lambda: first.committed() == 1)
    broker.append("inference.events", response, key=b"chat")
    scorer = WordScorer()
    second = Rig(broker, scorers=[scorer])
    async with second.running():
        await until(lambda: second.committed() == 2)
    harm = harm_of(second)
    assert (harm.events, harm.harmful["output"], harm.scored_dimensions["output"], harm.harmful_any) == (1, 1, 1, 1)
    assert harm.categories == {"input": {"toxicity": 1.0}, "output": {"toxicity": 1.0}}
    # The remembered half is scored again, once, and gets no second verdict.
    assert scorer.texts_scored == 2
    assert sorted(verdict["direction"] for verdict in second.verdicts()) == ["input", "output"]


async def test_whole_calls_from_before_a_restart_are_not_scored_again() -> None:
    broker = make_broker()
    for number in range(5):
        broker.append("inference.events", native(f"w-{number}", text=f"awful {number}", answer="fine"), key=b"chat")
    first = Rig(broker)
    async with first.running():
        await until(lambda: first.committed() == 5)
    scorer = WordScorer()
    second = Rig(broker, scorers=[scorer])
    async with second.running():
        broker.append("inference.events", native("new", text="good", answer="fine"), key=b"chat")
        await until(lambda: second.committed() == 6)
    assert scorer.texts_scored <= 2
    assert harm_of(second).events == 6


async def test_a_duplicate_of_a_remembered_half_stays_a_duplicate() -> None:
    broker = make_broker()
    request = native("r-1", text="awful question", answer=None)
    broker.append("inference.events", request, key=b"chat")
    first = Rig(broker)
    async with first.running():
        await until(lambda: first.committed() == 1)
    broker.append("inference.events", request, key=b"chat")
    second = Rig(broker)
    async with second.running():
        await until(lambda: second.committed() == 2)
    assert len(second.verdicts()) == 1
    assert harm_of(second).harmful["output"] == 1
