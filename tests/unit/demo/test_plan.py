"""What the demo plants is found by the agent's own scorers and windows, and the detector that knows nothing of it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from agent.clock import ManualClock
from agent.errors import DecodeError
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, build_pipeline
from streams.demo.conduct import DemoOptions, demo_config
from streams.demo.detect import IncidentDetector
from streams.demo.fairness import FairnessSteps
from streams.demo.outcome import Outcome, judge
from streams.demo.plan import FAINT_FROM, INCIDENT_NAMES, LEAST_EVENTS, LOANS, MODELS, plan_for
from streams.demo.traffic import Traffic
from streams.formats import Decoder
from streams.ports import Record

START = 1_800_000_000.0
AT_ONCE = 64


def scored(pipeline: Pipeline, traffic: Traffic, clock: ManualClock) -> Iterator[tuple[float, list[dict[str, object]]]]:
    """Time, and the verdicts that came meanwhile as a reader of their topic has them."""
    decoder = Decoder({}, 1 << 20)

    def finished() -> list[dict[str, object]]:
        verdicts = [verdict for outcome in pipeline.join(60.0) for verdict in outcome.verdicts]
        return [msgspec.json.decode(msgspec.json.encode(verdict), type=dict[str, object]) for verdict in verdicts]

    for offset, record in enumerate(traffic):
        clock.advance(max(0.0, record.time - clock.now()))
        try:
            events = decoder.decode(Record("t", 0, offset, record.time, record.key, record.value, record.headers))
        except DecodeError:
            events = []
        pipeline.submit(Origin("t", 0, offset), record.time, events)
        if offset % AT_ONCE == 0:
            yield clock.now(), finished()
    yield clock.now(), finished()


def run_offline(events: int, seconds: float, seed: int, *, behind: bool = False) -> Outcome:
    """A demo without broker and without waiting; looked at all the time, or only when all is scored."""
    config = demo_config(DemoOptions(events=events, seconds=seconds), "nobody:9092")
    clock = ManualClock(START)
    metrics = Metrics(new_registry(), clock=clock)
    pipeline = build_pipeline(config, metrics=metrics, clock=clock, max_records=4 * AT_ONCE, on_done=lambda: None)
    pipeline.warm_up()
    traffic = Traffic(seed, events, START, seconds)
    detector = IncidentDetector.for_run(seconds)
    steps = FairnessSteps(detector, config.windows.windows_seconds[0], START, seconds)
    for now, verdicts in scored(pipeline, traffic, clock):
        for verdict in verdicts:
            detector.feed(verdict, now)
        if not behind:
            steps.take(pipeline.windows, now)
    clock.advance(60.0 if behind else 0.0)
    steps.take(pipeline.windows, clock.now(), ended=True)
    detector.finish(clock.now())
    pipeline.terminate()
    return judge(detector.detections, traffic.incidents, seconds)


@pytest.mark.parametrize("seed", [7, 1, 2, 3])
@pytest.mark.parametrize(("events", "seconds"), [(LEAST_EVENTS, 0.1), (LEAST_EVENTS, 25.0), (FAINT_FROM, 5.0)])
def test_all_four_are_found_in_a_short_run_whatever_the_seed(events: int, seconds: float, seed: int) -> None:
    outcome = run_offline(events, seconds, seed)
    assert {name: row["found"] for name, row in outcome.incidents.items()} == dict.fromkeys(INCIDENT_NAMES, True)
    assert outcome.false_alarms == ()


@pytest.mark.parametrize("seed", [7, 1])
def test_a_run_that_is_scored_after_its_end_is_found_out_as_well(seed: int) -> None:
    outcome = run_offline(LEAST_EVENTS, 0.1, seed, behind=True)
    assert {name: row["found"] for name, row in outcome.incidents.items()} == dict.fromkeys(INCIDENT_NAMES, True)
    assert outcome.false_alarms == ()


@pytest.mark.parametrize("events", [100, 1_000, FAINT_FROM - 1, FAINT_FROM, 20_000])
def test_the_plan_is_one(events: int) -> None:
    plan = plan_for(events)
    assert tuple(plan.plants) == INCIDENT_NAMES
    assert [phase.until for phase in plan.phases] == sorted(phase.until for phase in plan.phases)
    assert plan.phases[-1].until == 1.0
    for phase in plan.phases:
        assert [name for name, _ in phase.models] == list(MODELS)
        bounds = [upto for _, upto in phase.models]
        assert 0.0 < bounds[0] < bounds[1] < bounds[2] == 1.0
    assert plan.model(1.0, 0.0) == MODELS[0]
    assert plan.model(0.0, 0.999) == LOANS


def test_a_long_run_is_as_it_was() -> None:
    """Faint incidents, and the same shares of the calls from beginning to end."""
    plan = plan_for(20_000)
    assert [plant.share for plant in plan.plants.values()] == [0.40, 0.20, 0.25, 1.0]
    assert (len(plan.phases), plan.penalty) == (1, -2.2)


def test_too_few_is_said_before_the_run_and_from_the_least_number_on_no_more() -> None:
    for events, too_few in ((1, True), (LEAST_EVENTS - 1, True), (LEAST_EVENTS, False), (20_000, False)):
        incidents = Traffic(1, events, START, 5.0).incidents.values()
        assert {incident.too_few_events for incident in incidents} == {too_few}
