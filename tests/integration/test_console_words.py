"""What the page says of answers to marks, and of figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.test_console_page import Traffic, model, open_console, page_of

pytestmark = pytest.mark.layer("chromium")


@pytest.mark.parametrize(("language", "words"), [
    ("en", {403: "hand on the Host header", 400: "answered 400", 415: "answered 415", 500: "answered 500",
            429: "too many requests", 503: "the broker did not confirm", 404: "not held here"}),
    ("zh", {403: "Host", 413: "413", 408: "408", 503: "消息代理没有确认"}),
])  # fmt: skip
async def test_why_a_mark_was_not_saved_is_told_by_the_status(
    tmp_path: Path, language: str, words: dict[int, str]
) -> None:
    traffic = Traffic([model("chat", 0.1)])
    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang={language}")
        await page.look("window.answer = fetch")
        for status, said in words.items():
            await page.look(
                "window.fetch = (path, options) => options?.method === 'POST'"
                f" ? Promise.resolve(new Response('{{}}', {{ status: {status} }})) : answer(path, options)"
            )
            # A second press within a moment is a double click.
            await page.look("new Promise((done) => setTimeout(done, 1100))")
            await page.look("document.querySelector('#mark-note').textContent = ''")
            await page.look("document.querySelector('#recent button[id$=-right]').click()")
            await page.until(f"document.querySelector('#mark-note').textContent.includes('{said}')")
            if status != 503:
                assert "confirm" not in await page.text("#mark-note")
                assert "消息代理" not in await page.text("#mark-note")
        assert traffic.marked == []
