"""Models that the configuration names have figures of their own, whoever came before."""

from __future__ import annotations

from agent.clock import SystemClock
from agent.config import CoreConfig
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from tests.builders import WordScorer, make_event


def test_named_models_have_places_after_a_flood_of_other_names() -> None:
    clock = SystemClock()
    metrics = Metrics(new_registry(), clock=clock, model_budget=5)
    config = CoreConfig.model_validate(
        {
            "windows": {"max_models": 3, "models": ["listed"], "favourable": {"lender": ["yes"]}},
            "bias": {"score_thresholds": {"scorer": 0.5}},
        }
    )
    pipeline = build_pipeline(config, metrics=metrics, clock=clock, scorers=[WordScorer()])
    named = ["listed", "lender", "scorer"]
    for offset, model in enumerate([*(f"evil-{number}" for number in range(20)), *named, "late"]):
        pipeline.submit(Origin("t", 0, offset), 0.0, [make_event(inference_id=f"r-{offset}", model=model)])
    pipeline.close()
    pipeline.join(20.0)
    pipeline.terminate()
    assert set(pipeline.windows.models()) == {*named, "other"}
    counted = {model for model, _ in metrics.rows("harmwatch_events_total")}
    assert counted >= {*named, "other"} and "late" not in counted
