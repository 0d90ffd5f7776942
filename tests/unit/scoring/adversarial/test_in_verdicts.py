"""Signals in verdicts, calibrations and evaluations: told beside the classifier's judgement, never in its place."""

from __future__ import annotations

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from agent.quality.measure import ScorerJudge
from agent.scoring.adversarial import AdversarialScorer
from tests.builders import make_event
from tests.unit.scoring.adversarial.tricks import TRICKS

DISGUISED = TRICKS["full-width"]()


def test_a_verdicts_score_is_the_classifiers_and_the_disguise_is_a_finding() -> None:
    scorer = AdversarialScorer()
    clock = ManualClock()
    pipeline = build_pipeline(
        CoreConfig(), metrics=Metrics(new_registry(), clock=clock), clock=clock, scorers=[scorer], sanitising=True
    )
    pipeline.warm_up()
    pipeline.submit(Origin("t", 0, 0), 0.0, [make_event(text=DISGUISED)])
    pipeline.close()
    (outcome,) = pipeline.join(20.0)
    verdict = next(verdict for verdict in outcome.verdicts if verdict.direction == "input")
    assert "adversarial.obfuscation" in [finding.category for finding in verdict.findings]
    assert verdict.scores["adversarial"] < scorer.thresholds["adversarial"]
    (sanitised,) = outcome.sanitised
    assert sanitised.id == verdict.id
    assert sanitised.texts != [DISGUISED]
    assert {change.kind for change in sanitised.changes} == {"full-width"}


def test_evaluate_does_not_take_a_disguise_for_an_attack() -> None:
    judge = ScorerJudge(AdversarialScorer(), {})
    assert set(judge.thresholds) == {"adversarial"}
    (opinion,) = judge.judge([DISGUISED])
    assert not opinion.flagged
    assert opinion.spans == ()
