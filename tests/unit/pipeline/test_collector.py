"""What an event leaves behind is nothing that the collector of cycles would have to look through.

With nineteen such objects for each of 100,000 calls, a full collection took seconds, and nothing else happened then.
"""

from __future__ import annotations

import gc

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, build_pipeline
from tests.builders import WordScorer, make_event

_EVENTS = 2000


def test_what_is_remembered_of_calls_is_not_tracked() -> None:
    clock = ManualClock(1_700_000_000.0)
    pipeline = build_pipeline(
        CoreConfig.model_validate({"consistency": {"max_questions": 10 * _EVENTS}}),
        metrics=Metrics(new_registry(), clock=clock),
        clock=clock,
        scorers=[WordScorer()],
    )
    take(pipeline, 0)
    before = tracked()
    take(pipeline, _EVENTS)
    assert tracked() - before < 0.1 * _EVENTS


def take(pipeline: Pipeline, first: int) -> None:
    """Different calls, by turns whole, its answer with a number, or a question alone."""
    for number in range(first, first + _EVENTS):
        answer = f"It is {number}." if number % 2 else None
        event = make_event(text=f"How much is {number}?", answer=answer, inference_id=f"call-{number}", label="1")
        pipeline.submit(Origin("t", 0, number), 0.0, [event])
        while pipeline.in_flight > 100:
            pipeline.poll(drain=True)
    while pipeline.in_flight:
        pipeline.poll(drain=True)


def tracked() -> int:
    gc.collect()
    return len(gc.get_objects())
