"""agent.pipeline.filtering: nothing that the policy masks or blocks leaves, and nothing that nobody looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.clock import SystemClock
from agent.config import CoreConfig
from agent.events import InferenceEvent, Payload, TextPart
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from agent.pipeline.pending import MAX_TEXT_CHARS
from agent.scores import FilteredTexts, ScoreRow, TextSpan, Verdict
from agent.scoring import load_scorer
from agent.scoring.base import Batch, Scorer
from tests.builders import WordScorer, make_event

MASK = {"category": "*", "action": "mask"}
MESSAGES = {"en": "[removed]", "zh": "[已移除]"}


class Labels(WordScorer):
    """A classifier: its scores say nothing of where."""

    def score(self, batch: Batch) -> list[ScoreRow]:
        return [ScoreRow(row.scores) for row in super().score(batch)]


class Silent(WordScorer):
    """Fails on every text that holds its word."""

    def score(self, batch: Batch) -> list[ScoreRow]:
        rows = super().score(batch)
        if any(row.scores for row in rows):
            raise RuntimeError("no")
        return rows


class Hasty(WordScorer):
    """Does not look at all of a text."""

    def score(self, batch: Batch) -> list[ScoreRow]:
        return [msgspec.structs.replace(row, truncated=True) for row in super().score(batch)]


def filtered(
    event: InferenceEvent, scorers: Sequence[Scorer], rules: Sequence[dict[str, Any]] = (MASK,), **over: Any
) -> tuple[list[FilteredTexts], list[Verdict]]:
    plain = {"policy": {"rules": list(rules), "messages": MESSAGES, **over.pop("policy", {})}, **over}
    clock = SystemClock()
    pipeline = build_pipeline(
        CoreConfig.model_validate(plain),
        metrics=Metrics(new_registry(), clock=clock),
        clock=clock,
        scorers=list(scorers),
        filtering=True,
    )
    pipeline.warm_up()
    pipeline.submit(Origin("t", 0, 0), 0.0, [event])
    pipeline.close()
    outcomes = pipeline.join(30.0)
    pipeline.terminate()
    return [f for o in outcomes for f in o.filtered], [v for o in outcomes for v in o.verdicts]


def answers(*texts: str) -> InferenceEvent:
    return make_event(text=None, output=Payload(texts=tuple(TextPart(text, "assistant") for text in texts)))


def test_spans_are_masked_and_the_record_says_what_was_done() -> None:
    (record,), (verdict,) = filtered(answers("an awful answer", "a fine one"), [WordScorer()])
    assert record.texts == ["an [TOXICITY] answer", "a fine one"]
    assert (record.id, record.inference_id, record.model, record.direction) == (verdict.id, "r-1", "chat", "output")
    assert (record.action, record.findings, record.parts) == ("mask", ["toxicity"], [0, 1])
    assert (verdict.action, verdict.findings[0].action) == ("mask", "mask")


def test_one_record_for_each_direction() -> None:
    records, _ = filtered(make_event(text="an awful question"), [WordScorer()])
    assert [(record.direction, record.action, record.texts) for record in records] == [
        ("input", "mask", ["an [TOXICITY] question"]),
        ("output", "allow", ["hi"]),
    ]


def test_a_value_found_in_one_text_is_masked_in_all_of_them() -> None:
    class First(WordScorer):
        def _row(self, text: str) -> ScoreRow:
            return super()._row(text) if text.startswith("first") else ScoreRow({})

    (record,), _ = filtered(answers("first 555-0100", "then 555-0100"), [First("pii", {"555-0100": "pii.phone"})])
    assert record.texts == ["first [PII.PHONE]", "then [PII.PHONE]"]


def test_a_label_without_spans_masks_the_whole_text_and_no_other() -> None:
    (record,), _ = filtered(answers("an awful answer", "fine"), [Labels()])
    assert record.texts == ["[TOXICITY]", "fine"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "We met at the station on Monday. You are a stupid idiot and everybody hates you. See you soon.",
            "We met at the station on Monday. [TOXICITY] See you soon.",
        ),
        ("谢谢你的报告，写得很清楚。你是个白痴，滚开！你这个蠢货，去死吧！", "谢谢你的报告，写得很清楚。[TOXICITY]"),
    ],
)
def test_explained_scores_mask_sentences(text: str, shown: str) -> None:
    scorer = load_scorer("toxicity", {"threshold": 0.6})
    explain = {"findings": True, "evaluations_per_second": 100_000, "max_seconds": 60.0}
    (record,), (verdict,) = filtered(answers(text), [scorer], explain=explain)
    assert record.texts == [shown]
    assert {span.type for span in verdict.findings[0].spans} <= {"WORD", "SENTENCE"}
    assert all(span.score is not None for span in verdict.findings[0].spans)


def test_a_blocked_text_becomes_the_message_in_its_language() -> None:
    rules = [{"category": "toxicity", "action": "block"}]
    scorer = WordScorer(words={"awful": "toxicity", "糟糕": "toxicity"})
    (record,), _ = filtered(answers("an awful answer", "糟糕的回答", "fine"), [scorer], rules)
    assert record.texts == ["[removed]", "[已移除]", "fine"]
    assert record.action == "block"


def test_what_is_flagged_or_allowed_leaves_as_it_came() -> None:
    rules = [{"category": "toxicity", "action": "allow"}, {"category": "b", "action": "flag"}, MASK]
    scorer = WordScorer(words={"awful": "toxicity", "bad": "b"})
    (record,), (verdict,) = filtered(answers("an awful bad answer"), [scorer], rules)
    assert record.texts == ["an awful bad answer"]
    assert sorted(record.findings) == ["b", "toxicity"]
    assert {finding.category: finding.action for finding in verdict.findings} == {"toxicity": "allow", "b": "flag"}
    assert verdict.action == record.action == "flag"


@pytest.mark.parametrize(
    ("on_missing", "shown", "action"),
    [(None, "[removed]", "block"), ("mask", "[UNCHECKED]", "mask"), ("block", "[removed]", "block")],
)
@pytest.mark.parametrize("scorer", [Silent(), Hasty()], ids=["failed", "truncated"])
def test_a_text_that_nobody_looked_at_does_not_leave(
    scorer: Scorer, on_missing: str | None, shown: str, action: str
) -> None:
    rules = [MASK] if on_missing is None else [{**MASK, "on_missing": on_missing}]
    (record,), (verdict,) = filtered(answers("an awful answer"), [scorer], rules)
    assert record.texts == [shown]
    assert record.action == verdict.action == action
    assert b"awful" not in msgspec.json.encode(record)


def test_a_failure_of_a_scorer_that_no_rule_relies_on_changes_nothing() -> None:
    rules = [{"category": "pii.phone", "action": "mask"}]
    scorers = [Silent(), WordScorer("pii", {"555-0100": "pii.phone"}, "privacy")]
    (record,), (verdict,) = filtered(answers("an awful answer, ring 555-0100"), scorers, rules)
    assert record.texts == ["an awful answer, ring [PII.PHONE]"]
    assert [missing.scorer for missing in verdict.missing] == ["words"]


def test_only_the_text_that_was_not_looked_at_is_held_back() -> None:
    (record,), _ = filtered(answers("fine", "an awful answer"), [Silent()], batching={"max_texts": 1})
    assert record.texts == ["fine", "[removed]"]


def test_redacted_events_have_no_texts_to_leave() -> None:
    records, _ = filtered(make_event(redacted=True), [WordScorer()])
    assert [(record.texts, record.action) for record in records] == [([], "block"), ([], "block")]


def test_system_prompts_and_earlier_turns_do_not_leave() -> None:
    texts = (TextPart("Be kind.", "system"), TextPart("awful", "user"), TextPart("hm", "assistant"), TextPart("x"))
    (record,), _ = filtered(make_event(answer=None, input=Payload(texts=texts)), [WordScorer()])
    assert (record.texts, record.parts) == (["[TOXICITY]", "x"], [1, 3])


def test_a_long_text_leaves_whole_and_masked_in_all_its_pieces() -> None:
    class Every(WordScorer):
        def _row(self, text: str) -> ScoreRow:
            places = [at for at in range(len(text)) if text.startswith("awful", at)]
            spans = tuple(TextSpan(at, at + 5, "toxicity", "TOXICITY") for at in places)
            return ScoreRow({"toxicity": 1.0} if spans else {}, spans)

    gap = "界" * (MAX_TEXT_CHARS - 3)
    (record,), _ = filtered(answers(f"{gap}awful{gap}awful"), [Every()])
    assert record.texts == [f"{gap}[TOXICITY]{gap}[TOXICITY]"]
    (record,), _ = filtered(answers(f"{gap} awful {gap}"), [Labels()])
    assert "awful" not in record.texts[0]
    assert 0 < record.texts[0].count("界") < len(gap) + 1_010


def test_a_text_with_too_many_values_to_look_for_is_blocked() -> None:
    text = " ".join(f"user{number}@mail{number}.example.com" for number in range(3000)) + "x" * 60_000
    (record,), _ = filtered(answers(text, "fine"), [load_scorer("pii", {})])
    assert record.texts == ["[removed]", "fine"]
    assert record.action == "block"


LETTERS = st.sampled_from("abcAB12 .@-ａＢ１＠你好")


class Spans(WordScorer):
    """Finds what it is told to find: ``(start, length)`` in each text."""

    def __init__(self, places: dict[str, list[tuple[int, int]]]) -> None:
        super().__init__("words", {"x": "toxicity", "y": "pii.x"})
        self._places = places

    def _row(self, text: str) -> ScoreRow:
        places = [(a, min(len(text), a + n)) for a, n in self._places.get(text, ()) if a < len(text)]
        spans = [TextSpan(start, end, "pii.x", "#") for start, end in places]
        return ScoreRow({"pii.x": 1.0} if spans else {}, tuple(sorted(spans, key=lambda span: span.start)))


@settings(max_examples=60)
@given(
    st.lists(st.text(alphabet=LETTERS, min_size=1, max_size=60), min_size=1, max_size=3),
    st.lists(st.lists(st.tuples(st.integers(0, 59), st.integers(1, 12)), max_size=3), min_size=3, max_size=3),
)
def test_no_detected_span_survives_in_any_text(texts: list[str], places: list[list[tuple[int, int]]]) -> None:
    scorer = Spans(dict(zip(texts, places, strict=False)))
    (record,), _ = filtered(answers(*texts), [scorer])
    assert len(record.texts) == len(texts)
    for text in texts:
        for span in scorer._row(text).spans:
            assert not any(text[span.start : span.end] in shown for shown in record.texts)


@pytest.mark.parametrize("explain", [False, True])
def test_scorers_that_need_the_context_have_it_when_findings_are_explained(explain: bool) -> None:
    event = msgspec.structs.replace(
        answers("A day ticket costs 9.20 euros."), context=("A day ticket for the tram costs 6.50 euros.",)
    )
    rules = [{"category": "misleading.*", "action": "block"}]
    (record,), (verdict,) = filtered(
        event, [load_scorer("groundedness", {})], rules, explain={"findings": explain, "max_seconds": 60.0}
    )
    assert [finding.category for finding in verdict.findings] == ["misleading.ungrounded"]
    assert record.texts == ["[removed]"]


def test_a_scorer_that_needs_a_context_does_not_close_the_filter_where_there_is_none() -> None:
    scorers = [WordScorer(), load_scorer("groundedness", {})]
    (record,), _ = filtered(answers("an awful answer", "a fine one"), scorers)
    assert record.texts == ["an [TOXICITY] answer", "a fine one"]
