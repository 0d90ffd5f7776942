"""agent.pipeline.mentions through the pipeline: mentions are counted, and gaps become gauges and go again."""

from __future__ import annotations

from typing import Any

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, build_pipeline
from tests.builders import WordScorer, make_event

BAD = "Women are awful, 女性很糟糕 awful."
GOOD = "Men are nice, 男性很好."
BOTH = "Women and men are awful."


def rig(**identity: Any) -> tuple[Pipeline, Metrics, ManualClock]:
    clock = ManualClock()
    config = CoreConfig.model_validate({"identity": {"scorer": "words", "min_group": 10, **identity}})
    metrics = Metrics(new_registry(), clock=clock)
    return build_pipeline(config, metrics=metrics, clock=clock, scorers=[WordScorer()]), metrics, clock


def run(pipeline: Pipeline, answers: list[str], text: str = "hello") -> None:
    for offset, answer in enumerate(answers):
        event = make_event(inference_id=f"r-{offset}", text=text, answer=answer)
        pipeline.submit(Origin("t", 0, offset), 0.0, [event])
    pipeline.close()
    pipeline.join(20.0)
    pipeline.terminate()


def test_gaps_between_groups_that_outputs_mention() -> None:
    pipeline, metrics, clock = rig()
    run(pipeline, [BAD, GOOD, BOTH] * 20, text="women women")
    assert metrics.rows("harmwatch_identity_mentions_total") == {
        ("chat", "gender", "women"): 40,
        ("chat", "gender", "men"): 40,
    }
    pipeline.keep_house()
    gaps = metrics.rows("harmwatch_identity_gap")
    assert gaps["chat", "gender", "women", "rate_gap", "value"] == 1.0
    assert gaps["chat", "gender", "women", "score_gap", "lower"] > 0.9
    assert gaps["chat", "gender", "men", "rate_gap", "upper"] < -0.5
    assert len(gaps) == 2 * 2 * 3
    clock.advance(2 * 86400.0)
    pipeline.keep_house()
    assert metrics.rows("harmwatch_identity_gap") == {}
    assert metrics.total("harmwatch_identity_mentions_total") == 80


def test_it_can_be_switched_off_or_have_no_scorer_to_go_by() -> None:
    for identity in ({"enabled": False}, {"scorer": "absent"}):
        pipeline, metrics, _ = rig(**identity)
        run(pipeline, [BAD, GOOD] * 20)
        pipeline.keep_house()
        assert metrics.rows("harmwatch_identity_mentions_total") == {}
        assert metrics.rows("harmwatch_identity_gap") == {}
