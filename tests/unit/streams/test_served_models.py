"""Served models over HTTP and as callables: ill servers, servers that lie, pace, budget, keys."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.clock import ManualClock, SystemClock
from agent.errors import BudgetSpent, ConfigError, TargetError
from agent.probe.pace import Backoff, Budget, RateLimit
from agent.probe.served import Reply
from streams.served.api_key import read_api_key
from streams.served.callables import CallableModel, load_callable
from streams.served.http_posts import MOST_BYTES, HttpPosts
from streams.served.openai import OpenAiModel
from streams.served.target import TargetOptions, open_target
from streams.served.url import endpoint_of
from tests.unit.probe.rule_server import KEY, Illness, RuleServer, serve

PROMPTS = [f"prompt {place}" for place in range(12)]


@contextmanager
def asked(
    server: RuleServer,
    *,
    budget: int | None = None,
    retries: int = 2,
    timeout_seconds: float = 10.0,
    concurrency: int = 4,
) -> Iterator[tuple[OpenAiModel, list[float]]]:
    """A client that does not wait, and the waits that it would have made."""
    waits: list[float] = []

    async def no_sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    spending = Budget(budget)
    with (
        serve(server),
        HttpPosts(
            {"Authorization": f"Bearer {KEY}"},
            pace=RateLimit(None, ManualClock()),
            budget=spending,
            backoff=Backoff(retries),
            timeout_seconds=timeout_seconds,
            concurrency=concurrency,
            sleep=no_sleep,
        ) as posts,
    ):
        yield OpenAiModel(endpoint_of(server.url).url, "rule-1", posts, spending, most_tokens=8), waits


def replies(model: OpenAiModel, prompts: list[str] = PROMPTS) -> list[Reply]:
    found = dict(model.generate(prompts))
    assert sorted(found) == list(range(len(prompts)))
    return [found[place] for place in range(len(prompts))]


def every(status: int, content: bytes = b"", headers: dict[str, str] | None = None) -> Illness:
    return lambda before, body: (status, content, headers or {})


def test_answers_come_with_their_prompts() -> None:
    server = RuleServer(lambda prompt: prompt.upper())
    with asked(server) as (model, _):
        assert [reply.text for reply in replies(model)] == [prompt.upper() for prompt in PROMPTS]
        assert model.requests == 12
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}


@pytest.mark.parametrize("status", [429, 500, 502, 503, 0])
def test_a_server_that_recovers_answers_everything(status: int) -> None:
    seen: set[str] = set()

    def once(before: int, body: dict[str, Any]) -> tuple[int, bytes, dict[str, str]] | None:
        prompt = body["messages"][0]["content"]
        if prompt in seen:
            return None
        seen.add(prompt)
        return status, b"{}", {}

    with asked(RuleServer(str, illness=once)) as (model, waits):
        assert [reply.text for reply in replies(model)] == PROMPTS
        assert model.requests == 24
    assert sorted(waits)[-12:] == [1.0] * 12


@pytest.mark.parametrize(
    ("illness", "failure", "tries"),
    [
        (every(429), "overloaded", 3),
        (every(500, b"\x00" * 100), "server_error", 3),
        (every(0), "unreachable", 3),
        (every(400, b'{"error": "content filter"}'), "rejected", 1),
        (every(422), "rejected", 1),
        (every(302, b"", {"Location": "http://127.0.0.1:9/"}), "malformed", 1),
        (every(200, b"not json"), "malformed", 1),
        (every(200, b"\xff\xfe\x00\x01" * 50), "malformed", 1),
        (every(200, b"[" * 100_000), "malformed", 1),
        (every(200, b"[]"), "malformed", 1),
        (every(200, b"{}"), "malformed", 1),
        (every(200, b'{"choices": [{"message": {"content": 7}}]}'), "malformed", 1),
        (every(200, b'{"choices": [null]}'), "malformed", 1),
        (every(200, b'data: {"choices": []}\n\ndata: [DONE]\n\n'), "malformed", 1),
        (every(200, b" " * (MOST_BYTES + 10)), "malformed", 1),
        (every(200, b"short", {"Content-Encoding": "gzip"}), "malformed", 1),
    ],
)  # fmt: skip
def test_a_server_that_stays_ill(illness: Illness, failure: str, tries: int) -> None:
    server = RuleServer(str, illness=illness)
    with asked(server) as (model, _):
        assert replies(model, PROMPTS[:2]) == [Reply(failure=failure)] * 2  # type: ignore[arg-type]
    assert len(server.prompts) == 2 * tries


def test_a_server_that_never_ends_is_left() -> None:
    released = threading.Event()

    def hang(before: int, body: dict[str, Any]) -> None:
        released.wait(20.0)

    with asked(RuleServer(str, illness=hang), retries=1, timeout_seconds=0.2) as (model, _):
        try:
            assert replies(model, PROMPTS[:2]) == [Reply(failure="timeout")] * 2
        finally:
            released.set()


def test_nobody_at_the_other_end() -> None:
    server = RuleServer(str)
    with asked(server):
        url = server.url
    options = TargetOptions(target=url, retries=0)
    with pytest.raises(TargetError, match="does not list its models"), open_target(options, SystemClock()):
        pass


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_is_wrong_for_all_questions_ends_at_once(status: int) -> None:
    server = RuleServer(str, illness=every(status))
    with asked(server, concurrency=1) as (model, _), pytest.raises(TargetError, match=str(status)) as caught:
        replies(model)
    assert len(server.prompts) == 1
    assert KEY not in str(caught.value)


def test_retry_after_is_kept_to() -> None:
    with asked(RuleServer(str, illness=every(429, b"", {"Retry-After": "17"})), retries=1) as (model, waits):
        replies(model, PROMPTS[:1])
    assert 17.0 in waits


def test_a_budget_ends_the_questions_after_the_replies_under_way() -> None:
    server = RuleServer(str)
    got: list[int] = []
    with asked(server, budget=7) as (model, _), pytest.raises(BudgetSpent):
        for place, _ in model.generate(PROMPTS):
            got.append(place)
    assert len(server.prompts) == 7 == len(got)


def test_no_more_than_so_many_at_a_time() -> None:
    lock, now, most = threading.Lock(), 0, 0

    def answer(prompt: str) -> str:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        barrier.wait(5.0)
        with lock:
            now -= 1
        return prompt

    barrier = threading.Barrier(3)
    with asked(RuleServer(answer), concurrency=3) as (model, _):
        replies(model)
    assert most == 3


def test_log_likelihoods_are_those_of_the_text_alone() -> None:
    with asked(RuleServer(str, lambda text: [-float(len(word)) for word in text.split(" ")])) as (model, _):
        assert model.gives_log_likelihoods()
        found = dict(model.log_likelihoods(["one three", "a bb ccc"]))
    assert {place: reply.log_likelihood for place, reply in found.items()} == {0: -5.0, 1: -5.0}


@pytest.mark.parametrize(
    "change",
    [
        lambda choice: choice.update(text="something else"),
        lambda choice: choice.update(logprobs=None),
        lambda choice: choice["logprobs"]["token_logprobs"].__setitem__(1, 0.5),
        lambda choice: choice["logprobs"]["token_logprobs"].__setitem__(1, None),
        lambda choice: choice["logprobs"]["token_logprobs"].__setitem__(1, float("nan")),
        lambda choice: choice["logprobs"]["token_logprobs"].__setitem__(1, "-1"),
        lambda choice: choice["logprobs"]["token_logprobs"].pop(),
        lambda choice: choice["logprobs"].update(tokens=[1, 2, 3], token_logprobs=[-1, -1]),
    ],
)
def test_a_server_that_lies_about_likelihoods_gives_none(change: Callable[[dict[str, Any]], None]) -> None:
    honest = RuleServer(str, lambda text: [-1.0] * len(text.split(" ")))

    def lie(before: int, body: dict[str, Any]) -> tuple[int, bytes, dict[str, str]]:
        completion = honest._completion(body["prompt"])
        change(completion["choices"][0])
        return 200, json.dumps(completion).encode(), {}

    with asked(RuleServer(str, illness=lie)) as (model, _):
        assert not model.gives_log_likelihoods()
        assert dict(model.log_likelihoods(["one two"])) == {0: Reply(failure="malformed")}


def test_a_server_that_takes_no_notice_of_echo_gives_none() -> None:
    with asked(RuleServer(str)) as (model, _):
        assert not model.gives_log_likelihoods()


@pytest.mark.parametrize("count", [0, 1, 99])
def test_a_wrong_number_of_tokens_gives_no_likelihood(count: int) -> None:
    honest = RuleServer(str, lambda text: [-1.0] * len(text.split(" ")))

    def lie(before: int, body: dict[str, Any]) -> tuple[int, bytes, dict[str, str]]:
        completion = {**honest._completion(body["prompt"]), "usage": {"prompt_tokens": count}}
        return 200, json.dumps(completion).encode(), {}

    with asked(RuleServer(str, illness=lie)) as (model, _):
        assert dict(model.log_likelihoods(["one two"])) == {0: Reply(failure="malformed")}


def test_the_only_model_is_found_and_of_several_one_must_be_named() -> None:
    with serve(RuleServer(str)) as server, open_target(TargetOptions(target=server.url), SystemClock()) as model:
        assert model.description["model"] == "rule-1"
    with (
        serve(RuleServer(str, models=("a", "b"))) as server,
        pytest.raises(ConfigError, match="lists 2 models"),
        open_target(TargetOptions(target=server.url), SystemClock()),
    ):
        pass


@pytest.mark.parametrize(
    ("given", "url"),
    [("http://h:8000", "http://h:8000/v1"), ("http://h/", "http://h/v1"), ("https://h/v1/", "https://h/v1"),
     ("http://h/v1/chat/completions", "http://h/v1"), ("http://h/openai/v1", "http://h/openai/v1")],
)  # fmt: skip
def test_urls(given: str, url: str) -> None:
    assert endpoint_of(given).url == url


@pytest.mark.parametrize(
    "given",
    ["ftp://h", "http://", "http://u:sesame@h/v1", "http://h/v1?key=sesame", "http://h/v1#sesame", "http://h:x/"],
)
def test_urls_that_are_none_or_hold_secrets(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        endpoint_of(given)
    assert "sesame" not in str(caught.value)


def test_keys_from_file_and_environment(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    assert read_api_key(path, {}) == KEY
    assert read_api_key(None, {"HARMWATCH_PROBE_API_KEY": KEY}) == KEY
    assert read_api_key(None, {}) is None


@pytest.mark.parametrize("content", ["", "two keys", "schlüssel", "k\r\nX-Header: y", "k" * 20_000])
def test_keys_that_cannot_be(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError):
        read_api_key(path, {})


def test_a_key_in_the_place_of_its_path_is_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        read_api_key(Path("sk-abcdefabcdefabcdef"), {})
    assert "sk-abc" not in str(caught.value)


def test_options_do_not_show_a_key() -> None:
    assert KEY not in repr(TargetOptions(target="http://h", api_key=KEY))


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
        (lambda prompts: 1 / 0, "raised"),
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


def test_callables_of_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_probe_target.py").write_text("def answer(prompts):\n    return ['A'] * len(prompts)\nNOTHING = 1\n")
    monkeypatch.chdir(tmp_path)
    assert load_callable("my_probe_target:answer")(["x"]) == ["A"]
    for target in ("my_probe_target:other", "no_such_module:f", "my_probe_target:NOTHING", "not a name", ":"):
        with pytest.raises(ConfigError):
            load_callable(target)


def test_replies_do_not_show_what_was_said() -> None:
    assert "secret" not in repr(Reply(text="secret"))
