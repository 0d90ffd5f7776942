"""Served models over HTTP: ill servers, servers that lie, pace, budget, keys."""

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


def test_retry_after_may_be_a_date_by_the_clock_of_the_server() -> None:
    headers = {"Retry-After": "Sun, 06 Nov 1994 08:49:54 GMT", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"}
    with asked(RuleServer(str, illness=every(429, b"", headers)), retries=1) as (model, waits):
        replies(model, PROMPTS[:1])
    assert 17.0 in waits


@pytest.mark.parametrize("given", ["soon", "-5", "nan", "1e9", "Sun, 99 Nov 1994 08:49:54 GMT", "06 Nov 1994", "٣"])
def test_retry_after_that_says_nothing(given: str) -> None:
    headers = {"Retry-After": given.encode().decode("latin-1")}
    with asked(RuleServer(str, illness=every(429, b"", headers)), retries=1) as (model, waits):
        replies(model, PROMPTS[:1])
    assert max(waits) == 1.0


def test_a_connection_that_breaks_in_the_middle_of_an_answer_is_tried_again() -> None:
    def break_off(before: int, body: dict[str, Any]) -> tuple[int, bytes, dict[str, str]] | None:
        return (200, b'{"choices": [', {"Content-Length": "500", "Connection": "close"}) if before == 0 else None

    with asked(RuleServer(str, illness=break_off)) as (model, waits):
        assert [reply.text for reply in replies(model, PROMPTS[:1])] == PROMPTS[:1]
    assert waits.count(1.0) == 1


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ({"content": None, "reasoning_content": "Well, first"}, Reply(text="")),
        ({"content": None, "tool_calls": []}, Reply(text="")),
        ({"content": None, "refusal": "I can't."}, Reply(text="I can't.")),
        ({"content": None, "tool_calls": [{"id": "c"}]}, Reply(failure="malformed")),
        ({"role": "assistant"}, Reply(failure="malformed")),
    ],
)
def test_messages_without_content(message: dict[str, Any], reply: Reply) -> None:
    body = json.dumps({"choices": [{"message": message, "finish_reason": "length"}]}).encode()
    with asked(RuleServer(str, illness=every(200, body))) as (model, _):
        assert replies(model, PROMPTS[:1]) == [reply]


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


def test_more_than_a_hundred_at_a_time() -> None:
    """The client's pool holds a hundred connections unless told otherwise; who waits for one runs out of time."""
    all_there = threading.Barrier(120)

    def answer(prompt: str) -> str:
        all_there.wait(20.0)
        return prompt

    prompts = [f"prompt {place}" for place in range(120)]
    with asked(RuleServer(answer), concurrency=120, retries=0, timeout_seconds=60.0) as (model, _):
        assert [reply.text for reply in replies(model, prompts)] == prompts


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
        lambda choice: choice["logprobs"]["token_logprobs"].__setitem__(1, -(10**400)),
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


def test_replies_do_not_show_what_was_said() -> None:
    assert "secret" not in repr(Reply(text="secret"))
