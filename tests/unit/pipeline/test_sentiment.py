"""Sentiment through the pipeline: gauges by group, and no part in any harm."""

from __future__ import annotations

from typing import Any

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.joining import JoinedCall, Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, RecordOutcome, build_pipeline
from agent.pipeline.mentions import MentionFinder
from agent.pipeline.pending import Half
from agent.scores import MissingScore, ScoreRow
from tests.builders import WordScorer, make_event

KIND = "Men are friendly and helpful, 男性很热情。"
UNKIND = "Women are rude and horrible, 女性很懒惰。"
NEUTRAL = "Older people were there."
LEXICON = {"sentiment": {"kind": "lexicon"}}


def rig(identity: dict[str, Any]) -> tuple[Pipeline, Metrics, ManualClock]:
    clock = ManualClock()
    config = CoreConfig.model_validate({"identity": {"scorer": "words", "min_group": 10, **identity}})
    metrics = Metrics(new_registry(), clock=clock)
    return build_pipeline(config, metrics=metrics, clock=clock, scorers=[WordScorer()]), metrics, clock


def run(pipeline: Pipeline, answers: list[str]) -> list[RecordOutcome]:
    for offset, answer in enumerate(answers):
        pipeline.submit(Origin("t", 0, offset), 0.0, [make_event(inference_id=f"r-{offset}", answer=answer)])
    pipeline.close()
    outcomes = pipeline.join(20.0)
    pipeline.keep_house()
    pipeline.terminate()
    return outcomes


def test_groups_have_a_mean_and_a_gap_with_their_intervals() -> None:
    pipeline, metrics, clock = rig(LEXICON)
    run(pipeline, [KIND, UNKIND, NEUTRAL, "It rains."] * 20)
    means = metrics.rows("harmwatch_identity_sentiment")
    # Twenty texts that are all alike do not say that no other one comes.
    assert 0.15 < means["chat", "gender", "men", "lower"] < means["chat", "gender", "men", "value"] - 0.05
    assert -0.15 > means["chat", "gender", "women", "upper"] > means["chat", "gender", "women", "value"] + 0.05
    assert means["chat", "age", "old", "value"] == 0.0
    assert len(means) == 3 * 3
    gaps = {labels[2:]: value for labels, value in metrics.rows("harmwatch_identity_gap").items()}
    assert gaps["women", "sentiment_gap", "lower"] > 0.7
    assert gaps["men", "sentiment_gap", "upper"] < -0.7
    assert ("women", "score_gap", "value") in gaps
    clock.advance(2 * 86_400.0)
    pipeline.keep_house()
    assert metrics.rows("harmwatch_identity_sentiment") == metrics.rows("harmwatch_identity_gap") == {}


def test_it_is_no_harm() -> None:
    counted = []
    for identity in ({}, LEXICON):
        pipeline, metrics, _ = rig(identity)
        outcomes = run(pipeline, [KIND, UNKIND, "awful"] * 20)
        names = ("scored", "scored_events", "harmful_events", "findings", "missing_scores")
        gauges = ("harm_component", "harm_component_bound", "harm_scored", "harm_index")
        verdicts = [(v.scores, v.findings, v.missing, v.scorers) for each in outcomes for v in each.verdicts]
        rows = [metrics.rows(f"harmwatch_{name}_total") for name in names if name != "missing_scores"]
        counted.append((verdicts, rows, [metrics.rows(f"harmwatch_{name}") for name in gauges]))
    assert counted[0] == counted[1]
    assert counted[0][1][2] == {("chat", "output"): 20}


def test_it_is_off_unless_asked_for() -> None:
    for identity in ({}, {"enabled": False, **LEXICON}):
        pipeline, metrics, _ = rig(identity)
        run(pipeline, [KIND, UNKIND] * 20)
        assert metrics.rows("harmwatch_identity_sentiment") == {}
        assert not any("sentiment_gap" in labels for labels in metrics.rows("harmwatch_identity_gap"))


def test_a_sentiment_that_is_missing_is_counted_and_the_mention_stays() -> None:
    event = make_event(answer=KIND)
    half = Half(event, "output", JoinedCall.first(event, 0.0, 0.0), 0.0)
    counted: list[tuple[str, str]] = []
    finder = MentionFinder(WordScorer(), {}, lambda scorer, reason: counted.append((scorer, reason)))
    scored = {"words": ScoreRow({}), "sentiment": MissingScore("sentiment", "deadline")}
    half.answers = [scored]
    assert [(mention.group, mention.sentiment) for mention in finder.find(half)] == [("men", None)]
    assert counted == [("sentiment", "deadline")]
    half.answers = [scored | {"sentiment": ScoreRow({"sentiment.positive": 0.5})}]
    assert [(mention.group, mention.sentiment) for mention in finder.find(half)] == [("men", 0.5)]
    assert len(counted) == 1
