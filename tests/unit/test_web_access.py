"""Tokens with names and roles over a real server: who may do what, files that change, limits."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.clock import ManualClock
from agent.errors import ConfigError
from streams.audit import ConfigChange
from streams.web import AdminApi, ConsoleApi, WebServer
from streams.web.access import ROLES, Holder, TokenBook, read_tokens
from streams.web.api import ConsoleSource
from streams.web.guard import Guard, session_cookie
from streams.web.limits import Buckets, RateLimits, network_of
from tests.unit.test_web import Site
from tests.unit.test_web_api import JSON, MARK, Marker, Source

TOKENS: dict[str, str] = {role: f"{role}-token-of-many-letters" for role in ROLES}


def line(name: str, role: str, token: str) -> str:
    return f"  - {{name: {name}, role: {role}, sha256: {hashlib.sha256(token.encode()).hexdigest()}}}\n"


def write_tokens(path: Path, *roles: str) -> Path:
    path.write_text("tokens:\n" + "".join(line(f"{role}-1", role, TOKENS[role]) for role in roles) or "  []")
    path.chmod(0o600)
    return path


class GuardedSite(Site):
    """A server beyond loopback with a token for each role."""

    def __init__(self, tokens_file: Path, source: ConsoleSource | None = None, **options: Any) -> None:
        super().__init__()
        self.marker = Marker()
        self.reloaded: list[str] = []
        self.server = WebServer(
            "0.0.0.0", 0, self.metrics.freeze, lambda: self.health, lambda: self.readiness, None, lambda: self.state,
            api=ConsoleApi(source or Source(), self.marker), admin=AdminApi(lambda: [{"by": "x"}], self._reload),
            clock=self.clock, tokens_file=tokens_file, **options,
        )  # fmt: skip

    async def _reload(self, by: str) -> ConfigChange | None:
        self.reloaded.append(by)
        return None

    async def status(self, path: str, role: str | None, method: str = "GET", **options: Any) -> int:
        bearer = {} if role is None else {"Authorization": f"Bearer {TOKENS.get(role, role)}"}
        return (await self.ask(path, method, headers={**bearer, **options.pop("headers", {})}, **options))[0]


SENT = {"data": json.dumps(MARK).encode(), "headers": JSON}


@pytest.mark.parametrize(
    ("path", "method", "least"),
    [
        ("/api/v1/status", "GET", "viewer"),
        ("/api/v1/findings", "GET", "viewer"),
        ("/api/v1/openapi.json", "GET", "viewer"),
        ("/", "GET", "viewer"),
        ("/api/v1/feedback", "GET", "viewer"),
        ("/api/v1/feedback", "POST", "labeller"),
        ("/api/v1/audit", "GET", "admin"),
        ("/api/v1/audit", "HEAD", "admin"),
        ("/api/v1/reload", "POST", "admin"),
    ],
)
async def test_each_role_may_what_those_below_it_may(tmp_path: Path, path: str, method: str, least: str) -> None:
    async with GuardedSite(write_tokens(tmp_path / "tokens.yaml", *ROLES)) as site:
        assert isinstance(site, GuardedSite)
        sent = {"data": b"{}", "headers": JSON} if path.endswith("reload") else SENT
        options = sent if method == "POST" else {}
        for role in ROLES:
            expected = 200 if ROLES.index(role) >= ROLES.index(least) else 403
            assert await site.status(path, role, method, **options) == expected, role
        assert await site.status(path, None, method, **options) == 401
        assert await site.status(path, "no-such-token-at-all", method, **options) == 401


async def test_what_is_refused_names_the_role_and_changes_nothing(tmp_path: Path) -> None:
    async with GuardedSite(write_tokens(tmp_path / "tokens.yaml", *ROLES)) as site:
        assert isinstance(site, GuardedSite)
        bearer = {"Authorization": f"Bearer {TOKENS['viewer']}", **JSON}
        _, _, body = await site.ask("/api/v1/feedback", "POST", data=json.dumps(MARK).encode(), headers=bearer)
        assert json.loads(body)["error"] == "this needs a token with the role labeller; viewer-1 is viewer"
        assert site.marker.taken == []
        _, _, body = await site.ask("/api/v1/status", headers=bearer)
        assert json.loads(body)["access"] == {"name": "viewer-1", "role": "viewer"}


async def test_who_marks_and_reloads_is_told_by_name(tmp_path: Path) -> None:
    async with GuardedSite(write_tokens(tmp_path / "tokens.yaml", *ROLES)) as site:
        assert isinstance(site, GuardedSite)
        assert await site.status("/api/v1/feedback", "labeller", "POST", **SENT) == 200
        assert await site.status("/api/v1/reload", "admin", "POST", data=b"{}", headers=JSON) == 200
        assert (site.marker.by, site.reloaded) == (["labeller-1"], ["admin-1"])
        # A page of another site can send neither.
        assert await site.status("/api/v1/reload", "admin", "POST", data=b"{}") == 415
        assert await site.status("/api/v1/reload", "admin", "POST", headers={**JSON, "Origin": "http://evil"}) == 403


async def test_a_token_that_is_withdrawn_ends_at_once_and_its_session_with_it(tmp_path: Path) -> None:
    path = write_tokens(tmp_path / "tokens.yaml", *ROLES)
    async with GuardedSite(path) as site:
        assert isinstance(site, GuardedSite)
        status, headers, _ = await site.ask("/session", "POST", data={"token": TOKENS["labeller"]})
        assert status == 303
        cookie = {"Cookie": headers["Set-Cookie"].partition(";")[0]}
        assert (await site.ask("/api/v1/status", headers=cookie))[0] == 200
        assert (await site.ask("/api/v1/audit", headers=cookie))[0] == 403
        write_tokens(path, "viewer", "admin")
        site.clock.advance(1.1)
        assert await site.status("/api/v1/status", "labeller") == 401
        assert (await site.ask("/api/v1/status", headers=cookie))[0] == 401
        assert await site.status("/api/v1/status", "viewer") == 200


async def test_a_file_that_is_wrong_leaves_those_of_before(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_tokens(tmp_path / "tokens.yaml", "viewer")
    async with GuardedSite(path) as site:
        assert isinstance(site, GuardedSite)
        for content in ("tokens: [", "tokens: secret-secret-secret", ""):
            path.write_text(content)
            site.clock.advance(1.1)
            assert await site.status("/api/v1/status", "viewer") == 200
        warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
        assert len(warnings) == 1 and "secret" not in caplog.text.replace("web.tokens_file", "")
        path.unlink()
        site.clock.advance(1.1)
        assert await site.status("/api/v1/status", "viewer") == 200
        write_tokens(path, "admin")
        site.clock.advance(1.1)
        assert await site.status("/api/v1/status", "viewer") == 401
        assert await site.status("/api/v1/audit", "admin") == 200


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("tokens: 7", "a list"),
        ("token: []", "a list"),
        ("tokens: [x]", "entry 1 must hold"),
        ("tokens: [{name: a, role: viewer}]", "entry 1 must hold"),
        ("tokens: [{name: a, role: viewer, sha256: hunter2}]", "64 hexadecimal"),
        (f"tokens: [{{name: a b, role: viewer, sha256: {'0' * 64}}}]", "name must be"),
        (f"tokens: [{{name: a, role: owner, sha256: {'0' * 64}}}]", "viewer, labeller, admin"),
        (f"tokens: [{{name: a, role: [viewer], sha256: {'0' * 64}}}]", "viewer, labeller, admin"),
        (f"tokens: [{{name: a, role: viewer, sha256: {'0' * 64}, hunter2: 1}}]", "nothing else"),
        ("tokens:\n" + line("a", "viewer", "x") + line("a", "admin", "y"), "same name"),
        ("tokens:\n" + line("a", "viewer", "x") + line("b", "admin", "x"), "same token"),
        ("tokens: [" + "{}, " * 300 + "]", "at most 256"),
        ("x" * 300_000, "longer than"),
    ],
)
def test_a_wrong_file_is_told_in_one_line_without_what_stands_in_it(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "tokens.yaml"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=said) as caught:
        read_tokens(path)
    assert "\n" not in str(caught.value) and "hunter2" not in str(caught.value)


def test_a_file_that_anybody_may_write_is_refused(tmp_path: Path) -> None:
    path = write_tokens(tmp_path / "tokens.yaml", "admin")
    path.chmod(0o666)
    with pytest.raises(ConfigError, match="chmod"):
        read_tokens(path)


def test_a_file_without_tokens_lets_nobody_in(tmp_path: Path) -> None:
    path = tmp_path / "tokens.yaml"
    path.write_text("tokens: []")
    path.chmod(0o600)
    book = TokenBook(None, path, ManualClock())
    assert book.any and book.holder("") is None and book.holder("x" * 20) is None


def test_the_single_token_is_an_admin_and_no_repr_shows_digests() -> None:
    found = TokenBook("correct-horse-battery", None, ManualClock()).holder("correct-horse-battery")
    assert found is not None and (found.name, found.role) == ("token", "admin")
    assert repr(found) == "Holder(name='token', role='admin')"
    assert not Holder("a", "viewer").may("labeller") and Holder("a", "labeller").may("viewer")


def test_a_token_that_stands_in_both_places_has_one_role_however_it_comes(tmp_path: Path) -> None:
    path = write_tokens(tmp_path / "tokens.yaml", "viewer")
    guard = Guard("0.0.0.0", TOKENS["viewer"], ManualClock(), tokens_file=path)
    holder = guard.token_holder(TOKENS["viewer"])
    assert holder is not None and holder.role == "viewer"
    assert guard.session_holder(guard.new_session(holder)) == holder


async def test_wrong_tokens_lock_an_address_out_for_a_while_but_no_session(tmp_path: Path) -> None:
    async with GuardedSite(write_tokens(tmp_path / "tokens.yaml", *ROLES), limits=(0.0, 0.0, 3.0)) as site:
        assert isinstance(site, GuardedSite)
        _, headers, _ = await site.ask("/session", "POST", data={"token": TOKENS["viewer"]})
        cookie = {"Cookie": headers["Set-Cookie"].partition(";")[0]}
        assert [await site.status("/api/v1/status", f"wrong-token-{n}") for n in range(4)] == [401, 401, 401, 429]
        # Nothing is compared any more: whoever guesses right now learns nothing.
        assert await site.status("/api/v1/status", "admin") == 429
        status, headers, _ = await site.ask("/session", "POST", data={"token": TOKENS["admin"]})
        assert (status, int(headers["Retry-After"]) > 0) == (429, True)
        assert (await site.ask("/api/v1/status", headers=cookie))[0] == 200
        assert await site.status("/healthz", None) == 200
        site.clock.advance(21.0)
        assert await site.status("/api/v1/audit", "admin") == 200


async def test_a_password_for_the_proxy_in_front_is_no_token_and_leaves_the_session(tmp_path: Path) -> None:
    """Browsers send it with every request, also behind the proxy that asked for it."""
    async with GuardedSite(write_tokens(tmp_path / "tokens.yaml", *ROLES), limits=(0.0, 0.0, 3.0)) as site:
        assert isinstance(site, GuardedSite)
        basic = {"Authorization": "Basic YW5uOnB3"}
        _, headers, _ = await site.ask("/", "POST", data={"token": TOKENS["viewer"]}, headers=basic)
        session = {**basic, "Cookie": headers["Set-Cookie"].partition(";")[0]}
        assert {(await site.ask("/api/v1/status", headers=session))[0] for _ in range(5)} == {200}
        assert {(await site.ask("/api/v1/status", headers=basic))[0] for _ in range(5)} == {401}
        # None of that was a guess, and whoever has a token is let in.
        assert await site.status("/api/v1/status", "viewer") == 200


async def test_two_workers_on_one_host_have_a_session_each(tmp_path: Path) -> None:
    """Browsers keep no cookies apart by port, as this jar does not."""
    tokens = write_tokens(tmp_path / "tokens.yaml", *ROLES)
    async with (
        GuardedSite(tokens) as one, GuardedSite(tokens) as two,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser,
    ):  # fmt: skip
        addresses = [f"http://127.0.0.1:{site.server.port}" for site in (one, two)]
        for address in addresses:
            async with browser.post(f"{address}/", data={"token": TOKENS["viewer"]}) as answer:
                assert answer.status == 200
        for address in addresses:
            async with browser.get(f"{address}/api/v1/status") as answer:
                assert answer.status == 200


def test_the_sessions_cookie_is_named_by_the_port_that_is_asked() -> None:
    assert session_cookie("worker:9464") == session_cookie("[::1]:9464") == "harmwatch_session_9464"
    for host in ("worker", None, "", "worker:x", "worker:99999999", "[", "worker:", "::1"):
        assert re.fullmatch(r"harmwatch_session(_\d{1,5})?", session_cookie(host))
    assert session_cookie("worker.example") == "harmwatch_session"


async def test_requests_are_limited_by_address_and_by_token_and_probes_are_not(tmp_path: Path) -> None:
    path = write_tokens(tmp_path / "tokens.yaml", *ROLES)
    async with GuardedSite(path, limits=(0.5, 0.2, 0.0)) as site:
        assert isinstance(site, GuardedSite)
        assert [await site.status("/api/v1/status", "viewer") for _ in range(3)] == [200, 200, 429]
        assert [await site.status("/api/v1/status", "admin") for _ in range(3)] == [200, 200, 429]  # of the address
        assert [await site.status("/metrics", None) for _ in range(6)] == [200] * 5 + [429]  # a bucket of its own
        assert {await site.status("/healthz", None) for _ in range(20)} == {200}
        site.clock.advance(2.0)
        assert await site.status("/api/v1/status", "labeller") == 200


def test_buckets_are_bounded_and_refill() -> None:
    clock = ManualClock()
    buckets = Buckets(1.0, 2.0, clock, most=100)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 1]
    for number in range(1000):
        buckets.take(str(number))
    assert len(buckets) == 100
    clock.advance(1.0)
    assert [buckets.take("999"), buckets.look("999"), buckets.take("999"), buckets.take("999")] == [0, 0, 0, 1]


def test_nobody_has_a_bucket_for_each_of_their_addresses() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1%eth0") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:10.0.0.1") == network_of("10.0.0.1")
    limits = RateLimits(1.0, 1.0, 1.0, ManualClock())
    limits.failed("2001:db8::1")
    assert limits.locked_out("2001:db8::2") and not limits.locked_out("2001:db9::1")
