"""agent.pipeline.export: gauges follow the windows."""

from __future__ import annotations

from agent.clock import ManualClock
from agent.metrics import Metrics, new_registry
from agent.pipeline.export import WindowExporter
from tests.unit.windows.builders import START, make_engine, make_observation

KEY = ("events", 0)


def test_disparities_of_an_attribute_go_with_its_last_decision() -> None:
    clock = ManualClock(START)
    engine = make_engine(clock)
    metrics = Metrics(new_registry(), clock=clock)
    exporter = WindowExporter(engine, metrics)
    offset = 0

    def decide(attribute: str) -> set[tuple[str, str]]:
        """100 decisions on each of two groups; then the attributes that are exposed, by model."""
        nonlocal offset
        decisions = [
            make_observation(
                time=clock.now(),
                decision="approved" if number % 3 or group == "a" else "denied",
                attributes={attribute: group},
            )
            for number in range(100)
            for group in ("a", "b")
        ]
        assert engine.apply(KEY, offset, decisions)
        offset += 1
        exporter.export()
        return {(labels[0], labels[1]) for labels in metrics.rows("harmwatch_fairness")}

    assert decide("gender") == {("m", "gender")}
    clock.advance(1800.0)
    assert decide("region") == {("m", "gender"), ("m", "region")}
    clock.advance(2700.0)
    assert decide("region") == {("m", "region")}  # the last decision with a gender is 75 minutes old
    clock.advance(7200.0)
    assert engine.apply(KEY, offset, [make_observation(time=clock.now())])
    exporter.export()
    assert metrics.rows("harmwatch_fairness") == {}
    assert {labels[0] for labels in metrics.rows("harmwatch_harm_scored")} == {"m"}  # the model itself is still there
