"""The console in a real browser, fed by a real worker on the embedded broker."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from agent.clock import SystemClock
from streams.config import WorkerConfig
from streams.ports import Message
from streams.web import Health, Readiness, WebServer
from tests.browser import Browser, browser
from tests.builders import native, nothing_measured
from tests.integration.test_worker import get, make_config, publish, running, until, values

pytestmark = [pytest.mark.layer("chromium"), pytest.mark.layer("embedded")]

TOKEN = "correct-horse-battery"
HOSTILE = "<img src=x onerror=alert(1)>"
SCORERS = {"toxicity": {"kind": "ngrams"}}


def console_config(bootstrap: str, prefix: str, **web: Any) -> WorkerConfig:
    plain: dict[str, Any] = {
        "scorers": SCORERS,
        "windows": {"windows_seconds": [60.0, 300.0]},
        "web": {"port": 0, **web},
    }
    return make_config(bootstrap, prefix, **plain)


def chat(topic: str, model: str, first: int, number: int) -> list[Message]:
    """Every second answer has an address."""
    return [
        Message(
            topic,
            model.encode(),
            native(f"{model}-{n}", answer=f"Write to a{n}@example.com" if n % 2 else "Good day", model=model),
            partition=0,
        )
        for n in range(first, first + number)
    ]


def loans(topic: str, number: int) -> list[Message]:
    return [
        Message(
            topic,
            b"loan",
            native(
                f"loan-{n}",
                text=None,
                answer=None,
                model="loan",
                output={"decision": "approved" if n % 3 else "denied"},
                attributes={"gender": "female" if n % 3 == 0 or n % 2 else "male"},
            ),
            partition=0,
        )
        for n in range(number)
    ]


async def rows(page: Browser, selector: str) -> int:
    return int(await page.look(f"document.querySelectorAll({json.dumps(selector)}).length"))


async def test_console_from_empty_to_marked(embedded_broker: Any, tmp_path: Path) -> None:
    prefix = f"console-{uuid.uuid4().hex[:8]}"
    config = console_config(embedded_broker.bootstrap, prefix)
    topic = config.topics.events[0]
    embedded_broker.create_topic(topic, 1)
    async with running(config) as worker, browser(tmp_path / "profile") as page:
        url = f"http://127.0.0.1:{worker.web.port}/"
        # Empty: says so, of every part.
        await page.open(f"{url}?lang=en")
        await page.until("document.querySelector('#alive').textContent === 'Alive'")
        await page.until("document.querySelector('#recent').textContent.includes('No findings yet')")
        assert "Models appear here" in await page.text("#harm")
        assert "No finding has been marked yet" in await page.text("#precision")
        assert "None in the longest window" in await page.text("#campaigns")
        assert await page.look(
            "document.querySelector('#chart-index').hidden && document.querySelector('#model').disabled"
        )

        # Live: models and findings appear without a reload, hostile names as text.
        await publish(config, [*chat(topic, "chat", 0, 40), *chat(topic, HOSTILE, 0, 4), *loans(topic, 60)])
        await page.until("document.querySelectorAll('#harm tr').length === 3")
        await page.until("document.querySelectorAll('#recent > li[data-dimension=privacy]').length === 6")
        assert HOSTILE in await page.text("#harm")
        assert await rows(page, "img") == 0
        shown = await page.text("#recent")
        assert "[EMAIL]" in shown and "@example.com" not in shown
        assert await rows(page, "#recent mark") > 0

        # Another model: its options, its chart's description, its groups.
        await page.look("document.querySelector('#model').value = 'loan'")
        await page.look("document.querySelector('#model').dispatchEvent(new Event('change'))")
        await page.until("document.querySelector('#fairness').textContent.includes('female')")
        assert "model=loan" in str(await page.look("location.hash"))
        await page.look("[...document.querySelectorAll('#harm button')].find((b) => b.textContent === 'chat').click()")
        await page.until("document.querySelector('#fairness').textContent.includes('No decisions about people')")
        await page.until("!document.querySelector('#chart-index').hidden")
        assert "Harm over time: H " in str(await page.look("document.querySelector('#chart-index').ariaLabel"))
        await page.look("location.hash = '#model=loan'")
        await page.until("document.querySelector('#model').value === 'loan'")
        await page.look("location.hash = '#model=chat'")
        await page.until("document.querySelector('#model').value === 'chat'")
        await page.click("#window-1m")
        assert await page.look("document.querySelector('#window-1m').ariaPressed") == "true"
        await page.click("#of-model")
        await page.until("!document.querySelector('#recent').textContent.includes('onerror')")

        # Feedback: marked, shown, on its topic, taken back.
        await page.click("#recent button[id$='-right']")
        await page.until("document.querySelector('#mark-note').textContent.startsWith('Saved')")
        await page.until("document.querySelector('#precision').textContent.includes('1 of 1 right')")
        assert "fewer than 10 marks" in await page.text("#precision")
        assert await rows(page, "#recent button[id$='-right'][aria-pressed=true]") == 1
        (mark,) = await values(config, str(config.topics.feedback), 1)
        assert (mark["category"], mark["correct"], mark["model"]) == ("pii.email", True, "chat")
        assert "pii" in mark["scorers"] and "@example.com" not in json.dumps(mark)
        await page.look("new Promise((done) => setTimeout(done, 1100))")  # sooner it would be a double click
        await page.click("#recent button[aria-pressed=true]")
        await page.until("document.querySelector('#precision').textContent.includes('No finding has been marked')")
        assert len(worker.status.console.book) == 0

        # Chinese, with the choice of model kept; dark and light.
        await page.click_through("nav.language a")
        await page.until(
            "document.documentElement.lang === 'zh-CN' && document.querySelector('#alive').textContent === '运行正常'"
        )
        assert "model=chat" in str(await page.look("location.hash"))
        await page.until("document.querySelector('#recent').textContent.includes('推理')")
        ground = "getComputedStyle(document.body).backgroundColor"
        await page.prefer("dark")
        dark = await page.look(ground)
        await page.click("#theme")
        assert await page.look("document.documentElement.dataset.theme") == "light"
        assert await page.look(ground) != dark

        # A telephone: nothing is wider than the screen.
        await page.size(360, 740, mobile=True)
        assert await page.look("document.documentElement.scrollWidth <= 360")

        # The worker goes away: the page says so and keeps what it has.
        await worker.web.stop()
        await page.until("!document.querySelector('#notice').hidden")
        assert "没有应答" in await page.text("#notice")
        assert await rows(page, "#harm tr") == 3
        assert page.complaints == []


async def test_marks_survive_the_worker(embedded_broker: Any, tmp_path: Path) -> None:
    prefix = f"console-{uuid.uuid4().hex[:8]}"
    config = console_config(embedded_broker.bootstrap, prefix)
    topic = config.topics.events[0]
    embedded_broker.create_topic(topic, 1)
    async with running(config) as worker:
        await publish(config, chat(topic, "chat", 0, 4))
        await until(lambda: len(worker.status.console.recent) == 2)
        assert worker.feedback is not None
        first, second = worker.status.console.recent.latest()
        await worker.feedback.desk.mark(first.id, "pii.email", True)
        await worker.feedback.desk.mark(second.id, "pii.email", True)
        await worker.feedback.desk.mark(second.id, "pii.email", False)
    async with running(config) as again:
        await until(lambda: len(again.status.console.book) == 2)
        (precision,) = again.status.console.book.precision()
        assert (precision.marked, precision.correct, precision.sufficient) == (2, 1, False)
        exported = (await get(again, "/api/v1/feedback")).splitlines()
        assert {json.loads(line)["correct"] for line in exported} == {True, False}


async def test_token_refused_and_accepted(tmp_path: Path) -> None:
    state: dict[str, Any] = {"models": [], "pipeline": {"events": 3}}
    server = WebServer(
        "127.0.0.1", 0, nothing_measured, lambda: Health(True), lambda: Readiness(True), TOKEN, lambda: state,
        clock=SystemClock(),
    )  # fmt: skip
    await server.start()
    try:
        async with browser(tmp_path / "profile") as page:
            url = f"http://127.0.0.1:{server.port}/"
            await page.open(f"{url}?lang=en")
            assert "Access token" in await page.text("form")
            for given, script in (("wrong-horse-battery", "!!document.querySelector('#token')"),
                                  (TOKEN, "!!document.querySelector('#tiles dd')")):  # fmt: skip
                await page.look(f"document.querySelector('#token').value = {json.dumps(given)}")
                await page.click_through("form button")
                await page.until(script)
            await page.until("document.querySelector('#tiles').textContent.includes('3')")
            assert TOKEN not in str(await page.look("document.cookie + location.href"))
    finally:
        await server.stop()
