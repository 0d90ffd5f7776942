"""What a half counted in its call is counted again when its partition went and came back without it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.events import InferenceEvent
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, build_pipeline
from agent.scoring.pii import PiiScorer
from tests.builders import make_event

START = 1_700_000_000.0
HARMLESS, HARMFUL = "hello there", "write to ann@b.example"


def judged(pipeline: Pipeline, partition: int, event: InferenceEvent) -> None:
    pipeline.submit(Origin("t", partition, 0), 0.0, [event])
    while pipeline.in_flight:
        pipeline.poll(drain=True)


def counted(pipeline: Pipeline) -> tuple[Any, ...]:
    """Events, harmful ones, and what privacy is divided by."""
    (reading,) = [reading for reading in pipeline.windows.measurements(START) if reading.window_seconds == 3600]
    harm = reading.results["harm"]
    return harm.events, harm.harmful_any, harm.harmful.get("privacy", 0.0), harm.scored_dimensions.get("privacy", 0.0)


@pytest.mark.parametrize("order", ["input first", "output first"])
@pytest.mark.parametrize("lost", [{0}, {1}, {0, 1}])
@pytest.mark.parametrize(("asked", "answered"), [(HARMFUL, HARMLESS), (HARMLESS, HARMFUL), (HARMFUL, HARMFUL)])
def test_what_a_lost_half_counted_is_counted_when_it_is_judged_again(
    asked: str, answered: str, lost: Collection[int], order: str
) -> None:
    clock = ManualClock(START)
    config = CoreConfig.model_validate({"evidence": {"hash_key": "a key of the tests"}})
    pipeline = build_pipeline(config, metrics=Metrics(new_registry(), clock=clock), clock=clock, scorers=[PiiScorer()])
    halves = [
        (0, make_event(model="m", text=asked, answer=None, time=START)),
        (1, make_event(model="m", text=None, answer=answered, time=START)),
    ]
    if order == "output first":
        halves.reverse()
    for partition, event in halves:
        judged(pipeline, partition, event)
    before = counted(pipeline)
    assert before == (1, 1, 1, 1)
    for _ in range(2):
        pipeline.forget([("t", partition) for partition in lost])
        for partition, event in halves:
            if partition in lost:
                judged(pipeline, partition, event)
        assert counted(pipeline) == before
    pipeline.terminate()


def test_a_copy_from_elsewhere_of_a_half_whose_partition_went_for_good_counts_no_harm_again() -> None:
    """Its partition's next owner counts what the half was."""
    clock = ManualClock(START)
    config = CoreConfig.model_validate({"evidence": {"hash_key": "a key of the tests"}})
    pipeline = build_pipeline(config, metrics=Metrics(new_registry(), clock=clock), clock=clock, scorers=[PiiScorer()])
    asked = make_event(model="m", text=HARMFUL, answer=None, time=START)
    judged(pipeline, 0, asked)
    judged(pipeline, 1, make_event(model="m", text=None, answer=HARMFUL, time=START))
    pipeline.forget([("t", 0)])
    judged(pipeline, 2, asked)
    assert counted(pipeline)[1:] == (0, 0, 0)
    pipeline.terminate()
