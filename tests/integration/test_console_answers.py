"""What the console's page makes of answers that are refused, that come late, or that come for half of what it asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_console_page import Traffic, model, open_console, page_of

pytestmark = pytest.mark.layer("chromium")

NOTE = "document.querySelector('#mark-note').innerText"


class Failing(Traffic):
    """Answers to findings with an error while ``broken``."""

    broken = False

    def findings(self, model: str | None, dimension: str | None, after: int, most: int) -> dict[str, Any]:
        if self.broken:
            raise RuntimeError("no list")
        return super().findings(model, dimension, after, most)

    async def mark(self, ident: str, category: str, correct: bool | None, by: str) -> str:
        self.broken = True
        return await super().mark(ident, category, correct, by)


async def test_a_mark_that_was_taken_is_not_called_lost_when_the_list_cannot_be_read_anew(tmp_path: Path) -> None:
    traffic = Failing([model("chat", 0.1)])
    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en")
        await page.click("#recent button[id$=-right]")
        await page.until(f"{NOTE} && !{NOTE}.startsWith('Saving')")
        await page.look("new Promise((done) => setTimeout(done, 500))")
        assert (await page.look(NOTE)).startswith("Saved")
        # Pressed, as far as is known: whoever presses again takes it back.
        assert await page.look("document.querySelector('#recent button[id$=-right]').ariaPressed") == "true"
        assert traffic.marked == [True]
        page.complaints.clear()


async def test_who_is_asked_too_often_is_not_gone(tmp_path: Path) -> None:
    """Many who look from behind one address share its limit."""
    # Four requests at once: the page, and the three of its first look.
    async with page_of(Traffic([model("chat", 0.1)]), tmp_path, limits=(0.4, 0.0, 0.0)) as (page, url):
        await open_console(page, f"{url}?lang=en")
        await page.until("!document.querySelector('#notice').hidden")
        assert "Too many requests" in await page.text("#notice")
        assert await page.text("#alive") == "Answers 429"
        page.complaints.clear()


class Late(Traffic):
    """Answers to what is asked without a dimension when it is let."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.let = asyncio.Event()
        self.let.set()

    def findings(  # type: ignore[override]
        self, model: str | None, dimension: str | None, after: int, most: int
    ) -> dict[str, Any] | Awaitable[dict[str, Any]]:
        answer = super().findings(model, dimension, after, most)
        if dimension is not None:
            return answer | {"findings": [], "precision": []}

        async def later() -> dict[str, Any]:
            await self.let.wait()
            return answer

        return later()


async def test_an_answer_that_comes_late_is_not_shown_for_what_is_asked_now(tmp_path: Path) -> None:
    traffic = Late([model("chat", 0.1)])
    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en")
        traffic.let.clear()
        await page.look("window.late = harmwatch.findings.refresh(true); 0")
        await page.click("#filter-bias")
        await page.until("document.querySelector('#recent').textContent.includes('No findings')")
        await page.look(
            "window.drawn = 0; new MutationObserver(() => { window.drawn += 1; })"
            ".observe(document.getElementById('recent'), {childList: true})"
        )
        traffic.let.set()
        await page.look("window.late")
        await page.look("new Promise((done) => setTimeout(done, 100))")
        assert await page.look("window.drawn") == 0
