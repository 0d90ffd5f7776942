"""One poisonous text costs its own row; a broken scorer does not cost an endless search."""

from __future__ import annotations

from agent.events import TextPart
from agent.scores import ScoreRow
from agent.scoring.attempt import ISOLATION_CALLS, attempt
from agent.scoring.base import Batch, ScoringItem
from tests.builders import WordScorer


class Fragile(WordScorer):
    """Raises on any batch that holds one of its words."""

    def __init__(self, *words: str) -> None:
        super().__init__()
        self.words = words
        self.calls = 0

    def score(self, batch: Batch) -> list[ScoreRow]:
        self.calls += 1
        if any(word in text for text in batch.texts("raw") for word in self.words):
            raise RuntimeError("secret payload")
        return super().score(batch)


def batch_of(*texts: str) -> Batch:
    return Batch([ScoringItem(TextPart(text), "input", str.lower) for text in texts])


def test_one_poisonous_text_costs_only_its_own_row() -> None:
    texts = [f"text {number}" for number in range(256)]
    for position in (0, 100, 255):
        poisoned = [*texts[:position], "poison", *texts[position + 1 :]]
        scorer = Fragile("poison")
        outcome = attempt(scorer, batch_of(*poisoned), lambda: False)
        assert [index for index, row in enumerate(outcome.rows) if row == "error"] == [position]
        assert outcome.error_type == "RuntimeError"
        assert scorer.calls <= 1 + ISOLATION_CALLS


def test_a_scorer_that_always_fails_is_not_asked_for_ever() -> None:
    scorer = Fragile("text")
    outcome = attempt(scorer, batch_of(*(f"text {number}" for number in range(256))), lambda: False)
    assert outcome.rows == ["error"] * 256
    assert scorer.calls <= 1 + ISOLATION_CALLS


def test_nobody_searches_when_nobody_waits() -> None:
    scorer = Fragile("poison")
    outcome = attempt(scorer, batch_of("a", "poison", "b"), lambda: True)
    assert outcome.rows == ["error"] * 3
    assert scorer.calls == 1
