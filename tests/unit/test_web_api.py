"""The rest of /api/v1/ over a real server: who may ask and send, limits, what is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import pytest

from agent.errors import TopicUnavailable, TransportError
from streams.web import ConsoleApi
from tests.unit.console.console_builders import make_mark
from tests.unit.test_web import TOKEN, Site, logged

JSON = {"Content-Type": "application/json"}
MARK = {"id": "a" * 32, "category": "toxicity", "correct": True}


class Source:
    """Answers with what it was asked."""

    def model(self, name: str, window: str | None) -> Mapping[str, Any] | None:
        return {"name": name, "window": window} if name == "模型 <b>" else None

    def findings(self, model: str | None, dimension: str | None, after: int, most: int) -> Mapping[str, Any]:
        return {"asked": [model, dimension, after, most]}

    def feedback(self) -> Iterable[Any]:
        return [make_mark(1), make_mark(2, False)]


class Marker:
    """Takes marks, or does not."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, bool | None]] = []
        self.by: list[str] = []
        self.away = False
        self.denied = False

    async def __call__(self, verdict_id: str, category: str, correct: bool | None, by: str) -> Any:
        if self.away:
            raise TransportError("no broker answers at secret:9092")
        if self.denied:
            raise TopicUnavailable("this user may not write to topic harm.feedback; grant WRITE and DESCRIBE on it")
        if category == "gone":
            return None
        self.taken.append((verdict_id, category, correct))
        self.by.append(by)
        return object()


class ApiSite(Site):
    """A site whose console can be marked, unless told otherwise."""

    def __init__(self, host: str = "127.0.0.1", token: str | None = None, *, marks: bool = True) -> None:
        super().__init__(host, token)
        self.marker = Marker()
        self.server = self.new_server(host, token, ConsoleApi(Source(), self.marker if marks else None))

    async def mark(self, body: Any = MARK, headers: Mapping[str, str] = JSON) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, _, answer = await self.ask("/api/v1/feedback", "POST", data=data, headers=headers)
        return status, json.loads(answer)


@pytest.fixture
async def site() -> AsyncIterator[ApiSite]:
    async with ApiSite() as running:
        assert isinstance(running, ApiSite)
        yield running


@pytest.mark.parametrize("correct", [True, False, None])
async def test_a_mark_is_taken(site: ApiSite, correct: bool | None) -> None:
    assert await site.mark({**MARK, "correct": correct}) == (200, {**MARK, "correct": correct})
    assert site.marker.taken == [("a" * 32, "toxicity", correct)]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff", b"[" * 1500, b"[]", {}, {"id": "x", "category": "y"}, {**MARK, "correct": "true"},
        {**MARK, "correct": 1}, {**MARK, "id": 7}, {**MARK, "text": "free words"},
    ],
)  # fmt: skip
async def test_what_is_no_mark_is_refused(site: ApiSite, body: Any) -> None:
    assert (await site.mark(body))[0] == 400
    assert site.marker.taken == []


async def test_large_bodies_are_refused(site: ApiSite) -> None:
    assert (await site.mark({**MARK, "id": "x" * 3000}))[0] == 413


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_what_a_form_of_another_site_could_send_is_refused(site: ApiSite, kind: str) -> None:
    assert (await site.mark(headers={"Content-Type": kind} if kind else {"Content-Type": "x"}))[0] == 415
    assert site.marker.taken == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "file://"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_other_origins_are_refused(site: ApiSite, headers: dict[str, str]) -> None:
    assert (await site.mark(headers={**JSON, **headers}))[0] == 403
    assert site.marker.taken == []


async def test_our_own_page_may_send(site: ApiSite) -> None:
    origin = f"http://127.0.0.1:{site.server.port}"
    assert (await site.mark(headers={**JSON, "Origin": origin, "Sec-Fetch-Site": "same-origin"}))[0] == 200


async def test_a_preflight_gets_no_leave(site: ApiSite) -> None:
    status, headers, _ = await site.ask("/api/v1/feedback", "OPTIONS", headers={"Origin": "https://evil.example"})
    assert (status, headers["Allow"]) == (405, "GET, HEAD, POST")
    assert not any(name.startswith("Access-Control") for name in headers)


async def test_what_has_gone_what_is_off_and_what_the_broker_refuses(site: ApiSite) -> None:
    assert (await site.mark({**MARK, "category": "gone"}))[0] == 404
    site.marker.away = True
    status, answer = await site.mark()
    assert status == 503 and "secret" not in json.dumps(answer)
    site.marker.away, site.marker.denied = False, True
    status, answer = await site.mark()
    assert status == 502 and "grant WRITE" in answer["error"]
    async with ApiSite(marks=False) as closed:
        assert isinstance(closed, ApiSite)
        assert (await closed.mark())[0] == 409


@pytest.mark.parametrize("path", ["/api/v1/model?name=x", "/api/v1/findings", "/api/v1/feedback"])
async def test_beyond_loopback_the_token_is_needed(path: str) -> None:
    async with ApiSite("0.0.0.0", TOKEN) as site:
        assert isinstance(site, ApiSite)
        assert (await site.ask(path))[0] == 401
        assert (await site.mark())[0] == 401
        assert site.marker.taken == []
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert (await site.ask(path, headers=bearer))[0] in (200, 404)
        assert (await site.mark(headers={**JSON, **bearer}))[0] == 200
        _, headers, _ = await site.ask("/session", "POST", data={"token": TOKEN})
        cookie = headers["Set-Cookie"].partition(";")[0]
        assert (await site.mark(headers={**JSON, "Cookie": cookie}))[0] == 200
        # With the cookie, but from elsewhere.
        foreign = {**JSON, "Cookie": cookie, "Origin": "https://evil.example"}
        assert (await site.mark(headers=foreign))[0] == 403


async def test_a_model_by_any_name(site: ApiSite) -> None:
    status, _, body = await site.ask("/api/v1/model", params={"name": "模型 <b>", "window": "1m"})
    assert (status, json.loads(body)) == (200, {"name": "模型 <b>", "window": "1m"})
    assert (await site.ask("/api/v1/model", params={"name": "nobody"}))[0] == 404
    assert (await site.ask("/api/v1/model"))[0] == 400
    assert (await site.ask("/api/v1/model", params={"name": "x" * 2000}))[0] == 400


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("", [None, None, 0, 30]),
        ("?model=m&dimension=privacy&after=7&limit=2", ["m", "privacy", 7, 2]),
        ("?limit=1000000&model=", [None, None, 0, 100]),
    ],
)
async def test_findings_by_what_is_asked(site: ApiSite, query: str, asked: list[Any]) -> None:
    _, _, body = await site.ask(f"/api/v1/findings{query}")
    assert json.loads(body) == {"asked": asked}


@pytest.mark.parametrize("query", ["dimension=x", "after=-1", "after=1.5", "limit=%D9%A3", "limit=" + "9" * 400])
async def test_odd_questions_are_refused(site: ApiSite, query: str) -> None:
    assert (await site.ask(f"/api/v1/findings?{query}"))[0] == 400


class Away(Source):
    """Of a worker whose processes do not answer."""

    def model(self, name: str, window: str | None) -> Mapping[str, Any] | None:
        raise TransportError("process 1 at secret:9092")

    def feedback(self) -> Iterable[Any]:
        raise TransportError("process 1 at secret:9092")


@pytest.mark.parametrize("path", ["/api/v1/model?name=x", "/api/v1/feedback"])
async def test_that_nobody_answers_is_told(path: str, caplog: pytest.LogCaptureFixture) -> None:
    async with ApiSite() as site:
        site.server.routes |= ConsoleApi(Away(), None).routes
        status, _, body = await site.ask(path)
    assert (status, json.loads(body)) == (503, {"error": "no process of this worker answers: try again"})
    assert not logged(caplog)


async def test_marks_come_out_as_json_lines(site: ApiSite) -> None:
    _, headers, body = await site.ask("/api/v1/feedback")
    assert headers["Content-Type"] == "application/x-ndjson"
    assert [json.loads(line)["correct"] for line in body.splitlines()] == [True, False]
