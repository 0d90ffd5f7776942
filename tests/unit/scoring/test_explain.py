"""agent.scoring.explain and explained: the words that carried a score, at a bounded cost."""

from __future__ import annotations

import logging

import pytest

from agent.clock import ManualClock
from agent.config import ExplainConfig
from agent.events import TextPart
from agent.scores import ScoreRow
from agent.scoring import load_scorer
from agent.scoring.base import Batch, Scorer, ScoringItem
from agent.scoring.explain import SENTENCE, WORD, Explainer
from agent.scoring.explained import ExplainedScorer
from agent.scoring.segments import sentences
from tests.builders import WordScorer
from tests.unit.scoring.fake_scorers import FakeScorer, make_batch, make_item

# Low: these tests are about where the score comes from, not about how high the shipped model puts it.
LEVEL = 0.6
FILLER = "The weather is fine today and we walk along the lake. "
STORY = (
    "We met at the station on Monday. The train was late, so we had coffee. Her report lists three open questions. "
    "Two of them were answered last week. The third one needs figures from the factory. I will ask for them tomorrow. "
    "Lunch was good, and the garden is open until six. Please bring the tickets. Thank you for your patience. "
)
FILLER_ZH = "今天天气很好，我们沿着湖边散步。"


def no_overrides(scorer: str) -> dict[str, float]:
    return {}


class Endless:
    """An allowance without end that counts."""

    def __init__(self) -> None:
        self.spent = 0

    def take(self, evaluations: int) -> bool:
        self.spent += evaluations
        return True


@pytest.fixture(scope="module")
def toxicity() -> Scorer:
    scorer = load_scorer("toxicity", {"threshold": LEVEL})
    scorer.warm_up()
    return scorer


def explained(scorer: Scorer, text: str, **over: object) -> tuple[ScoreRow, list[str]]:
    config = ExplainConfig.model_validate({"findings": True, "evaluations_per_second": 100_000, **over})
    (row,) = ExplainedScorer(scorer, no_overrides, config, ManualClock()).score(make_batch(text))
    return row, [text[span.start : span.end] for span in row.spans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You are a stupid idiot.", {"stupid", "idiot"}),
        (f"{FILLER}You are a stupid idiot and everybody hates you. See you on Monday.", {"idiot"}),
        (f"{STORY}You are a stupid idiot, you moron. {FILLER}", {"idiot"}),
        ("你是个白痴，滚开！", {"痴"}),
    ],
)
def test_the_insults_carry_the_score(toxicity: Scorer, text: str, expected: set[str]) -> None:
    row, shown = explained(toxicity, text)
    assert row.scores["toxicity"] >= LEVEL
    assert expected <= set(shown)
    assert len(shown) <= 4
    assert {span.type for span in row.spans} == {WORD}
    assert all(0.0 < span.score <= 1.0 for span in row.spans)


def test_the_explanation_holds_no_payload(toxicity: Scorer) -> None:
    row, shown = explained(toxicity, "You are a stupid idiot.")
    told = " ".join(span.explanation for span in row.spans)
    assert "carry" in told
    assert "% of the score" in told
    assert not any(word in told for word in shown)


@pytest.mark.parametrize("text", [FILLER, FILLER_ZH, "", "   "])
def test_a_harmless_text_is_not_explained(toxicity: Scorer, text: str) -> None:
    assert explained(toxicity, text)[1] == []


def test_without_the_sentences_told_the_text_would_have_passed(toxicity: Scorer) -> None:
    text = f"You are a stupid idiot. {FILLER}Nobody likes you, moron. {FILLER}"
    row, _ = explained(toxicity, text)
    held = [text[a:b] for a, b in sentences(text) if not any(s.start < b and a < s.end for s in row.spans)]
    (rest,) = toxicity.score(make_batch(" ".join(held)))
    assert rest.scores["toxicity"] < LEVEL
    assert FILLER.strip() in held


def test_scores_are_those_of_the_scorer_inside(toxicity: Scorer) -> None:
    texts = ("You are a stupid idiot.", FILLER, "你是个白痴，滚开！")
    config = ExplainConfig(findings=True)
    wrapped = ExplainedScorer(toxicity, no_overrides, config, ManualClock())
    plain = [row.scores for row in toxicity.score(make_batch(*texts))]
    assert [row.scores for row in wrapped.score(make_batch(*texts))] == plain
    assert (wrapped.name, wrapped.version, wrapped.thresholds) == (toxicity.name, toxicity.version, toxicity.thresholds)


@pytest.mark.parametrize("most", [8, 48])
def test_the_cost_is_bounded_however_long_the_text(toxicity: Scorer, most: int) -> None:
    text = FILLER * 100 + "You are a stupid idiot. " * 20 + FILLER_ZH * 100
    allowance = Endless()
    row = toxicity.score(make_batch(text))[0]
    told = Explainer(toxicity, most).explain(make_item(text), row.scores, {"toxicity": LEVEL}, allowance)
    assert allowance.spent <= most
    for explanation in told.values():
        ends = [0, *(span.end for span in explanation.spans)]
        assert all(span.start >= end for span, end in zip(explanation.spans, ends, strict=False))


class Loud(FakeScorer):
    """Anything with an ``a`` reaches the threshold: no single word carries the score of "a a a"."""

    def score(self, batch: Batch) -> list[ScoreRow]:
        super().score(batch)
        return [ScoreRow({"fake": 0.9 if "a" in text else 0.1}) for text in batch.texts("raw")]


def test_where_no_word_stands_out_the_sentence_is_told() -> None:
    row, shown = explained(Loud(), "It is so. ba ca da. It is so.")
    assert shown == ["ba ca da."]
    assert [span.type for span in row.spans] == [SENTENCE]
    assert "1 place" in row.spans[0].explanation


def test_spans_that_a_scorer_gives_itself_stay_and_cost_nothing() -> None:
    scorer = WordScorer()
    _, shown = explained(scorer, "an awful answer")
    assert shown == ["awful"]
    assert scorer.texts_scored == 1


def test_the_budget_of_a_second_is_kept_and_comes_back() -> None:
    clock, scorer = ManualClock(), Loud()
    config = ExplainConfig(findings=True, evaluations_per_second=6)
    wrapped = ExplainedScorer(scorer, no_overrides, config, clock)
    first, second = wrapped.score(make_batch("One. ba da.", "Two. ba da."))
    assert first.spans
    assert not second.spans
    assert sum(map(len, scorer.seen)) <= 2 + 6
    clock.advance(1.0)
    (third,) = wrapped.score(make_batch("Two. ba da."))
    assert third.spans


def test_the_time_of_a_call_is_kept() -> None:
    clock = ManualClock()

    class Slow(Loud):
        def score(self, batch: Batch) -> list[ScoreRow]:
            clock.advance(0.3)
            return super().score(batch)

    scorer = Slow()
    wrapped = ExplainedScorer(scorer, no_overrides, ExplainConfig(findings=True, max_seconds=0.5), clock)
    wrapped.score(make_batch(*(f"{number}. ba da." for number in range(50))))
    assert len(scorer.batches) <= 4


def test_a_failing_explanation_does_not_cost_the_score(caplog: pytest.LogCaptureFixture) -> None:
    class Fragile(Loud):
        def score(self, batch: Batch) -> list[ScoreRow]:
            if self.batches:
                raise RuntimeError("secret-payload")
            return super().score(batch)

    clock = ManualClock(0.0)
    wrapped = ExplainedScorer(Fragile(), no_overrides, ExplainConfig(findings=True), clock)
    with caplog.at_level(logging.WARNING):
        rows = wrapped.score(make_batch(*(f"{number}. ba da." for number in range(3))))
    assert [(row.scores, row.spans) for row in rows] == [({"fake": 0.9}, ())] * 3
    assert caplog.text.count("explanation_failed") == 1
    assert "secret-payload" not in caplog.text


def test_variants_keep_what_the_item_is() -> None:
    seen: list[ScoringItem] = []

    class Curious(Loud):
        def score(self, batch: Batch) -> list[ScoreRow]:
            seen.extend(batch.items)
            assert [item.normalized for item in batch.items] == [item.raw.casefold() for item in batch.items]
            return super().score(batch)

    item = ScoringItem(TextPart("One. BA DA.", "tool", "tool_result"), "output", str.casefold)
    assert item.normalized
    row = ScoreRow({"fake": 0.9})
    Explainer(Curious()).explain(item, row.scores, {"fake": 0.5}, Endless())
    assert len(seen) > 1
    assert {(one.direction, one.part.role, one.part.kind) for one in seen} == {("output", "tool", "tool_result")}
