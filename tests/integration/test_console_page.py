"""The console's page on its own: hostile names, many models, marks, sign-in, and whether all can read it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.clock import SystemClock
from streams.web import Health, Readiness, WebServer
from streams.web.api import ConsoleApi
from streams.web.tls import ServerTls
from tests.browser import Browser, browser
from tests.builders import nothing_measured

pytestmark = pytest.mark.layer("chromium")

TOKEN = "correct-horse-battery"
HOSTILE = [
    *("abc\u202egnp.exe", "zero\u200bwidth", "zerowidth", "  ", "x" * 256, "A" + "\u0301" * 200, "<img src=x>"),
    *("__proto__", "\u2066evil", "m\nline", "other"),
]
MODELS = "[...document.querySelectorAll('#harm button.plain')].map((b) => b.innerText)"


def component(value: float | None, n: int = 500) -> dict[str, Any]:
    return {"value": value, "lower": (value or 0.0) * 0.8, "upper": (value or 0.0) * 1.2, "n": n}


def model(name: str, output: float | None, *, bias: float | None = None, n: int = 500) -> dict[str, Any]:
    """A chat when ``output`` is known, else one that only decides."""
    chats = output is not None
    index = output if chats else None
    return {
        "name": name,
        "window": "5m",
        "events": n,
        "index": {"sum": index, "union": index},
        "bounds": {"lower": 0.0, "upper": 1.0} if chats else {},
        "components": {
            "bias": component(bias, 0 if bias is None else n),
            "output": component(output, n if chats else 0),
            "privacy": component(0.0 if chats else None, n if chats else 0),
            "adversarial": component(0.0 if chats else None, n if chats else 3),
        },
        "history": [],
    }


class Traffic:
    """What the page asks for; ``marked`` is what it sent."""

    def __init__(self, models: Iterable[Mapping[str, Any]], text: str = "mail [EMAIL] or [FAKE_MARK]") -> None:
        self.models = list(models)
        self.text = text
        self.signs: list[dict[str, Any]] = []
        self.asked: list[str | None] = []
        self.marked: list[bool | None] = []
        self.marked_by: list[str] = []

    def state(self) -> dict[str, Any]:
        name = self.models[0]["name"] if self.models else "gone"
        return {
            "models": self.models,
            "windows": ["1m", "5m"],
            "pipeline": {"events": 100, "duplicates": 7, "lag_records": 11699, "lag_seconds": None},
            "signs": self.signs or [{"sign": "critical", "tone": "bad", "model": name, "detail": "pii.canary"}],
            "stages": [{"stage": "decode", "share": 0.5, "seconds": 0.1}],
            "partitions": [],
            "findings": [
                {"category": "adversarial.extraction", "dimension": "adversarial", "count": 3},
                # Beyond the cap of labels there is one of each dimension.
                *({"category": "other", "dimension": dimension, "count": 2} for dimension in ("output", "privacy")),
            ],
            "configuration": {"hash": "3fa2b0c9d001", "taken": 1.7e9, "refused": True},
        }

    def model(self, name: str, window: str | None) -> None:
        return None

    def findings(self, model: str | None, dimension: str | None, after: int, most: int) -> dict[str, Any]:
        self.asked.append(model)
        one = {
            "number": 1, "id": "f" * 32, "inference_id": "r-1\u200b", "source": "s", "model": "folded",
            "direction": "output", "time": "2026-11-26T10:00:00.000Z", "texts": [self.text], "replaced": [[(5, 12)]],
            "findings": [{
                "category": "pii.email", "dimension": "privacy", "score": 1.0, "threshold": 0.5, "leaked": True,
                "explanation": "built-in classifier, threshold 0.81 (false alarms: see its model card)",
                "critical": False,
            }],
            "marks": {} if not self.marked or self.marked[-1] is None else {"pii.email": self.marked[-1]},
        }  # fmt: skip
        return {
            "number": 1, "changes": 0, "findings": [] if after else [one], "precision": [], "feedback": True,
            "evidence": True,
        }  # fmt: skip

    def feedback(self) -> Iterable[Any]:
        return ()

    async def mark(self, ident: str, category: str, correct: bool | None, by: str) -> str:
        self.marked.append(correct)
        self.marked_by.append(by)
        return ident


@asynccontextmanager
async def page_of(
    traffic: Traffic,
    tmp_path: Path,
    token: str | None = None,
    tls: ServerTls | None = None,
    tokens_file: Path | None = None,
    limits: tuple[float, float, float] = (50.0, 20.0, 10.0),
) -> AsyncIterator[tuple[Browser, str]]:
    ready = Readiness(False, ("models", "partitions"))
    server = WebServer(
        "127.0.0.1", 0, nothing_measured, lambda: Health(True), lambda: ready, token, traffic.state,
        api=ConsoleApi(traffic, traffic.mark), clock=SystemClock(), tls=tls, tokens_file=tokens_file,
        limits=limits,
    )  # fmt: skip
    await server.start()
    try:
        async with browser(tmp_path / "profile") as page:
            await page.size(1280, 900)
            if tls is not None:
                await page.call("Security.setIgnoreCertificateErrors", ignore=True)
            yield page, f"{'https' if tls else 'http'}://127.0.0.1:{server.port}/"
            assert page.complaints == []
    finally:
        await server.stop()


async def open_console(page: Browser, url: str) -> None:
    await page.open(url)
    await page.until("document.querySelectorAll('#harm button').length && document.querySelector('#recent blockquote')")


async def test_names_deceive_nobody(tmp_path: Path) -> None:
    traffic = Traffic([model(name, 0.1) for name in HOSTILE], text="\u202ereversed [FAKE_MARK]\u200b")
    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en")
        shown = await page.look(MODELS)
        assert len(set(shown)) == len(shown) == len(HOSTILE)
        assert {"abc\\u202egnp.exe", "zero\\u200bwidth", "zerowidth", "␣␣", "other models"} <= set(shown)
        assert all(each.isprintable() and 0 < len(each.strip()) < 80 for each in shown)
        # However many marks stand over a letter, a row is no higher than others, and draws over no neighbour.
        assert await page.look(
            "Math.max(...[...document.querySelectorAll('#harm tr')].map((r) => r.offsetHeight)) < 130"
        )
        assert await page.look("document.querySelectorAll('#harm bdi').length") == len(HOSTILE) - 1
        assert "\\u202ereversed" in await page.text("#recent blockquote")
        options = await page.look("[...document.querySelectorAll('#model option')].map((o) => o.textContent)")
        assert len(set(options)) == len(HOSTILE) and not any("\u202e" in each for each in options)
        # Each can be chosen, the one of blanks as well.
        await page.look("[...document.querySelectorAll('#harm button')].find((b) => b.innerText === '␣␣').click()")
        await page.until("document.querySelector('#model').value === '  '")


async def test_only_what_was_replaced_is_marked_as_replaced(tmp_path: Path) -> None:
    async with page_of(Traffic([model("chat", 0.1)]), tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en")
        assert await page.look("[...document.querySelectorAll('#recent mark')].map((m) => m.textContent)") == [
            "[EMAIL]"
        ]
        assert "[FAKE_MARK]" in await page.text("#recent blockquote")


async def test_the_worst_model_comes_first(tmp_path: Path) -> None:
    chats = [model(f"m-{n:03}", n / 1000) for n in range(60)]
    traffic = Traffic([*chats, model("loan", None, bias=0.19), model("other", 0.001)])
    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en")
        shown = await page.look(MODELS)
        assert (shown[:2], len(shown)) == (["loan", "m-059"], 20)
        assert await page.look("document.querySelector('#model').value") == "loan"
        # One scale for all rows: the longest bar is inside of it. And what has no scores is not short of data.
        assert "Full bar: 0.20" in await page.text("#harm-hint")
        assert await page.look("document.querySelector('#harm .stack i').style.width") == "95%"
        cells = await page.look("[...document.querySelector('#harm tr').cells].map((c) => c.innerText)")
        assert ("not measured" in cells[1], cells[3], cells[5]) == (True, "not measured", "not enough data")

        await page.click("#all-models")
        assert len(await page.look(MODELS)) == 62
        await page.click("button[data-sort=name]")
        assert (await page.look(MODELS))[0] == "loan"
        assert await page.look("document.querySelector('th[aria-sort]').ariaSort") == "ascending"
        await page.look("document.querySelector('#filter').value = '05'")
        await page.look("document.querySelector('#filter').dispatchEvent(new Event('input'))")
        assert len(await page.look(MODELS)) == 11  # m-005, m-050 to m-059

        # A finding leads to its model; where that has no row, to the others' and from there to its findings.
        await page.click("#recent a.to-model")
        await page.until("document.querySelector('#model').value === 'other'")
        assert await page.look("document.querySelector('#recent a.to-model').innerText") == "folded"
        await page.click("#of-model")
        async with asyncio.timeout(20):
            while traffic.asked[-1] != "other":
                await asyncio.sleep(0.05)


async def test_cards_of_one_model_name_it(tmp_path: Path) -> None:
    traffic = Traffic([model("chat", 0.1), model("loan", None, bias=0.2)])
    cards = ("fairness", "campaigns", "drift")

    def named(text: str) -> str:
        heads = [f"document.querySelector('[aria-labelledby={card}-title] .head').innerText" for card in cards]
        return f"[{', '.join(heads)}].every((head) => head.includes({json.dumps(text)}))"

    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en#model=chat")
        await page.until(named("of chat"))
        await page.look("harmwatch.model.select('loan')")
        await page.until(named("of loan"))
        await open_console(page, f"{url}?lang=zh#model=chat")
        await page.until(named("模型：chat"))


async def test_an_address_of_an_unknown_model_says_whose_figures_are_shown(tmp_path: Path) -> None:
    traffic = Traffic([model("chat", 0.1), model("loan", None, bias=0.2)])
    note = "document.querySelector('#model-note').innerText"
    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en#model=support-bot")
        assert await page.look(note) == "support-bot has no figures of its own here (yet). Shown is loan."
        await page.look("harmwatch.model.select('chat')")
        assert await page.look(note) == ""
        await page.look("location.hash = '#model=later'")
        await page.until(f"{note}.startsWith('later has no figures')")
        traffic.models.append(model("later", 0.3))
        await page.until(f"{note} === '' && document.querySelector('#model').value === 'later'")
        await open_console(page, f"{url}?lang=en")
        assert await page.look(note) == ""


async def test_a_sign_counts_those_that_are_left_out(tmp_path: Path) -> None:
    traffic = Traffic([model("chat", 0.1)])
    traffic.signs = [{"sign": "more", "tone": "bad", "detail": "leaks", "value": 8}]
    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en")
        assert await page.text("#signs") == "And more Personal data leaked: 8 more, none of them worse"


async def test_a_double_click_marks_once(tmp_path: Path) -> None:
    traffic = Traffic([model("chat", 0.1)])
    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en")
        press = "document.querySelector('#recent button[id$=-right]').click()"
        for gap in (50, 300):
            await page.look(f"{press}; new Promise((done) => setTimeout(() => {{ {press}; done(); }}, {gap}))")
        await page.until("document.querySelector('#recent button[aria-pressed=true]')")
        assert traffic.marked == [True]
        await page.look("new Promise((done) => setTimeout(done, 1100))")
        await page.look(press)
        await page.until("document.querySelector('#mark-note').textContent.startsWith('Taken back')")
        assert traffic.marked == [True, None]


async def test_only_what_differs_is_touched(tmp_path: Path) -> None:
    traffic = Traffic([model("chat", 0.1), model("loan", None, bias=0.2)])
    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en")
        await page.look(
            "window.changes = 0; window.watching = new MutationObserver((all) => { window.changes += all.length; });"
            "for (const id of ['signs', 'harm', 'recent', 'stages', 'model', 'findings'])"
            " watching.observe(document.getElementById(id), {subtree: true, childList: true, characterData: true});"
            "getSelection().selectAllChildren(document.querySelector('#harm th bdi'))"
        )
        before = await page.text("#build")
        await page.until(f"document.querySelector('#build').innerText !== {json.dumps(before)}")
        assert await page.look("String(getSelection())") == "loan"
        assert await page.look("window.changes") == 0
        shown = "[...document.querySelectorAll('#findings li')].map((row) => row.dataset.dimension)"
        assert await page.look(shown) == ["adversarial", "output", "privacy"]
        traffic.models[1]["events"] = 501
        await page.until("document.querySelector('#harm').innerText.includes('501')")
        assert await page.look("window.changes") == 1
        # Two with one key should not be; neither is lost for it.
        twins = "harmwatch.replace('stages', ['a', 'b'].map((text) => harmwatch.el('li', {'data-key': 'k'}, text)))"
        assert await page.look(f"{twins}; {twins}; document.querySelector('#stages').textContent") == "ab"


async def test_all_is_said_in_chinese(tmp_path: Path) -> None:
    async with page_of(Traffic([model("chat", 0.1)]), tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=zh")
        assert "内置分类器，阈值 0.81（误报率见其模型卡）" in await page.text("#recent")
        assert "等待：模型, 分区" in await page.text("#ready")
        assert "解码" in await page.text("#stages")
        assert "索要系统提示" in await page.text("#findings")
        assert "11,699" in await page.text("#tiles") and "跳过重复 7" in await page.text("#tiles")
        assert "3fa2b0c9d001" in await page.text("#configuration") and "被拒绝" in await page.text("#configuration")


CONTRAST = """(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (c) => c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const found = parse(getComputedStyle(node).backgroundColor);
      if (found.length < 4 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll('body *')) {
    if (![...node.childNodes].some((c) => c.nodeType === 3 && c.data.trim()) || !node.getClientRects().length) continue;
    if (node.closest('.hidden, .skip, noscript, script, :disabled')) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${node.className || node.tagName}: ${node.innerText} ${ratio.toFixed(2)}`);
  }
  return poor;
})()"""
SMALL = """[...document.querySelectorAll('a, button, select, input:not([type=checkbox]), label.check')]
  .filter((n) => n.getClientRects().length && !n.matches('.skip'))
  .filter((n) => n.getBoundingClientRect().height < 23.9 || n.getBoundingClientRect().width < 23.9)
  .map((n) => n.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 900)])
async def test_everybody_can_read_and_hit_it(tmp_path: Path, width: int, height: int) -> None:
    traffic = Traffic([model("a-model-with-a-long-name-of-its-own", 0.1), model("loan", None, bias=0.19)])
    async with page_of(traffic, tmp_path) as (page, url):
        await page.size(width, height, mobile=width < 500)
        for scheme in ("light", "dark"):
            await page.prefer(scheme)
            await open_console(page, f"{url}?lang=en")
            assert await page.look(CONTRAST) == [], scheme
            assert await page.look(SMALL) == [], scheme
            assert await page.look(f"document.documentElement.scrollWidth <= {width}")
            # No bar of H is outside of what is seen.
            assert await page.look(
                "Math.max(...[...document.querySelectorAll('.stack')].map((s) => s.getBoundingClientRect().right))"
                f" <= {width}"
            )
        # Categories are broken behind dots, or not at all.
        assert await page.look("document.querySelector('#findings bdi').getBoundingClientRect().height < 50")


async def test_a_refused_token_says_so_and_keeps_the_address(tmp_path: Path) -> None:
    traffic = Traffic([model("chat", 0.1), model("loan", None, bias=0.2)])
    async with page_of(traffic, tmp_path, TOKEN) as (page, url):
        await page.open(f"{url}?lang=zh#model=chat&window=1m")
        for given, script in (
            ("wrong-horse-battery", "document.querySelector('#refused:not([hidden])')"),
            (TOKEN, "document.querySelector('#harm button')"),
        ):
            await page.look(f"document.querySelector('#token').value = {json.dumps(given)}")
            await page.click_through("form button")
            await page.until(script)
        assert await page.look("document.documentElement.lang") == "zh-CN"
        assert await page.look("location.search + location.hash") == "?lang=zh#model=chat&window=1m"
        assert await page.look("document.querySelector('#model').value") == "chat"
        # The session ends: no pill says that nobody answers, and signing in again is one step.
        await page.call("Network.clearBrowserCookies")
        await page.until("document.querySelector('#alive').textContent === '已退出登录'")
        await page.click_through("#sign-in")
        await page.until("document.querySelector('#token')")
        assert await page.look("location.hash") == "#model=chat&window=1m"
        page.complaints.clear()  # the browser's own notes of 401
        await page.open(f"{url}session?lang=zh")
        await page.until("document.querySelector('#token')")


async def test_a_mark_that_nobody_answers_does_not_blame_the_broker(tmp_path: Path) -> None:
    traffic = Traffic([model("chat", 0.1)])
    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=en")
        await page.call("Network.enable")
        await page.call(
            "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0
        )
        await page.click("#recent button[id$=-right]")
        await page.until("document.querySelector('#mark-note').textContent.includes('the worker does not answer')")
        page.complaints.clear()
