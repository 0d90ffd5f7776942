"""The parity monitors fed from the windows: alarms, what is passed over, what goes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from agent.clock import ManualClock
from agent.metrics import Metrics, new_registry
from agent.pipeline.parity_watch import BLOCK_SECONDS, ParityWatch
from agent.windows.bias import BiasAggregator
from agent.windows.engine import WindowEngine
from agent.windows.parity import Block, ParityMonitor
from tests.unit.windows.builders import START, make_observation

PARTITION = ("inference.events", 0)
PAIR = {"model": "loans", "attribute": "sex", "favoured": "m", "disfavoured": "f"}


class Bench:
    """Decisions on one partition, and a watch that looks after every ten seconds of them."""

    def __init__(self, *, tolerance: float = 1.0, **options: Any) -> None:
        self.clock = ManualClock(START)
        self.metrics = Metrics(new_registry(), clock=self.clock)
        self.windows = WindowEngine([BiasAggregator(**options)], self.clock)
        self.watch = ParityWatch(self.windows, self.metrics, self.clock, ert_hours=100.0, tolerance=tolerance)
        self._draw = random.Random(3)
        self._offset = 0

    def decide(self, rates: dict[str, float], each: int = 20, partition: tuple[str, int] = PARTITION) -> None:
        observations = [
            make_observation(
                model="loans",
                time=self.clock.now(),
                attributes={"sex": group},
                decision="approved" if self._draw.random() < rate else "denied",
            )
            for group, rate in rates.items()
            for _ in range(each)
        ]
        self.windows.apply(partition, self._offset, observations)
        self._offset += 1

    def pass_blocks(self, number: int, rates: dict[str, float]) -> None:
        for _ in range(number):
            self.decide(rates)
            self.clock.advance(BLOCK_SECONDS)
            self.watch.look()

    def alarms(self) -> dict[tuple[str, ...], float]:
        return {
            labels: number for labels, number in self.metrics.rows("harmwatch_parity_alarms_total").items() if number
        }

    def evidence(self) -> float | None:
        return self.metrics.rows("harmwatch_parity_evidence").get(("loans", "sex"))


def test_a_bias_raises_one_alarm_that_names_the_groups_and_ends() -> None:
    bench = Bench()
    bench.pass_blocks(100, {"m": 0.6, "f": 0.6})
    assert bench.alarms() == {}
    bench.pass_blocks(100, {"m": 0.6, "f": 0.3})
    assert bench.alarms() == {tuple(PAIR.values()): 1.0}
    threshold = bench.metrics.rows("harmwatch_parity_threshold")["loans", "sex"]
    evidence = bench.evidence()
    assert evidence is not None
    assert evidence >= threshold
    bench.pass_blocks(200, {"m": 0.6, "f": 0.6})
    evidence = bench.evidence()
    assert evidence is not None
    assert evidence < threshold
    bench.pass_blocks(100, {"m": 0.6, "f": 0.3})
    assert bench.alarms() == {tuple(PAIR.values()): 2.0}


def test_looking_more_often_changes_nothing() -> None:
    often, seldom = Bench(), Bench()
    for _ in range(50):
        for bench in (often, seldom):
            bench.decide({"m": 0.6, "f": 0.4})
        for second in range(10):
            for bench in (often, seldom):
                bench.clock.advance(1.0)
            often.watch.look()
            if second == 9:
                seldom.watch.look()
    assert often.evidence() == seldom.evidence() is not None


def test_decisions_that_come_with_a_partition_are_no_block() -> None:
    bench = Bench()
    bench.pass_blocks(5, {"m": 0.6, "f": 0.6})
    before = bench.evidence()
    for _ in range(50):
        bench.decide({"m": 1.0, "f": 0.0}, partition=("inference.events", 1))
    bench.clock.advance(BLOCK_SECONDS)
    bench.watch.look()
    assert bench.evidence() == before
    bench.windows.drop(("inference.events", 1))
    bench.pass_blocks(1, {"m": 0.6, "f": 0.6})
    assert bench.alarms() == {}
    bench.pass_blocks(100, {"m": 0.6, "f": 0.1})
    assert bench.alarms() == {tuple(PAIR.values()): 1.0}


def test_a_flood_of_groups_raises_no_alarm_and_hides_no_bias_of_those_expected() -> None:
    bench = Bench(max_groups=4, groups={"sex": ["m", "f"]})
    for number in range(40):
        bench.pass_blocks(1, {f"g{number}": 0.5, "m": 0.5, "f": 0.5})
    assert bench.alarms() == {}
    for number in range(40, 100):
        bench.pass_blocks(1, {f"g{number}": 0.5, "m": 0.5, "f": 0.1})
    assert bench.alarms()[tuple(PAIR.values())] == 1.0


def test_what_is_in_a_block_does_not_decide_whether_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums of weights are rounded: one in seven blocks of nothing but a favourable decision was left out, and no other.

    So a small group seemed to be treated worse than a large one, whose blocks hold decisions of both kinds.
    """
    blocks: list[Block] = []
    monkeypatch.setattr(ParityMonitor, "add", lambda _, block: blocks.append(block))
    bench = Bench()
    for look in range(400):
        seen = make_observation(
            model="loans",
            time=bench.clock.now(),
            attributes={"sex": "f"},
            decision="denied" if look % 10 == 0 else "approved",
            weight=10 / 3,
        )
        bench.windows.apply(PARTITION, look, [seen])
        bench.clock.advance(BLOCK_SECONDS)
        bench.watch.look()
    assert len(blocks) == 399  # the first one has nothing before it
    assert all(block.keys() == {"f"} for block in blocks)
    assert all(0.0 <= hits <= number for block in blocks for hits, number in block.values())


def test_a_model_that_goes_takes_its_gauges_along() -> None:
    bench = Bench()
    bench.pass_blocks(5, {"m": 0.6, "f": 0.6})
    assert bench.evidence() is not None
    bench.windows.drop(PARTITION)
    bench.clock.advance(BLOCK_SECONDS)
    bench.watch.look()
    assert bench.evidence() is None


@pytest.mark.parametrize(("tolerance", "alarmed"), [(1.0, True), (0.8, False)])
def test_what_is_tolerated_is_configured(tolerance: float, alarmed: bool) -> None:
    bench = Bench(tolerance=tolerance)
    bench.pass_blocks(600, {"m": 0.6, "f": 0.52})
    assert bool(bench.alarms()) is alarmed
