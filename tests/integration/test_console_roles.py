"""The console over https, with tokens of several roles: what each sees, and what it may not do."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from streams.web.tls import ServerTls
from tests.certificates import Authority
from tests.integration.test_console_page import TOKEN, Traffic, model, page_of
from tests.unit.test_web_access import TOKENS, write_tokens

pytestmark = pytest.mark.layer("chromium")


async def test_over_https_each_role_sees_what_it_may(tmp_path: Path) -> None:
    pair = Authority(tmp_path / "ca").sign("console")
    tokens = write_tokens(tmp_path / "tokens.yaml", "viewer", "labeller")
    traffic = Traffic([model("chat", 0.1)])
    async with page_of(traffic, tmp_path, tls=ServerTls(pair.cert, pair.key), tokens_file=tokens) as (page, url):
        for role, may in (("viewer", False), ("labeller", True)):
            await page.open(f"{url}?lang=en")
            await page.look(f"document.querySelector('#token').value = {json.dumps(TOKENS[role])}")
            await page.click_through("button[type=submit]")
            await page.until("document.querySelector('#recent button[id$=-right]')")
            assert await page.look("location.protocol") == "https:"
            assert await page.text("#access") == f"{role}-1: {role}"
            button = "document.querySelector('#recent button[id$=-right]')"
            await page.until(f"({button}.ariaDisabled === 'true') === {json.dumps(not may)}")
            await page.look(f"{button}.click()")
            if may:
                await page.until("document.querySelector('#recent button[aria-pressed=true]')")
            else:
                assert "role labeller" in await page.text("#mark-note")
                # Whoever sends it all the same is refused by the worker, not only by the page.
                sent = "fetch('/api/v1/feedback', {method: 'POST', headers: {'Content-Type': 'application/json'}, "
                sent += "body: JSON.stringify({id: 'x', category: 'y', correct: true})}).then((a) => a.status)"
                assert await page.look(sent) == 403
            assert (traffic.marked, traffic.marked_by) == ([True] * may, ["labeller-1"] * may)
            cookies = (await page.call("Network.getCookies"))["cookies"]
            assert [(c["name"], c["secure"], c["httpOnly"], c["sameSite"]) for c in cookies] == [
                (f"harmwatch_session_{urlsplit(url).port}", True, True, "Strict")
            ]
            await page.click_through("#sign-out")
            assert await page.look("document.querySelector('#token') !== null && location.search === '?lang=en'")
            assert (await page.call("Network.getCookies"))["cookies"] == []
        # What the browser says of a refused request is no fault of the page.
        page.complaints.clear()


@pytest.mark.parametrize(("language", "said"), [("en", "Too many wrong tokens"), ("zh", "错误令牌过多")])
async def test_who_has_tried_too_many_tokens_gets_the_form_back_with_a_word(
    tmp_path: Path, language: str, said: str
) -> None:
    async with page_of(Traffic([model("chat", 0.1)]), tmp_path, TOKEN, limits=(50.0, 20.0, 1.0)) as (page, url):
        await page.open(f"{url}?lang={language}#model=chat")
        for _ in range(2):
            await page.until("document.querySelector('#token')")
            await page.look("document.querySelector('#token').value = 'wrong-horse-battery'")
            await page.click_through("form button")
            await page.until("document.querySelector('#refused:not([hidden])')")
        assert said in await page.text("#refused")
        assert await page.look("location.search + location.hash") == f"?lang={language}#model=chat"
        page.complaints.clear()  # the browser's own notes of 401 and 429
