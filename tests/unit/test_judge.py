"""agent.pipeline.judge through the pipeline: evidence and leaks of large calls."""

from __future__ import annotations

import msgspec
import pytest

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.events import InferenceEvent, Payload, TextPart
from agent.joining import Origin
from agent.leaks import MAX_VALUES
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from agent.scores import Evidence, ScoreRow, TextSpan, Verdict
from agent.scoring.base import Batch, Scorer
from tests.builders import WordScorer, make_event

SYSTEM = TextPart("Be kind.", "system")


class Addresses(WordScorer):
    """Stands in for the pii scorer: every word with an @ is an address."""

    def __init__(self) -> None:
        super().__init__("pii", {"@": "pii.email"}, "privacy")

    def _row(self, text: str) -> ScoreRow:
        spans, at = [], 0
        for word in text.split(" "):
            if "@" in word:
                spans.append(TextSpan(at, at + len(word), "pii.email", "EMAIL"))
            at += len(word) + 1
        return ScoreRow({"pii.email": 1.0} if spans else {}, tuple(spans))


class Mute(WordScorer):
    """Gives scores without spans, and says far too much about them."""

    def score(self, batch: Batch) -> list[ScoreRow]:
        return [ScoreRow(row.scores, (), "long " * 1000) for row in super().score(batch)]


def judge(event: InferenceEvent, *scorers: Scorer) -> tuple[list[Verdict], list[Evidence]]:
    clock = ManualClock()
    config = CoreConfig.model_validate({"evidence": {"hash_key": "a key of the tests"}})
    metrics = Metrics(new_registry(), clock=clock)
    pipeline = build_pipeline(config, metrics=metrics, clock=clock, scorers=list(scorers))
    pipeline.warm_up()
    pipeline.submit(Origin("t", 0, 0), 0.0, [event])
    pipeline.close()
    outcomes = pipeline.join(20.0)
    return [v for outcome in outcomes for v in outcome.verdicts], [e for outcome in outcomes for e in outcome.evidence]


def conversation(turns: int, awful: int) -> Payload:
    texts = [TextPart(f"turn {n} " + ("awful " if n == awful else "") + "界" * 2000) for n in range(turns)]
    return Payload(texts=(SYSTEM, *texts))


@pytest.mark.parametrize("scorer", [WordScorer(), Mute()])
def test_evidence_of_a_long_conversation_is_small_and_shows_the_finding(scorer: Scorer) -> None:
    _, (evidence,) = judge(make_event(input=conversation(900, awful=700)), scorer, Addresses())
    assert len(msgspec.json.encode(evidence)) < 20_000
    assert len(evidence.content_hashes) == len(evidence.texts) == 64
    (shown,) = filter(None, evidence.texts)
    assert "turn 700 awful" in shown
    assert len(evidence.findings[0].explanation) <= 300


def addresses(first: int, last: int) -> str:
    return " ".join(f"u{n}@d{n}.example.org" for n in range(first, last))


@pytest.mark.parametrize(
    ("given", "told", "leaked"),
    [
        (addresses(0, 50), addresses(0, 50), False),
        (addresses(0, 500), addresses(0, MAX_VALUES), False),
        (addresses(0, 500), addresses(0, MAX_VALUES + 1), None),
        (addresses(100, 500), addresses(0, 500), True),
    ],
)
def test_leaked_is_told_of_what_was_looked_up(given: str, told: str, leaked: bool | None) -> None:
    (verdict,) = [v for v in judge(make_event(text=given, answer=told), Addresses())[0] if v.direction == "output"]
    assert [finding.leaked for finding in verdict.findings] == [leaked]
