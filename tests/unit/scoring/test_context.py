"""Scorers that use the context: what they are given, and that nothing remembered without it answers for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.events import PartKind, TextPart
from agent.scores import ScoreRow
from agent.scoring.base import Batch, Given, ScoringItem, uses_context
from agent.scoring.cache import ScoreCache
from agent.scoring.executor import Executor
from tests.unit.scoring.fake_scorers import OUTPUT, FakeScorer, RecordingObserver, make_item, run


class ContextScorer(FakeScorer):
    """Scores 1 where the text does not stand in a passage."""

    uses_context = True

    def __init__(self, **options: Any) -> None:
        super().__init__("context", directions=OUTPUT, **options)

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        super().score(batch)
        rows = []
        for item in batch.items:
            assert item.given is not None
            rows.append(ScoreRow({"fake": float(item.raw not in item.given.passages)}))
        return rows


def answer(
    text: str, *passages: str, question: str = "", tools: Sequence[str] = (), kind: PartKind = "text"
) -> ScoringItem:
    part = TextPart(text, "assistant", kind)
    return ScoringItem(part, "output", str.casefold, Given(passages, tuple(tools), (question,) if question else ()))


def make_executor(*scorers: FakeScorer) -> Executor:
    return Executor(list(scorers), 10.0, ScoreCache(100), ManualClock(), observer=RecordingObserver())


def fake(row: Any) -> float:
    return float(row.scores["fake"])


def test_most_scorers_do_not_use_it() -> None:
    assert not uses_context(FakeScorer())
    assert uses_context(ContextScorer())
    assert not make_executor(FakeScorer()).uses_context
    assert make_executor(FakeScorer(), ContextScorer()).uses_context


def test_the_same_text_in_another_context_is_scored_again() -> None:
    scorer, plain = ContextScorer(), FakeScorer("plain")
    executor = make_executor(scorer, plain)
    for passage, expected in (("at nine", 0.0), ("at eight", 1.0), ("at nine", 0.0)):
        (result,) = run(executor, Batch([answer("at nine", passage)]))
        assert fake(result.rows[0]["context"]) == expected
    assert len(scorer.batches) == 2, "the third is remembered"
    assert len(plain.batches) == 1, "who reads the text alone is asked once"
    executor.close()


def test_inputs_and_outputs_without_a_context_get_no_answer_at_all() -> None:
    scorer = ContextScorer()
    executor = make_executor(scorer, FakeScorer("plain"))
    items = [make_item("at nine"), answer("at nine"), answer("at nine", question="when?"), make_item("x", "output")]
    (result,) = run(executor, Batch(items))
    assert [set(rows) for rows in result.rows] == [{"plain"}] * 4
    assert scorer.batches == []
    executor.close()


def test_tool_results_are_a_context() -> None:
    executor = make_executor(ContextScorer())
    (result,) = run(executor, Batch([answer("at nine", tools=["at nine"])]))
    assert fake(result.rows[0]["context"]) == 1.0
    executor.close()


def test_equal_texts_with_equal_contexts_are_scored_once() -> None:
    scorer = ContextScorer()
    executor = make_executor(scorer)
    items = [answer("a", "a"), answer("a", "b"), answer("a", "a"), answer("a", "a", kind="reasoning")]
    (result,) = run(executor, Batch(items))
    assert [fake(rows["context"]) for rows in result.rows] == [0.0, 1.0, 0.0, 0.0]
    assert [len(batch) for batch in scorer.batches] == [3]
    executor.close()


_texts = st.lists(st.text(max_size=3), max_size=3).map(tuple)
_given = st.tuples(_texts, _texts, _texts, _texts)


@given(st.lists(st.tuples(st.text(max_size=3), _given), unique=True, max_size=8))
def test_different_contexts_have_different_digests(rows: list[tuple[str, Any]]) -> None:
    cache = ScoreCache(1)
    items = [ScoringItem(TextPart(text), "output", str, Given(*parts)) for text, parts in rows]
    digests = {cache.digest_in_context(item) for item in items}
    assert len(digests) == len(rows)
    assert digests.isdisjoint(cache.digest(text) for text, _ in rows)
