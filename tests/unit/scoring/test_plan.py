"""agent.scoring.plan: which scorer sees which texts, each once, at all its places."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.events import Direction, TextPart
from agent.scoring.base import Batch, ScoringItem, finds_attacks
from agent.scoring.cache import ScoreCache
from agent.scoring.executor import Executor
from agent.scoring.plan import BatchPlan, Unit
from tests.unit.scoring.fake_scorers import BOTH, INPUT, OUTPUT, FakeScorer, RecordingObserver, run

ITEMS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(("input", "output", "passage"))), min_size=1)


def item(text: str, kind: str) -> ScoringItem:
    direction: Direction = "output" if kind == "output" else "input"
    return ScoringItem(TextPart(text), direction, str.casefold, passage=kind == "passage")


def finder(name: str = "finder") -> FakeScorer:
    scorer = FakeScorer(name, directions=INPUT)
    scorer.categories = {"fake": "adversarial"}
    return scorer


def seen(units: Sequence[Sequence[Unit]]) -> list[int]:
    return sorted(place for part in units for _, places in part for place in places)


@given(ITEMS, st.sampled_from((BOTH, INPUT, OUTPUT)), st.booleans(), st.booleans())
def test_a_scorer_sees_its_directions_and_passages_if_it_wants_them(
    items: list[tuple[str, str]], directions: frozenset[Direction], passages: bool, alone: bool
) -> None:
    batch = Batch([item(text, kind) for text, kind in items])
    plan = BatchPlan(batch, str.encode, directions if alone else None)
    units = plan.units(directions, passages=passages)
    wanted = [place for place, (_, kind) in enumerate(items) if (passages if kind == "passage" else kind in directions)]
    assert seen(units) == wanted
    digests = [digest for part in units for digest, _ in part]
    assert len(digests) == len(set(digests))
    assert set(digests) <= set(plan.digests())
    for part in units:
        assert [each.raw.encode() for each in plan.cut(part).items] == [digest for digest, _ in part]


def test_who_finds_attacks() -> None:
    assert finds_attacks(finder())
    assert not finds_attacks(FakeScorer())
    of_outputs = finder()
    of_outputs.directions = OUTPUT
    assert not finds_attacks(of_outputs)


def test_a_passage_that_is_known_as_a_question_is_not_scored_again() -> None:
    attacks, others = finder(), FakeScorer("others")
    executor = Executor([attacks, others], 10.0, ScoreCache(100), ManualClock(), observer=RecordingObserver())
    assert executor.reads_passages
    run(executor, Batch([item("one", "input"), item("two", "passage"), item("one", "passage")]))
    (result,) = run(executor, Batch([item("one", "passage"), item("two", "input")]))
    assert attacks.seen == [["one"], ["two"]]
    assert others.seen == [["one"], ["two"]]
    assert [sorted(row) for row in result.rows] == [["finder"], ["finder", "others"]]


def test_a_text_of_the_sample_is_hashed_once() -> None:
    hashed: list[str] = []

    def digest(text: str) -> bytes:
        hashed.append(text)
        return text.encode()

    items = [ScoringItem(TextPart(text), "output", str.casefold, sampled=True) for text in "ab"]
    plan = BatchPlan(Batch(items), digest, OUTPUT, sampled=True)
    assert seen([plan.units_sampled()]) == seen(plan.units(OUTPUT)) == [0, 1]
    assert hashed == ["a", "b"]
