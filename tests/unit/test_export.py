"""agent.pipeline.export: gauges follow the windows."""

from __future__ import annotations

from agent.clock import ManualClock
from agent.metrics import Metrics, new_registry
from agent.pipeline.export import WindowExporter, window_name
from agent.windows.base import Observation
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


def test_a_flood_of_groups_that_displaces_those_compared_is_told() -> None:
    clock = ManualClock(START)
    engine = make_engine(clock)
    metrics = Metrics(new_registry(), clock=clock)
    exporter = WindowExporter(engine, metrics)

    def decided(group: str, decision: str) -> Observation:
        return make_observation(time=clock.now(), attributes={"gender": group}, decision=decision)

    apart = [decided("male", "approved"), decided("female", "denied")] * 50
    assert engine.apply(KEY, 0, apart)
    exporter.export()
    assert metrics.rows("harmwatch_fairness")["m", "gender", "spd", "value"] == 1.0
    assert metrics.rows("harmwatch_uncompared_ratio") == {("m", "gender"): 0.0}
    assert engine.apply(KEY, 1, [decided(f"g{i}", "approved") for i in range(400)])
    exporter.export()
    assert metrics.rows("harmwatch_fairness") == {}
    assert metrics.rows("harmwatch_uncompared_ratio")["m", "gender"] > 0.9
    clock.advance(7200.0)
    assert engine.apply(KEY, 2, [make_observation(time=clock.now())])
    exporter.export()
    assert metrics.rows("harmwatch_uncompared_ratio") == {}


def test_the_index_has_its_interval_beside_it_and_both_go_below_the_minimum_count() -> None:
    clock = ManualClock(START)
    engine = make_engine(clock)
    metrics = Metrics(new_registry(), clock=clock)
    exporter = WindowExporter(engine, metrics)
    harmful = [make_observation(time=clock.now(), dimensions=("output", "privacy"))] * 10
    assert engine.apply(KEY, 0, [*harmful, *[make_observation(time=clock.now())] * 90])
    exporter.export()
    found = metrics.rows("harmwatch_harm_index")
    bounds = metrics.rows("harmwatch_harm_index_bound")
    windows = {labels[1] for labels in found}
    assert len(bounds) == 2 * len(found) == 2 * 2 * len(windows)
    for window in windows:
        assert found["m", window, "sum"] == 0.2
        # Wilson of 10 in 100 twice, of 0 in 100 once.
        assert round(bounds["m", window, "sum", "lower"], 4) == round(2 * 0.05523, 4)
        assert round(bounds["m", window, "sum", "upper"], 3) == round(2 * 0.17437 + 0.03699, 3)
        assert bounds["m", window, "union", "lower"] < found["m", window, "union"] == 1 - 0.9 * 0.9
    clock.advance(7200.0)
    assert engine.apply(KEY, 1, [make_observation(time=clock.now())] * 5)
    exporter.export()
    assert metrics.rows("harmwatch_harm_index") == metrics.rows("harmwatch_harm_index_bound") == {}


def test_of_a_model_that_decides_on_features_h_is_its_bias_until_a_text_comes() -> None:
    clock = ManualClock(START)
    engine = make_engine(clock)
    metrics = Metrics(new_registry(), clock=clock)
    exporter = WindowExporter(engine, metrics)
    decisions = [
        make_observation(
            time=clock.now(),
            directions=(),
            scored_dimensions=(),
            decision="approved" if number % 4 or group == "a" else "denied",
            attributes={"gender": group},
        )
        for number in range(100)
        for group in ("a", "b")
    ]
    assert engine.apply(KEY, 0, decisions)
    exporter.export()
    assert {labels[2]: value for labels, value in metrics.rows("harmwatch_harm_index").items()} == {
        "sum": 0.25,
        "union": 0.25,
    }
    component = {labels[2]: value for labels, value in metrics.rows("harmwatch_harm_component").items()}
    assert component == {"bias": 0.25}
    assert engine.apply(KEY, 1, [make_observation(time=clock.now())])
    exporter.export()
    assert metrics.rows("harmwatch_harm_index") == {}


def test_gauges_are_of_all_workers_where_there_are_others() -> None:
    """Two workers hold half of the decisions each: alone neither has enough of a group, together they have."""
    clock = ManualClock(START)
    workers, whole = [make_engine(clock), make_engine(clock)], make_engine(clock)
    for number, engine in enumerate(workers):
        decisions = [
            make_observation(time=clock.now(), decision="approved" if place % 2 else "denied", attributes={"sex": sex})
            for place in range(20)
            for sex in ("f", "m")
        ]
        engine.apply(("events", number), 0, decisions)
        for value in engine.snapshot(("events", number)).values.values():
            whole.absorb(value)
    metrics = Metrics(new_registry(), clock=clock)
    exporter = WindowExporter(workers[0], metrics)
    exporter.export()
    scored = metrics.rows("harmwatch_harm_scored")
    exporter.read_from(lambda: whole)
    exporter.export()
    assert metrics.rows("harmwatch_harm_scored") == {labels: 2 * number for labels, number in scored.items()}
    assert metrics.rows("harmwatch_fairness")["m", "sex", "spd", "value"] == 0.0


def test_windows_are_named_by_their_largest_unit() -> None:
    names = {60.0: "1m", 90.0: "90s", 300.0: "5m", 3600.0: "1h", 5400.0: "90m", 86_400.0: "1d", 604_800.0: "7d"}
    assert {seconds: window_name(seconds) for seconds in names} == names
