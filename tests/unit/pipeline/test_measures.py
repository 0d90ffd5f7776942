"""Refusals and contradictions: counted, and without effect on anything that is harm."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.events import InferenceEvent, Payload, TextPart
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from agent.pipeline.measures import AnswerFeatures, RepeatStore, contradictions
from tests.builders import WordScorer, make_event

REFUSAL = "I'm sorry, but I can't help with that."


class Bench:
    def __init__(self, max_questions: int = 100) -> None:
        clock = ManualClock(1_700_000_000.0)
        self.metrics = Metrics(new_registry(), clock=clock)
        config = CoreConfig.model_validate({"consistency": {"max_questions": max_questions}})
        self.pipeline = build_pipeline(config, metrics=self.metrics, clock=clock, scorers=[WordScorer()])
        self._offset = 0

    def take(self, *events: InferenceEvent) -> Bench:
        for event in events:
            self._offset += 1
            self.pipeline.submit(Origin("t", 0, self._offset), 0.0, [event])
        self.pipeline.close()
        self.pipeline.join(20.0)
        return self

    def counted(self, name: str) -> dict[tuple[str, ...], float]:
        return self.metrics.rows(f"harmwatch_{name}_total")


def call(number: int, question: str, answer: str, **over: Any) -> InferenceEvent:
    return make_event(text=question, answer=answer, inference_id=f"r-{number}", **over)


def kinds(*answers: str, **over: Any) -> dict[str, float]:
    events = [call(number, "Is it open at nine?", answer, **over) for number, answer in enumerate(answers)]
    return {kind: count for (_, kind), count in Bench().take(*events).counted("contradictions").items()}


def test_refusals_are_counted_beside_the_answers() -> None:
    bench = Bench().take(call(1, "a", REFUSAL), call(2, "b", "Yes."), call(3, "c", "抱歉,我无法提供这方面的信息。"))
    assert bench.counted("answers") == {("chat",): 3.0}
    assert bench.counted("refusals") == {("chat",): 2.0}


def test_a_model_that_never_refuses_has_a_zero() -> None:
    assert Bench().take(call(1, "a", "Yes.")).counted("refusals") == {("chat",): 0.0}


def test_tool_calls_and_redacted_outputs_are_no_answers() -> None:
    tool = Payload(texts=(TextPart('{"a": 1}', "assistant", "tool_arguments"),))
    bench = Bench().take(make_event(output=tool), make_event(inference_id="r-2", redacted=True))
    assert bench.counted("answers") == {}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (REFUSAL, "Yes, it is.", {"refusal": 1.0}),
        ("Yes, it is.", "No, it is not.", {"polarity": 1.0}),
        ("是的,九点开门。", "不是,不开门。", {}),
        ("可以,九点开门。", "不可以,还没开门。", {"polarity": 1.0}),
        ("It opens at 8.", "It opens at 9.", {"numbers": 1.0}),
        ("It opens at 8.", "It opens at 8 and closes at 17.", {}),
        ("1,200 people", "1200 people", {}),
        ("Yes, at 8.", "No, at 10.", {"polarity": 1.0, "numbers": 1.0}),
        ("Yes, it is.", "Yes, certainly.", {}),
        (REFUSAL, REFUSAL, {}),
        ("Nobody knows.", "Not everybody knows.", {}),
    ],
)
def test_in_what_two_answers_differ(first: str, second: str, expected: dict[str, float]) -> None:
    assert kinds(first, second) == expected


def test_a_question_is_the_same_whatever_its_case_and_blanks() -> None:
    bench = Bench().take(call(1, "Is  it open?", "Yes."), call(2, " is it OPEN", "No."), call(3, "Is it shut?", "No."))
    assert bench.counted("repeated_questions") == {("chat",): 1.0}
    assert bench.counted("contradictions") == {("chat", "polarity"): 1.0}


@pytest.mark.parametrize(
    "other",
    [
        {"model": "small"},
        {"tenant": "acme"},
        {"context": ("It is open today.",)},
        {"input": Payload(texts=(TextPart("Hello."), TextPart("Is it open?")))},
    ],
)
def test_another_model_tenant_context_or_conversation_is_another_question(other: dict[str, Any]) -> None:
    first, second = call(1, "Is it open?", "Yes."), call(2, "Is it open?", "No.", **other)
    assert Bench().take(first, second).counted("repeated_questions") == {}


def test_system_prompts_do_not_make_another_question() -> None:
    def asked(number: int, instruction: str) -> InferenceEvent:
        texts = (TextPart(instruction, "system"), TextPart("Is it open?"))
        return call(number, "", "Yes.", input=Payload(texts=texts))

    assert Bench().take(asked(1, "It is 10:00."), asked(2, "It is 10:01.")).counted("repeated_questions") == {
        ("chat",): 1.0
    }


def test_halves_are_one_call_and_a_replay_is_no_repetition() -> None:
    question, answer = make_event(answer=None), make_event(text=None, answer="Yes.")
    bench = Bench()
    for _ in range(2):
        for offset, event in enumerate((question, answer)):
            bench.pipeline.submit(Origin("t", 0, offset), 0.0, [event])
    bench.take(call(9, "hello", "No."))
    assert bench.counted("repeated_questions") == {("chat",): 1.0}


def test_an_answer_without_its_question_is_counted_and_not_compared() -> None:
    events = [make_event(text=None, answer="Yes.", inference_id=f"r-{n}") for n in range(3)]
    bench = Bench().take(*events)
    assert bench.counted("answers") == {("chat",): 3.0}
    assert bench.counted("repeated_questions") == {}


def test_zero_turns_it_off() -> None:
    bench = Bench(max_questions=0).take(call(1, "a", "Yes."), call(2, "a", "No."))
    assert bench.counted("repeated_questions") == {}
    assert bench.counted("answers") == {("chat",): 2.0}


def test_it_is_no_harm() -> None:
    bench = Bench().take(call(1, "a", "Yes."), call(2, "a", REFUSAL))
    (reading,) = bench.pipeline.windows.total_measurements()
    harm = reading.results["harm"]
    assert (harm.events, harm.harmful_any) == (2.0, 0.0)
    assert not any(bench.counted("harmful_events").values())
    assert bench.counted("findings") == {}


# ---------------------------------------------------------------- the store

_features = st.builds(
    AnswerFeatures,
    st.booleans(),
    st.integers(-1, 1),
    st.frozensets(st.binary(min_size=8, max_size=8), max_size=3).map(tuple),
)


@given(_features, _features)
def test_contradictions_are_symmetric_and_nothing_contradicts_itself(
    one: AnswerFeatures, other: AnswerFeatures
) -> None:
    assert list(contradictions(one, one)) == []
    assert list(contradictions(one, other)) == list(contradictions(other, one))


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5)), max_size=60), st.integers(1, 8))
def test_the_store_is_bounded_and_the_least_recently_asked_leaves(puts: list[tuple[int, int]], size: int) -> None:
    store = RepeatStore(size)
    recent: list[int] = []
    last: dict[int, int] = {}
    features = AnswerFeatures(False, 0, ())
    for question, asker in puts:
        known = question in recent[:size] and last[question] != asker
        found = store.put(bytes([question]), bytes([asker]), features)
        assert (found is not None) is known
        recent = [question, *[other for other in recent if other != question]][:size]
        last[question] = asker
        assert len(store) <= size
