"""A call's halves may name its model differently; what harms and what it is divided by stand under one name."""

from __future__ import annotations

from agent.clock import SystemClock
from agent.config import CoreConfig
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from tests.builders import WordScorer, make_event


def test_harm_in_the_answer_counts_for_the_model_that_was_asked() -> None:
    clock = SystemClock()
    metrics = Metrics(new_registry(), clock=clock)
    pipeline = build_pipeline(CoreConfig(), metrics=metrics, clock=clock, scorers=[WordScorer()])
    for number in range(50):
        name = f"r-{number}"
        asked = make_event(answer=None, inference_id=name, model="large")
        answered = make_event(text=None, answer="awful", inference_id=name, model="large-2026-08-06")
        pipeline.submit(Origin("t", 0, 2 * number), 0.0, [asked])
        pipeline.submit(Origin("t", 0, 2 * number + 1), 0.0, [answered])
    pipeline.close()
    outcomes = pipeline.join(20.0)
    pipeline.terminate()
    assert metrics.rows("harmwatch_events_total") == {("large", "native"): 50.0}
    assert metrics.rows("harmwatch_harmful_events_total") == {("large", "output"): 50.0}
    [reading] = pipeline.windows.total_measurements()
    assert (reading.model, reading.results["harm"].harmful["output"]) == ("large", 50.0)
    named = {(v.direction, v.model, v.model_version) for outcome in outcomes for v in outcome.verdicts}
    assert named == {("input", "large", ""), ("output", "large", "large-2026-08-06")}
