"""Windows compared with their past, and hints at bias: what is said, and how seldom by chance."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from agent.clock import ManualClock
from agent.drift.reference import NumberReference
from agent.drift.reference_file import References
from agent.metrics import Metrics, new_registry
from agent.pipeline.drift_windows import DriftWindows
from agent.windows.base import Observation
from agent.windows.bias import BiasAggregator
from agent.windows.drift import DriftAggregator
from agent.windows.engine import WindowEngine
from tests.unit.windows.builders import START, make_observation

HOUR = 3600.0
KEY = ("inference.events", 0)

Draw = Callable[[np.random.Generator, str, bool], dict[str, Any]]
"""Income, channel and chance of approval of one person, by group and whether it is the last hour."""


class Bench:
    def __init__(self, references: References | None = None, seed: int = 0) -> None:
        self.clock = ManualClock(START)
        self.metrics = Metrics(new_registry(), clock=self.clock)
        bias = BiasAggregator()
        self.windows = WindowEngine([bias, DriftAggregator(["gender"])], self.clock, windows_seconds=(60.0, HOUR))
        self.drift = DriftWindows(
            self.windows, bias, self.metrics, self.clock, references or References(), window_seconds=HOUR
        )
        self._random = np.random.default_rng(seed)
        self._offset = 0

    def hours(self, draw: Draw, *, past: int = 2000, recent: int = 1000) -> Bench:
        """Some hours of the past, and the last one."""
        for number, began, seconds, is_last in ((past, START, 5 * HOUR, False), (recent, START + 5 * HOUR, HOUR, True)):
            for place in range(number):
                self._take(draw, began + (place + 0.5) * seconds / number, is_last)
        return self

    def _take(self, draw: Draw, time: float, is_last: bool) -> None:
        group = "female" if self._random.random() < 0.5 else "male"
        person = draw(self._random, group, is_last)
        approved = self._random.random() < person["chance"]
        decision = "approved" if approved else "denied"
        observation: Observation = make_observation(
            model="loans",
            time=time,
            decision=decision,
            attributes={"gender": group},
            features=[
                ("output.decision", decision),
                ("input.features.income", person["income"]),
                ("input.features.channel", person["channel"]),
            ],
        )
        self.clock.advance(max(0.0, time - self.clock.now()))
        self.windows.apply(KEY, self._offset, [observation])
        self._offset += 1

    def look(self) -> Bench:
        """Long enough for every model to have had its turn."""
        self.clock.advance(61.0)
        self.drift.look()
        return self

    def rows(self, name: str, detector: str = "window_chi_square") -> dict[str, float]:
        found = self.metrics.rows(f"harmwatch_drift_{name}")
        return {labels[2]: value for labels, value in found.items() if labels[1] == detector}

    def hints(self) -> set[tuple[str, ...]]:
        return {labels[1:] for labels in self.metrics.rows("harmwatch_bias_hints")}


def person(
    generator: np.random.Generator, group: str, is_last: bool, *, drifts: str = "", unfair: bool = False
) -> dict[str, Any]:
    """Women's (or everybody's) incomes fall in the last hour; approvals of women follow where it is unfair."""
    falls = is_last and drifts in (group, "everybody")
    is_hit = is_last and unfair and group == "female"
    return {
        "income": float(generator.lognormal(10.0 - 0.6 * falls, 0.5)),
        "channel": "web" if generator.random() < 0.7 else "branch",
        "chance": 0.3 if is_hit else 0.6,
    }


def drawn(**how: Any) -> Draw:
    return lambda generator, group, is_last: person(generator, group, is_last, **how)


def test_a_window_is_compared_with_its_past_by_feature_and_group() -> None:
    bench = Bench().hours(drawn(drifts="female")).look()
    statistic, threshold, psi = bench.rows("statistic"), bench.rows("threshold"), bench.rows("statistic", "window_psi")
    assert set(statistic) == set(threshold) == set(psi)
    assert len(statistic) == 9  # three features, of all and of two groups
    over = {label for label, value in statistic.items() if value >= threshold[label]}
    assert over == {"input.features.income", "input.features.income[gender=female]"}
    assert psi["input.features.income[gender=female]"] > 0.5 > 0.05 > psi["input.features.income[gender=male]"]
    assert bench.metrics.rows("harmwatch_drift_detected_total") == {}


def test_before_there_is_a_past_nothing_is_said() -> None:
    assert Bench().hours(drawn(), past=5, recent=500).look().rows("statistic") == {}


def test_a_reference_from_a_file_stands_instead_of_the_past() -> None:
    generator = np.random.default_rng(5)
    normal = NumberReference.of(generator.lognormal(10.6, 0.5, 1000))
    for references in (
        References({"input.features.income": normal}),
        References(models={"loans": {"input.features.income": normal}}),
    ):
        statistic = Bench(references).hours(drawn()).look().rows("statistic")
        assert [label for label, value in statistic.items() if value >= 2.0] == ["input.features.income"]
    # Files from before there were bins say nothing to windows; the past stands in.
    old = References({"input.features.income": NumberReference(normal.edges, normal.counts)})
    assert max(Bench(old).hours(drawn()).look().rows("statistic").values()) < 2.0


def test_a_gap_that_moves_with_a_drift_in_one_group_is_a_hint_that_names_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        bench = Bench().hours(drawn(drifts="female", unfair=True)).look()
    assert bench.hints() == {("gender", "female", "input.features.income")}
    told = [record.getMessage() for record in caplog.records if "bias_hint" in record.getMessage()]
    assert any("measure=spd" in line and "'input.features.income'" in line and "'female'" in line for line in told)
    # Once a minute and not with every look.
    caplog.clear()
    for _ in range(50):
        bench.clock.advance(1.0)
        bench.drift.look()
    assert len({record.getMessage() for record in caplog.records}) == len(caplog.records) <= len(told)


@pytest.mark.parametrize("how", [{"drifts": "everybody"}, {"drifts": "female"}, {"unfair": True}, {}])
def test_drift_without_a_gap_is_none_and_a_gap_without_drift_neither(how: dict[str, Any]) -> None:
    assert Bench().hours(drawn(**how)).look().hints() == set()


def test_a_hint_goes_with_its_reason() -> None:
    bench = Bench().hours(drawn(drifts="female", unfair=True)).look()
    assert bench.hints()
    bench.windows.drop(KEY)
    bench.look()
    assert bench.hints() == set()
    assert bench.rows("statistic") == {}


def test_what_is_said_is_of_all_workers_together() -> None:
    bench, other = Bench().hours(drawn()), Bench(seed=1).hours(drawn(drifts="female", unfair=True))
    bench.drift.read_from(lambda: other.windows)
    assert bench.look().hints() == {("gender", "female", "input.features.income")}


def test_without_drift_false_alarms_are_as_rare_as_stated() -> None:
    """One window of a hundred at most shows drift of anything: three of 300, nine by chance; hints are rarer."""
    drifted = hinted = 0
    for seed in range(300):
        bench = Bench(seed=seed).hours(drawn(), past=600, recent=300)
        found, hints = bench.drift.measure(bench.windows, "loans")
        assert len(found) == 9
        drifted += any(drift.detected for drift in found)
        hinted += bool(hints)
    assert drifted <= 9
    assert hinted <= 1


def test_counts_and_hints_survive_a_restart() -> None:
    bench = Bench().hours(drawn(drifts="female", unfair=True))
    values = list(bench.windows.snapshot(KEY).values.values())
    heir = Bench()
    heir.clock.advance(6 * HOUR)
    heir.windows.restore(KEY, values)
    assert heir.drift.measure(heir.windows, "loans") == bench.drift.measure(bench.windows, "loans")
