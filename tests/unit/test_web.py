"""A real server on loopback and a real client."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import numpy as np
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client import exposition as plain
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from agent.clock import ManualClock
from agent.errors import ConfigError
from agent.metrics import Metrics
from streams.web import ConsoleApi, Health, Readiness, WebServer
from tests.builders import nothing_measured

TOKEN = "correct-horse-battery"
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
HOSTILE = '<script>alert("x")</script>'


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """All that the log has, but for the line that every server writes at its start."""
    lines = [record.getMessage() for record in caplog.records]
    return [line for line in lines if not line.startswith("listening port=")]


class Site:
    """A running server, what it is told, and a client without cookies of its own."""

    def __init__(self, host: str = "127.0.0.1", token: str | None = None) -> None:
        self.clock = ManualClock()
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry, clock=self.clock)
        self.health = Health(True, "offsets are moving")
        self.readiness = Readiness(True)
        self.state: Mapping[str, Any] = {}
        self.server = self.new_server(host, token)

    def new_server(self, host: str, token: str | None, api: ConsoleApi | None = None, **limits: float) -> WebServer:
        return WebServer(
            host,
            0,
            self.metrics.freeze,
            lambda: self.health,
            lambda: self.readiness,
            token,
            lambda: self.state,
            api=api,
            clock=self.clock,
            **limits,
        )

    async def __aenter__(self) -> Site:
        await self.server.start()
        self.client = aiohttp.ClientSession(
            f"http://127.0.0.1:{self.server.port}",
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=["Accept-Encoding"],
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()
        await self.server.stop()

    async def ask(self, path: str, method: str = "GET", **options: Any) -> tuple[int, Mapping[str, str], bytes]:
        options.setdefault("allow_redirects", False)
        async with self.client.request(method, path, **options) as answer:
            return answer.status, answer.headers, await answer.read()

    async def raw(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        await writer.wait_closed()
        return answer


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as running:
        yield running


@pytest.fixture
async def guarded() -> AsyncIterator[Site]:
    """Bound beyond loopback, and asked through loopback."""
    async with Site("0.0.0.0", TOKEN) as running:
        yield running


async def test_metrics_plain_by_default(site: Site) -> None:
    site.metrics.score("llama", "output", "toxicity", 0.9, "abc123")
    status, headers, body = await site.ask("/metrics")
    assert status == 200
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert body == plain.generate_latest(site.registry)
    assert b"abc123" not in body


async def test_openmetrics_with_exemplars_when_asked_for(site: Site) -> None:
    site.metrics.score("llama", "output", "toxicity", 0.9, "abc123")
    _, headers, body = await site.ask("/metrics", headers={"Accept": OPENMETRICS})
    assert headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert "Content-Encoding" not in headers
    assert body == openmetrics.generate_latest(site.registry)
    samples = [sample for family in text_string_to_metric_families(body.decode()) for sample in family.samples]
    assert [sample.exemplar.labels for sample in samples if sample.exemplar] == [{"trace_id": "abc123"}]


async def test_gzip_when_asked_for(site: Site) -> None:
    _, headers, body = await site.ask("/metrics", headers={"Accept-Encoding": "gzip, deflate"})
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == plain.generate_latest(site.registry)
    _, headers, _ = await site.ask("/metrics", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in headers


async def test_concurrent_scrapes_all_get_whole_answers(site: Site) -> None:
    for model in range(150):
        site.metrics.event_lag(f"m{model}", 0.5)
    answers = await asyncio.gather(*(site.ask("/metrics", headers={"Accept": OPENMETRICS}) for _ in range(8)))
    assert all(status == 200 and body.endswith(b"# EOF\n") for status, _, body in answers)


async def test_health(site: Site) -> None:
    status, _, body = await site.ask("/healthz")
    assert (status, json.loads(body)) == (200, {"alive": True, "reason": "offsets are moving"})
    site.health = Health(False, "stalled: inference.events[0]")
    status, _, body = await site.ask("/healthz")
    assert (status, json.loads(body)["reason"]) == (503, "stalled: inference.events[0]")


async def test_liveness_is_a_question_of_its_own(site: Site) -> None:
    live = Health(True, "no broker has answered for 130 s: a restart would not help")
    await site.server.stop()
    site.server = WebServer(
        "127.0.0.1", site.server.port, site.metrics.freeze, lambda: Health(False), lambda: Readiness(False), None,
        lambda: site.state, live=lambda: live,
    )  # fmt: skip
    await site.server.start()
    assert (await site.ask("/healthz"))[0] == 503
    status, _, body = await site.ask("/livez")
    assert (status, json.loads(body)) == (200, {"alive": True, "reason": live.reason})
    live = Health(False, "stalled: inference.events[0]")
    assert (await site.ask("/livez"))[0] == 503


async def test_readiness_names_what_is_missing(site: Site) -> None:
    site.readiness = Readiness(False, ("partitions", "model toxicity"))
    status, _, body = await site.ask("/readyz")
    assert (status, json.loads(body)) == (503, {"ready": False, "missing": ["partitions", "model toxicity"]})
    site.readiness = Readiness(True)
    assert (await site.ask("/readyz"))[0] == 200


async def test_status_is_the_state_with_health(site: Site) -> None:
    site.state = {
        "models": [{"name": HOSTILE, "events": np.int64(3), "index": {"sum": np.float32(0.5), "union": float("nan")}}]
    }
    status, headers, body = await site.ask("/api/v1/status")
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {
        "models": [{"name": HOSTILE, "events": 3, "index": {"sum": 0.5, "union": None}}],
        "health": {"alive": True, "reason": "offsets are moving"},
        "ready": {"ready": True, "missing": []},
        "access": {"name": "anyone", "role": "admin"},
    }


async def test_a_failing_state_says_nothing_of_itself(caplog: pytest.LogCaptureFixture) -> None:
    async with Site() as site:
        site.state = {"x": object()}
        status, headers, body = await site.ask("/api/v1/status")
    assert (status, json.loads(body)) == (500, {"error": "internal error"})
    assert headers["Server"] == "harmwatch"
    assert any("Error handling request" in record.message for record in caplog.records)


@pytest.mark.parametrize("path", ["/", "/metrics", "/healthz", "/readyz", "/api/v1/status"])
async def test_head_has_the_headers_and_no_body(site: Site, path: str) -> None:
    status, headers, body = await site.ask(path, "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/metrics", "/api/v1/status"])
async def test_other_methods_are_refused(site: Site, path: str, method: str) -> None:
    status, headers, _ = await site.ask(path, method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


async def test_a_method_without_end_is_refused_for_what_it_is(site: Site) -> None:
    for target in (b"/", b"elsewhere.example:443"):
        answer = await site.raw(b"CONNECT " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 405")


@pytest.mark.parametrize(
    "path", ["/static/", "/static/console.js", "/..%2f..%2fetc/passwd", "/api", "/session", "/metrics/"]
)
async def test_nothing_else_is_there(site: Site, path: str) -> None:
    assert (await site.ask(path))[0] == 404


@pytest.mark.parametrize("path", ["/", "/metrics", "/healthz", "/nothing"])
async def test_security_headers_on_every_answer(site: Site, path: str) -> None:
    _, headers, _ = await site.ask(path)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Server"] == "harmwatch"
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n"],
)
async def test_what_is_no_http_gets_no_banner_and_no_echo(
    site: Site, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await site.raw(garbage)
    assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert b"aiohttp" not in answer
    assert b"Python" not in answer
    assert b"aaaa" not in answer
    assert answer.endswith(b'{"error":"bad request"}')
    assert not logged(caplog)


async def test_large_bodies_and_headers_are_refused(site: Site) -> None:
    status, _, _ = await site.ask("/metrics", data=b"x" * 5000)
    assert status == 413
    status, _, _ = await site.ask("/metrics", headers={"X-Long": "x" * 9000})
    assert status == 400
    # What a company's other sites keep in a browser comes here, too, where they share a domain.
    status, _, _ = await site.ask("/api/v1/status", headers={"Cookie": f"sso={'x' * 7000}"})
    assert status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:9464",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "192.168.1.5",
        "[::ffff:8.8.8.8]",
        "[",
        "",
    ],
)
async def test_rebound_names_are_refused_on_loopback(site: Site, host: str) -> None:
    status, _, _ = await site.ask("/api/v1/status", headers={"Host": host})
    assert status == 421


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1:80", "127.0.0.5", "[::1]:9464"])
async def test_loopback_names_are_answered(site: Site, host: str) -> None:
    assert (await site.ask("/api/v1/status", headers={"Host": host}))[0] == 200


async def test_a_request_without_a_host_is_refused(site: Site) -> None:
    assert b" 421 " in (await site.raw(b"GET /api/v1/status HTTP/1.0\r\n\r\n")).split(b"\r\n")[0]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "worker.example"])
@pytest.mark.parametrize("token", [None, ""])
def test_beyond_loopback_needs_a_token(host: str, token: str | None) -> None:
    with pytest.raises(ConfigError, match="beyond loopback") as caught:
        WebServer(host, 0, nothing_measured, lambda: Health(True), lambda: Readiness(True), token, dict)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/livez", "/readyz"])
async def test_health_and_metrics_need_no_token(guarded: Site, path: str) -> None:
    assert (await guarded.ask(path))[0] == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/status", "/nothing"])
@pytest.mark.parametrize(
    "authorization", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ñ"]
)
async def test_the_rest_needs_the_token(guarded: Site, path: str, authorization: str | None) -> None:
    status, headers, _ = await guarded.ask(path, headers={"Authorization": authorization} if authorization else {})
    assert (status, headers["WWW-Authenticate"]) == (401, 'Bearer realm="harmwatch"')


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_the_token_opens(guarded: Site, scheme: str) -> None:
    for path in ("/", "/api/v1/status"):
        assert (await guarded.ask(path, headers={"Authorization": f"{scheme} {TOKEN}"}))[0] == 200


async def test_a_token_on_loopback_is_asked_for() -> None:
    async with Site(token=TOKEN) as site:
        assert (await site.ask("/api/v1/status"))[0] == 401


async def test_a_browser_signs_in_for_twelve_hours(guarded: Site) -> None:
    status, headers, body = await guarded.ask(
        "/", headers={"Accept": "text/html,*/*;q=0.8", "Accept-Language": "zh-CN"}
    )
    assert status == 401
    assert "访问令牌" in body.decode()
    assert "form-action 'self'" in headers["Content-Security-Policy"]

    refused = 'id="refused" >令牌不正确'
    assert refused not in body.decode()
    for path in ("/session?lang=zh", "/?lang=zh"):
        status, headers, body = await guarded.ask(path, "POST", data={"token": "wrong"})
        assert status == 401
        assert refused in body.decode()
        assert "Set-Cookie" not in headers

    status, headers, _ = await guarded.ask("/session", "POST", data={"token": TOKEN})
    assert (status, headers["Location"]) == (303, "/")
    cookie, _, flags = headers["Set-Cookie"].partition(";")
    assert "HttpOnly" in flags
    assert "SameSite=Strict" in flags
    assert TOKEN not in cookie
    status, headers, _ = await guarded.ask("/?lang=zh&next=//elsewhere.example", "POST", data={"token": TOKEN})
    assert (status, headers["Location"]) == (303, "/?lang=zh")
    status, headers, _ = await guarded.ask("/session?lang=en")
    assert (status, headers["Location"]) == (303, "/?lang=en")
    assert (await guarded.ask("/api/v1/status", headers={"Cookie": cookie}))[0] == 200
    status, headers, _ = await guarded.ask("/session/end?lang=en", "POST", headers={"Cookie": cookie})
    assert (status, headers["Location"]) == (303, "/?lang=en")
    assert headers["Set-Cookie"].startswith(f'{cookie.partition("=")[0]}=""; ')
    assert "Max-Age=0" in headers["Set-Cookie"] and "SameSite=Strict" in headers["Set-Cookie"]
    elsewhere = {"Cookie": cookie, "Sec-Fetch-Site": "cross-site"}
    assert (await guarded.ask("/session/end", "POST", headers=elsewhere))[0] == 403
    guarded.clock.advance(12 * 3600)
    assert (await guarded.ask("/api/v1/status", headers={"Cookie": cookie}))[0] == 401


@pytest.mark.parametrize("path", ["/", "/session"])
@pytest.mark.parametrize("from_where", ["cross-site", "same-site"])
async def test_a_form_of_another_site_signs_nobody_in_and_locks_nobody_out(
    guarded: Site, path: str, from_where: str
) -> None:
    elsewhere = {"Sec-Fetch-Site": from_where, "Origin": "https://evil.example"}
    for token in (TOKEN, *["wrong"] * 12):
        status, headers, _ = await guarded.ask(path, "POST", data={"token": token}, headers=elsewhere)
        assert (status, "Set-Cookie" in headers) == (403, False)
    # That of our form is hidden: its page sends no referrer.
    here = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    assert (await guarded.ask(path, "POST", data={"token": TOKEN}, headers=here))[0] == 303


@pytest.mark.parametrize("path", ["/", "/session"])
async def test_a_form_of_many_fields_is_a_bad_request(
    guarded: Site, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    status, headers, _ = await guarded.ask(path, "POST", data={"token": TOKEN} | dict.fromkeys("abcd", "x"))
    assert (status, "Set-Cookie" in headers) == (400, False)
    assert not logged(caplog)  # whoever has no token fills no log


async def test_the_console_speaks_both_languages(site: Site) -> None:
    _, headers, body = await site.ask("/?lang=zh")
    assert '<html lang="zh-CN">' in body.decode()
    assert "各模型的社会危害度" in body.decode()
    assert headers["Vary"] == "Accept-Language"
    _, _, body = await site.ask("/", headers={"Accept-Language": "en"})
    assert "Social harm by model" in body.decode()


async def test_a_port_in_use_is_a_configuration_error(site: Site) -> None:
    second = Site()
    second.server.port = site.server.port
    with pytest.raises(ConfigError, match="cannot listen on") as caught:
        await second.server.start()
    assert "\n" not in str(caught.value)


async def test_stop_is_harmless_before_start_and_twice() -> None:
    site = Site()
    await site.server.stop()
    async with site:
        await site.server.stop()
    with pytest.raises(OSError, match=r"."):
        await asyncio.open_connection("127.0.0.1", site.server.port)
