"""What the page says of answers to marks, and of figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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


class Drifting(Traffic):
    """With a detector that raised many alarms before."""

    def model(self, name: str, window: str | None) -> Any:
        bounds: dict[str, list[float]] = {"value": [], "lower": [], "upper": []}
        history = dict.fromkeys(("index", "bias", "output", "privacy", "adversarial"), bounds)
        drift = {"detector": "window_chi_square", "feature": "input.language", "statistic": 8.2, "threshold": 10.0}
        return {
            "name": name, "window": "5m", "history": {"times": [], "step": 1.0, **history},
            "fairness": {"window": "5m", "attributes": []}, "campaigns": [],
            "drift": [{**drift, "detected": False, "times": 12}],
        }  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_nothing_is_wider_than_a_small_telephone(tmp_path: Path, language: str) -> None:
    async with page_of(Drifting([model("chat", 0.1)]), tmp_path) as (page, url):
        await page.size(320, 740, mobile=True)
        await open_console(page, f"{url}?lang={language}")
        await page.until("document.querySelector('#drift .value small')?.textContent.includes('12')")
        assert await page.look("document.documentElement.scrollWidth") <= 320


class Broken(Traffic):
    """An eighth of the records could not be read."""

    def state(self) -> dict[str, Any]:
        state = super().state()
        return {**state, "pipeline": {**state["pipeline"], "events": 70, "dead_letters": 10}}


@pytest.mark.parametrize(("language", "words"), [("en", "of records"), ("zh", "占记录数的")])
async def test_dead_letters_are_records(tmp_path: Path, language: str, words: str) -> None:
    async with page_of(Broken([model("chat", 0.1)]), tmp_path) as (page, url):
        await open_console(page, f"{url}?lang={language}")
        tile = await page.text("#tiles [data-key=tile_dead]")
        assert words in tile and "13" in tile


async def test_what_is_wrong_with_a_worker_of_several_processes_is_said_in_chinese(tmp_path: Path) -> None:
    said = {
        "no broker has answered for 130 s": "已有 130 秒没有消息代理应答",
        "process 2 of 4 has not answered for 37 s": "进程 2/4 已有 37 秒没有应答",
        "process 1 of 2 has died, and is started again": "进程 1/2 已退出，正在重新启动",
        "process 1 of 2: stalled: t[0] has not moved for 61 s with records to go that nobody can tell":
            "进程 1/2：已停滞：t[0] 已有 61 秒未推进，待处理的记录数未知",
        "process 1 of 2: answer": "进程 1/2：应答",
    }  # fmt: skip
    traffic = Traffic([model("chat", 0.1)])
    held_up = "stalled: t[0] has not moved for 61 s with 7 records to go, and 2 more"
    traffic.signs = [
        {"sign": "stalled", "tone": "bad", "detail": held_up},
        {"sign": "not_ready", "tone": "warn", "detail": "process 1 of 2: models, process 2 of 2: answer"},
    ]
    async with page_of(traffic, tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=zh")
        for english, chinese in said.items():
            assert await page.look(f"harmwatch.names.explain({json.dumps(english)})") == chinese
        told = await page.text("#signs")
        assert "进程 1/2：模型、进程 2/2：应答" in told
        assert "还有 7 条记录待处理；另有 2 个分区" in told and "more" not in told


async def test_why_the_worker_refuses_is_said_in_chinese(tmp_path: Path) -> None:
    said = {
        503: ("no process of this worker answers: try again", "本工作进程的各个进程均无应答，请重试"),
        500: ("internal error", "内部错误"),
        403: ("this needs a token with the role viewer; bob is labeller", "这需要角色为 viewer 的令牌"),
    }
    denied = "the broker refused the mark: this user may not write to topic harm.feedback; grant WRITE on it"
    async with page_of(Traffic([model("chat", 0.1)]), tmp_path) as (page, url):
        await open_console(page, f"{url}?lang=zh")
        await page.look("window.answer = fetch")
        for status, (english, chinese) in said.items():
            body = json.dumps(json.dumps({"error": english}))
            await page.look(f"window.fetch = () => Promise.resolve(new Response({body}, {{ status: {status} }})); 0")
            await page.until(f"document.querySelector('#notice').innerText.includes('{chinese}')")
            assert english not in await page.text("#notice")
        body = json.dumps(json.dumps({"error": denied}))
        await page.look(
            "window.fetch = (path, options) => options?.method === 'POST'"
            f" ? Promise.resolve(new Response({body}, {{ status: 502 }})) : answer(path, options)"
        )
        await page.click("#recent button[id$=-right]")
        await page.until("document.querySelector('#mark-note').textContent.includes('请授予该主题的 WRITE 权限')")
        assert "this user" not in await page.text("#mark-note")
