"""How a callable is called is found out once: a list or one input, with or without `await`."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import pytest

from agent.clock import ManualClock
from agent.errors import BudgetSpent
from agent.probe.pace import Budget, RateLimit
from streams.served.callables import CallableModel
from streams.served.calling import answer_kind, noted_takes

TEXTS = ("Good morning, how are you today?", "What is a good name?", "Thank you.")


def model_of(function: Callable[..., Any], batch: int = 16, budget: int | None = None) -> CallableModel:
    return CallableModel("m:f", function, pace=RateLimit(None, ManualClock()), budget=Budget(budget), batch=batch)


def one_text(text):  # type: ignore[no-untyped-def]
    return f"You said: {text.lower()}"


def noted_list(texts: list[str]) -> list[str]:
    return [text.upper() for text in texts]


def noted_one(text: str) -> str:
    return text.upper()


def noted_sequence(texts: Sequence[str]) -> list[str]:
    return [text.upper() for text in texts]


def noted_row(row: Mapping[str, float]) -> int:
    return int(row["age"] > 40)


def noted_deep(text: Annotated[str, "a prompt"]) -> str:
    return text


def noted_any(text: Any) -> Any:
    return text


def noted_array(texts: np.ndarray) -> list[str]:
    return [str(text) for text in texts]


def noted_rest(*texts: str) -> list[str]:
    return list(texts)


async def awaited_list(texts: list[str]) -> list[str]:
    await asyncio.sleep(0)
    return [text.upper() for text in texts]


async def awaited_one(text):  # type: ignore[no-untyped-def]
    await asyncio.sleep(0)
    return text.upper()


@pytest.mark.parametrize(
    ("function", "takes"),
    [
        (noted_list, "list"), (noted_sequence, "list"), (noted_array, "list"), (awaited_list, "list"),
        (noted_one, "one"), (noted_row, "one"), (noted_deep, "one"),
        (noted_any, None), (noted_rest, None), (one_text, None), (dict, None), (lambda: None, None),
    ],
)  # fmt: skip
def test_an_annotation_decides_and_costs_no_call(function: Callable[..., Any], takes: str | None) -> None:
    assert noted_takes(function) == takes
    model = model_of(function)
    if takes is not None:
        assert model.find_out(TEXTS, answers=False) is None
        assert (model.takes, model.requests) == (takes, 0)


def probability(text: str) -> float:
    return 0.9 if "Good" in text else 0.1


@pytest.mark.parametrize(
    ("function", "takes", "kind", "calls"),
    [
        (lambda texts: [f"You said {text}" for text in texts], "list", "texts", 2),
        (lambda texts: ["safe" for _ in texts], "list", "words", 2),
        (lambda texts: [probability(text) for text in texts], "list", "decisions", 2),
        (lambda texts: np.array([[0.2, 0.8] for _ in texts]), "list", "decisions", 2),
        (lambda texts: [{"label": "toxic", "score": 0.7} for _ in texts], "list", "decisions", 2),
        (lambda texts: (probability(text) for text in texts), "list", "decisions", 2),
        (one_text, "one", "texts", 2),
        (lambda text: "no" if "cellar" in text else "yes", "one", "words", 2),
        (lambda text: probability(text), "one", "decisions", 2),
        (lambda text: np.array(0.7), "one", "decisions", 2),
        (lambda text: int(len(text) > 10), "one", "decisions", 2),
        (lambda text: {"toxic": 0.8, "safe": 0.2}, "one", "decisions", 2),
        # Two probabilities of one text, whatever it is given: as many as the texts that are tried.
        (lambda text: [0.9, 0.1] if "Good" in text else [0.2, 0.8], "one", "decisions", 3),
        (lambda text: [{"label": "a", "score": 0.9}, {"label": "b", "score": 0.1}], "one", "decisions", 3),
        (awaited_one, "one", "words", 2),
        (lambda text: {"pos": np.float32(0.2), "neg": np.float32(0.8)}, "one", "decisions", 2),
        # A text and why it ended are no two answers, and no answer that is understood.
        (lambda text: (f"You said {text}", "stop"), "list", None, 3),
    ],
)  # fmt: skip
def test_a_call_or_two_tell_the_rest(function: Callable[..., Any], takes: str, kind: str | None, calls: int) -> None:
    def unnoted(given):  # type: ignore[no-untyped-def]
        return function(given)

    model = model_of(unnoted)
    if function is awaited_one:
        inputs: tuple[str, ...] = ("Hello", *TEXTS)
    else:
        inputs = TEXTS
    assert (model.find_out(inputs, answers=True), model.takes, model.requests) == (kind, takes, calls)
    model.close()


@pytest.mark.parametrize(
    "function",
    [
        lambda texts: None,
        lambda texts: 1 / 0,
        lambda texts: dict.fromkeys(texts, 0.5),
        lambda texts: [0.5 for _ in texts] if isinstance(texts, str) else 1 / 0,
        lambda texts: [object() for _ in texts],
    ],
)  # fmt: skip
def test_what_is_neither_stays_with_a_list(function: Callable[..., Any]) -> None:
    """Above all one that takes lists and fails: given one text it may well answer letter by letter."""
    model = model_of(function)
    assert (model.find_out(TEXTS, answers=True), model.takes) == (None, "list")


def test_an_annotation_is_believed_when_the_answers_are_not() -> None:
    def broken(text: str) -> Any:
        raise TypeError(text)

    model = model_of(broken)
    assert (model.find_out(TEXTS, answers=True), model.takes, model.requests) == (None, "one", 1)


def test_one_prompt_a_call_where_that_is_the_batch() -> None:
    sizes: list[int] = []

    def function(texts):  # type: ignore[no-untyped-def]
        sizes.append(len(texts))
        return [0.5 for _ in texts]

    model = model_of(function, batch=1)
    assert (model.find_out(TEXTS, answers=True), model.takes) == ("decisions", "list")
    assert sizes == [1, len(TEXTS[0])], "and one text, whose letters it takes for texts"


def test_where_lists_are_of_one_a_text_is_told_from_a_list_all_the_same() -> None:
    def function(text):  # type: ignore[no-untyped-def]
        return [1 if "bomb" in text else 0]

    model = model_of(function, batch=1)
    assert (model.find_out(TEXTS, answers=True), model.takes) == ("decisions", "one")


def test_text_by_text_each_call_is_a_request() -> None:
    model = model_of(one_text, budget=4)
    model.find_out(TEXTS, answers=True)
    got: list[str | None] = []
    with pytest.raises(BudgetSpent):
        for _, reply in model.generate(TEXTS):
            got.append(reply.text)
    assert got == [f"You said: {text.lower()}" for text in TEXTS[:2]] and model.requests == 4


def test_a_spent_budget_is_told_by_the_first_question() -> None:
    model = model_of(one_text, budget=1)
    assert model.find_out(TEXTS, answers=True) is None
    with pytest.raises(BudgetSpent):
        list(model.generate(TEXTS))


def test_one_text_that_raises_costs_no_other() -> None:
    def function(text: str) -> float:
        if "name" in text:
            raise ValueError(text)
        return 0.9

    model = model_of(function)
    model.find_out(TEXTS, answers=False)
    assert [(reply.label, reply.failure) for _, reply in model.classify(TEXTS)] == [
        ("1", None), (None, "raised"), ("1", None)
    ]  # fmt: skip


def test_what_is_to_be_awaited_is_awaited_in_one_loop() -> None:
    loops: set[int] = set()

    async def function(texts: list[str]) -> list[str]:
        loops.add(id(asyncio.get_running_loop()))
        return [text.upper() for text in texts]

    async def cancelled(text: str) -> str:
        raise asyncio.CancelledError

    def in_pieces(texts: list[str]) -> list[Any]:
        return [awaited_one(text) for text in texts]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for answering in (function, in_pieces):
            model = model_of(answering, batch=1)
            assert [reply.text for _, reply in model.generate(TEXTS)] == [text.upper() for text in TEXTS]
            model.close()
        assert len(loops) == 1
        model = model_of(cancelled)
        model.find_out(TEXTS, answers=True)
        assert {reply.failure for _, reply in model.generate(TEXTS)} == {"raised"}
        model.close()


def test_kinds_of_answers() -> None:
    assert answer_kind(["Sure, here you go."]) == answer_kind(["yes", "Sure, here."]) == "texts"
    assert answer_kind(["toxic", "not-toxic"]) == "words"
    assert answer_kind([0, True, 0.5, [0.1, 0.9], {"label": "x"}, np.float32(0.5)]) == "decisions"
    for answers in ([], [None], ["yes", 0.5], [7.5], [object()]):
        assert answer_kind(answers) is None
