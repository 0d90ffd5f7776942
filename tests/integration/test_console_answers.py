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
        await page.until("document.querySelector('#notice').innerText.includes('The worker answers 500')")
        assert await page.text("#alive") == "Answers 500"
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


class LateWindow(Traffic):
    """Answers for five minutes when it is let, for one at once; each with a detector of its own."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.let = asyncio.Event()
        self.let.set()

    def model(self, name: str, window: str | None) -> Any:
        async def later() -> dict[str, Any]:
            if window == "5m":
                await self.let.wait()
            bounds: dict[str, list[float]] = {"value": [], "lower": [], "upper": []}
            history = dict.fromkeys(("index", "bias", "output", "privacy", "adversarial"), bounds)
            drift = {"detector": "d", "statistic": 1.0, "threshold": 2.0, "detected": False, "times": 0}
            return {
                "name": name, "window": window, "history": {"times": [], "step": 1.0, **history},
                "fairness": {"window": "5m", "attributes": []}, "campaigns": [],
                "drift": [{**drift, "feature": f"over-{window}"}],
            }  # fmt: skip

        return later()


async def test_figures_of_another_window_that_come_late_are_not_shown(tmp_path: Path) -> None:
    traffic = LateWindow([model("chat", 0.1)])
    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en#window=5m")
        await page.until("document.querySelector('#drift').innerText.includes('over-5m')")
        traffic.let.clear()
        await page.look("window.late = harmwatch.model.refresh(); document.querySelector('#window-1m').click(); 0")
        await page.until("document.querySelector('#drift').innerText.includes('over-1m')")
        await page.look(
            "window.shown = []; new MutationObserver(() => shown.push(document.querySelector('#drift').textContent))"
            ".observe(document.querySelector('#drift'), {childList: true, subtree: true, characterData: true})"
        )
        traffic.let.set()
        await page.look("window.late")
        await page.look("new Promise((done) => setTimeout(done, 100))")
        assert await page.look("window.shown.filter((text) => text.includes('over-5m'))") == []


async def test_charts_of_what_is_no_longer_chosen_are_dimmed_until_its_own_come(tmp_path: Path) -> None:
    traffic = LateWindow([model("chat", 0.1), model("loan", 0.05)])
    busy = "document.querySelector('#charts').getAttribute('aria-busy')"
    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en#window=5m")
        await page.until("document.querySelector('#drift').innerText.includes('over-5m')")
        assert await page.look(busy) == "false"
        traffic.let.clear()
        await page.look("harmwatch.model.select('loan')")
        assert await page.look(busy) == "true"
        assert float(await page.look("getComputedStyle(document.querySelector('#charts')).opacity")) < 0.5
        traffic.let.set()
        await page.until(f"{busy} === 'false'")
        await page.look("harmwatch.model.refresh()")
        assert await page.look(busy) == "false"


class Restarted(Traffic):
    """After a restart it counts its findings from one again, and has others."""

    restarted = False

    def findings(self, model: str | None, dimension: str | None, after: int, most: int) -> dict[str, Any]:
        answer = super().findings(model, dimension, after, most)
        if not self.restarted:
            return answer
        return answer | {
            "findings": [{**one, "id": "e" * 32, "texts": ["after the restart"]} for one in answer["findings"]]
        }


async def test_findings_of_a_worker_that_has_restarted_take_the_place_of_those_before(tmp_path: Path) -> None:
    traffic = Restarted([model("chat", 0.1)])
    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en")
        traffic.restarted = True
        # As after half a minute, when the whole list is asked for.
        await page.look("harmwatch.findings.refresh(false, true)")
        await page.until("document.querySelector('#recent').innerText.includes('after the restart')")
        assert await page.look("document.querySelector('#recent button').dataset.id") == "e" * 32


class Many(Traffic):
    """More partitions and groups than there is room for, and an attribute of which nothing is favourable."""

    def state(self) -> dict[str, Any]:
        lags = [5, None, *range(98), 20_000]
        return {
            **super().state(),
            "partitions": [{"topic": "t", "partition": place, "lag": lag} for place, lag in enumerate(lags)],
        }

    def model(self, name: str, window: str | None) -> Any:
        bounds: dict[str, list[float]] = {"value": [], "lower": [], "upper": []}
        history = dict.fromkeys(("index", "bias", "output", "privacy", "adversarial"), bounds)

        def attribute(name: str, rate: float, left_out: int) -> dict[str, Any]:
            group = {"rate": rate, "lower": 0.0, "upper": 1.0, "n": 900}
            groups = [{"group": "a", **group}, {"group": "b", **group}]
            return {"attribute": name, "groups": groups, "left_out": left_out, "disparities": []}

        attributes = [attribute("gender", 0.0, 0), attribute("region", 0.5, 7)]
        return {
            "name": name, "window": "5m", "history": {"times": [], "step": 1.0, **history},
            "fairness": {"window": "5m", "attributes": attributes}, "campaigns": [], "drift": [],
        }  # fmt: skip


async def test_what_is_left_out_is_counted_and_is_not_the_worst(tmp_path: Path) -> None:
    async with page_of(Many([model("chat", 0.1)]), tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en")
        chips = await page.look("[...document.querySelectorAll('#partitions li')].map((row) => row.textContent)")
        assert len(chips) == 65
        assert chips[:2] == ["t[1]–", "t[100]20,000"] and chips[-1] == "37 more, none further behind"
        await page.until("document.querySelector('#fairness h3')")
        gender, region = await page.look("[...document.querySelectorAll('#fairness > li')].map((row) => row.innerText)")
        assert "No decision is favourable" in gender and "large enough" not in gender
        assert "7 more groups are not shown" in region and "large enough" in region


class Slow(Traffic):
    """A few events a minute, nearly all of which are scored."""

    def state(self) -> dict[str, Any]:
        state = super().state()
        return {**state, "pipeline": {**state["pipeline"], "events_per_second": 0.0667, "sampling_ratio": 0.9964}}


async def test_a_little_is_not_nothing_and_nearly_all_is_not_all(tmp_path: Path) -> None:
    async with page_of(Slow([model("chat", 0.1)]), tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en")
        assert "0.0667" in await page.text("#tiles [data-key=tile_rate]")
        assert "99.64% of events is scored" in await page.text("#meters")
