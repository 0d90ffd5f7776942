"""``make pictures``: the pictures of the console in README and docs, taken of a demo while its traffic flows.

Chromium opens the console of a real ``harmwatch demo``. The whole page comes first, in both languages; then some
findings are marked, by category and not by what they say, so that feedback has something to show; then the lower half,
and a telephone in the dark. Look at each of them before it is committed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.brokers.ports import free_ports
from tests.browser import Browser, browser

__all__ = ["main"]

_EVENTS, _SECONDS = 24_000, 120
_DESKTOP, _PHONE = (1180, 1390), (390, 844)
_GAP = 20
_SHOWN = "chat-assistant"
#: Share of the demo's events after which all planted incidents lie behind it.
_ENOUGH = 0.85
_MARKS = {"toxicity": 12, "pii.email": 14, "pii.phone": 6, "adversarial": 4}


@asynccontextmanager
async def running_demo() -> AsyncIterator[str]:
    """Address of its console."""
    (port,) = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("harmwatch")), "demo", "--events", str(_EVENTS), "--seconds", str(_SECONDS),
        "--port", str(port), "--keep", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _events(address: str) -> int:
    async with aiohttp.ClientSession() as session:
        try:
            async with session.get(f"{address}/metrics") as answer:
                lines = (await answer.text()).splitlines()
        except aiohttp.ClientError:
            return 0
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith("harmwatch_events_total{"))


async def _ready(address: str, share: float) -> None:
    async with asyncio.timeout(_SECONDS * 10):
        while await _events(address) < share * _EVENTS:
            await asyncio.sleep(0.5)


async def _mark(page: Browser) -> None:
    """Some findings of some categories, nearly all as right."""
    for category, marks in _MARKS.items():
        for number in range(marks):
            right = "false" if number % 12 == 5 else "true"
            # The list moves while traffic flows: a button is known by its id, not by its place.
            kind = f'button[data-category="{category}"][data-correct="{right}"]'
            unmarked = "(one) => !one.parentNode.querySelector('[aria-pressed=\"true\"]')"
            button = await page.look(f"[...document.querySelectorAll('{kind}')].find({unmarked})?.id")
            if button:
                found = f"document.getElementById({json.dumps(button)})"
                await page.look(f"{found}.click()")
                await page.until(f"!{found} || {found}.getAttribute('aria-pressed') === 'true'")
    await page.until("!document.querySelector('button[data-category][aria-disabled=\"true\"]')")
    await page.until("!document.querySelector('#mark-note')?.innerText.includes('…')")


async def _chosen(page: Browser, address: str, language: str) -> None:
    await page.open(f"{address}/?lang={language}")
    await page.until("document.querySelectorAll('#harm .plain').length >= 3")
    # The one that both charts have something to say of; they are drawn when its figures have come.
    await page.look(
        f"(() => {{ const box = document.querySelector('#model'); box.value = '{_SHOWN}';"
        " box.dispatchEvent(new Event('change', {bubbles: true})); })()"
    )
    await page.until(
        "document.querySelector('#charts').getAttribute('aria-busy') === 'false'"
        " && document.querySelectorAll('#chart-index canvas, #chart-parts canvas').length >= 2"
    )


async def _scrolled(page: Browser, selector: str, above: int) -> None:
    await page.look(
        f"window.scrollTo(0, document.querySelector('{selector}').getBoundingClientRect().top + scrollY - {above})"
    )


def _check_fonts() -> None:
    """Raise SystemExit where Chinese would be drawn as boxes."""
    listed = subprocess.run(["fc-list", ":lang=zh"], check=False, capture_output=True, text=True)
    if not listed.stdout.strip():
        raise SystemExit("no font for Chinese: apt install fonts-noto-cjk")


async def take(folder: Path) -> None:
    """Write ``console.png``, ``console.zh-CN.png``, ``console-findings.png`` and ``console-phone.png``."""
    _check_fonts()
    with tempfile.TemporaryDirectory() as profile:
        async with running_demo() as address, browser(Path(profile)) as page:
            await _ready(address, _ENOUGH)
            await page.size(*_DESKTOP)
            await page.prefer("light")
            for language, name in (("en", "console.png"), ("zh", "console.zh-CN.png")):
                await _chosen(page, address, language)
                await page.picture(folder / name, whole=False)
            # Marks are set once the list of findings stands still.
            await _ready(address, 0.995)
            await _chosen(page, address, "en")
            await _mark(page)
            await _scrolled(page, "#recent-title", 32)
            await page.size(_DESKTOP[0], 1090)
            await page.picture(folder / "console-findings.png", whole=False)
            await page.size(*_PHONE, mobile=True)
            await page.prefer("dark")
            parts = []
            for selector, above in (("body", 0), ("#harm-title", 30), ("#recent-title", 30)):
                await _scrolled(page, selector, above)
                parts.append(Path(profile) / f"{len(parts)}.png")
                await page.picture(parts[-1], whole=False)
            _beside(parts, folder / "console-phone.png")
            assert not page.complaints, page.complaints


def _beside(parts: Sequence[Path], path: Path) -> None:
    from PIL import Image

    width, height = _PHONE
    sheet = Image.new("RGB", (len(parts) * (width + _GAP) - _GAP, height), "white")
    for place, part in enumerate(parts):
        with Image.open(part) as screen:
            sheet.paste(screen.convert("RGB"), (place * (width + _GAP), 0))
    sheet.save(path, optimize=True)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.pictures", description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, default=Path("docs/images"), help="folder; docs/images")
    args = parser.parse_args(argv)
    asyncio.run(take(args.into))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
