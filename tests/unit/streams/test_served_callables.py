"""Callables as served models: batches, what they raise, print and get wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.clock import ManualClock
from agent.errors import BudgetSpent, ConfigError
from agent.probe.pace import Budget, RateLimit
from streams.served.callables import CallableModel, load_callable

PROMPTS = [f"prompt {place}" for place in range(12)]


def callable_model(function: Callable[[list[str]], Any], batch: int = 5, budget: int | None = None) -> CallableModel:
    pace = RateLimit(None, ManualClock())
    return CallableModel("m:f", function, pace=pace, budget=Budget(budget), batch=batch)


def test_a_callable_is_called_in_batches_and_waits_its_turn() -> None:
    sizes: list[int] = []
    waits: list[float] = []

    def function(prompts: list[str]) -> list[str]:
        sizes.append(len(prompts))
        return [prompt.upper() for prompt in prompts]

    pace = RateLimit(2.0, ManualClock())
    model = CallableModel("m:f", function, pace=pace, budget=Budget(), batch=5, sleep=waits.append)
    assert [reply.text for _, reply in model.generate(PROMPTS)] == [prompt.upper() for prompt in PROMPTS]
    assert (sizes, waits, model.requests) == ([5, 5, 2], [0.0, 0.5, 1.0], 3)


@pytest.mark.parametrize(
    ("function", "failure"),
    [
        (lambda prompts: prompts[:-1], "malformed"),
        (lambda prompts: [*prompts, "x"], "malformed"),
        (lambda prompts: [7] * len(prompts), "malformed"),
        (lambda prompts: None, "malformed"),
        (lambda prompts: "one answer for all of them"[: len(prompts)], "malformed"),
        (lambda prompts: dict.fromkeys(prompts, "x"), "malformed"),
        (lambda prompts: 1 / 0, "raised"),
        (lambda prompts: sys.exit(3), "raised"),
    ],
)
def test_a_callable_that_does_not_keep_its_word(function: Callable[[list[str]], Any], failure: str) -> None:
    assert {reply.failure for _, reply in callable_model(function).generate(PROMPTS)} == {failure}


def test_what_a_callable_raises_is_told_once_by_its_kind_alone(caplog: pytest.LogCaptureFixture) -> None:
    def function(prompts: list[str]) -> list[str]:
        raise KeyError(prompts[0])

    assert len(list(callable_model(function).generate(PROMPTS))) == len(PROMPTS)
    (record,) = caplog.records
    assert record.getMessage().endswith("error=KeyError")
    assert PROMPTS[0] not in caplog.text


def test_a_callable_has_a_budget_of_calls() -> None:
    got: list[int] = []
    with pytest.raises(BudgetSpent):
        for place, _ in callable_model(list, budget=2).generate(PROMPTS):
            got.append(place)
    assert got == list(range(10))


def test_a_callable_may_give_log_likelihoods() -> None:
    class Model:
        def __call__(self, prompts: list[str]) -> list[str]:
            return prompts

        def log_likelihoods(self, texts: list[str]) -> list[Any]:
            return [-float(len(text)) if text != "bad" else float("inf") for text in texts]

    model = callable_model(Model())
    assert model.gives_log_likelihoods() and not callable_model(list).gives_log_likelihoods()
    found = dict(model.log_likelihoods(["ab", "bad"]))
    assert (found[0].log_likelihood, found[1].failure) == (-2.0, "malformed")


def test_what_a_callable_imports_when_it_is_called_is_found_and_hides_no_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_late_target.py").write_text(
        "def answer(prompts):\n    import my_late_sibling, this\n    return [my_late_sibling.SAID] * len(prompts)\n"
    )
    (tmp_path / "my_late_sibling.py").write_text("SAID = 'A'\n")
    (tmp_path / "this.py").write_text("raise RuntimeError\n")
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path not in ("", str(tmp_path))])
    monkeypatch.chdir(tmp_path)
    assert load_callable("my_late_target:answer")(["x"]) == ["A"]


def test_callables_of_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "my_probe_target.py").write_text("def answer(prompts):\n    return ['A'] * len(prompts)\nNOTHING = 1\n")
    monkeypatch.chdir(tmp_path)
    assert load_callable("my_probe_target:answer")(["x"]) == ["A"]
    (tmp_path / "my_script.py").write_text("import sys\nsys.exit(4)\n")
    own = ("my_script:f", "my_probe_target:other", "my_probe_target:NOTHING")
    for target in (*own, "no_such_module:f", "not a name", ":"):
        with pytest.raises(ConfigError):
            load_callable(target)
