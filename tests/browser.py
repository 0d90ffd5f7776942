"""A headless Chromium, driven over its DevTools protocol with what the project has anyway (aiohttp)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.brokers.layers import find_chromium

__all__ = ["Browser", "browser"]

_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.1
#: What Chromium answers when the document that was asked has gone.
_BETWEEN_PAGES = ("Inspected target navigated or closed", "Execution context was destroyed.")


class _BetweenPages(Exception):
    """The document that was asked went before it answered."""


class Browser:
    """One page. Scripts run in it as a user's would, under the page's own policy."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.complaints: list[str] = []

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json(timeout=_PATIENCE_SECONDS)
            if message.get("id") == self._number:
                if "error" in message and message["error"].get("message") in _BETWEEN_PAGES:
                    raise _BetweenPages(message["error"]["message"])
                assert "error" not in message, message
                return dict(message["result"])
            self._listen(message)

    def _listen(self, message: dict[str, Any]) -> None:
        """Uncaught exceptions, and what the policy refused."""
        if message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(message["params"]["exceptionDetails"])[:500])
        entry = message.get("params", {}).get("entry", {})
        if message.get("method") == "Log.entryAdded" and entry.get("source") in ("security", "javascript", "violation"):
            self.complaints.append(str(entry.get("text"))[:500])

    async def open(self, url: str) -> None:
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState === 'complete'")

    async def look(self, script: str) -> Any:
        """The value of an expression."""
        found = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def text(self, selector: str) -> str:
        return str(await self.look(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    async def until(self, script: str, seconds: float = _PATIENCE_SECONDS) -> None:
        """Wait until an expression is true; between two pages it may fail."""
        attempt = f"(() => {{ try {{ return !!({script}); }} catch {{ return false; }} }})()"
        try:
            async with asyncio.timeout(seconds):
                while not await self._is_true(attempt):
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            raise AssertionError(f"never true: {script}; the page says: {await self.text('body')}") from None

    async def _is_true(self, attempt: str) -> bool:
        try:
            return bool(await self.look(attempt))
        except _BetweenPages:
            return False

    async def click(self, selector: str) -> None:
        await self.look(f"document.querySelector({json.dumps(selector)}).click()")

    async def click_through(self, selector: str) -> None:
        """Click what leads to another document, and wait for that one.

        The old document is complete too, and may hold what the next is waited for: only its mark tells them apart.
        """
        await self.look("window.leaving = true")
        await self.click(selector)
        await self.until("!window.leaving && document.readyState === 'complete'")

    async def size(self, width: int, height: int, *, mobile: bool = False) -> None:
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile
        )

    async def prefer(self, scheme: str) -> None:
        """``light`` or ``dark``."""
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    async def picture(self, path: Path, *, whole: bool = True) -> None:
        shot = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))


@asynccontextmanager
async def browser(profile: Path) -> AsyncIterator[Browser]:
    """A browser with a profile of its own, gone afterwards."""
    process = await asyncio.create_subprocess_exec(
        find_chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        "--remote-debugging-port=0", "--disable-dev-shm-usage", f"--user-data-dir={profile}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        port = await _port(profile / "DevToolsActivePort")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                (page,) = [each for each in await answer.json() if each["type"] == "page"]
            async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                found = Browser(socket)
                for domain in ("Page", "Runtime", "Log"):
                    await found.call(f"{domain}.enable")
                yield found
                with contextlib.suppress(ConnectionError, TypeError, aiohttp.ClientError):
                    await found.call("Browser.close")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _port(told: Path) -> int:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not (told.exists() and (lines := told.read_text().split())):
            await asyncio.sleep(_LOOK_SECONDS)
    return int(lines[0])
