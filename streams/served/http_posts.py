"""POSTs of JSON to one server, many at a time, and their results one after the other: retries, pace and budget.

The probe is synchronous, and so is this; inside one event loop runs while somebody waits for the next result.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import aiohttp

from agent.errors import BudgetSpent, TargetError
from agent.probe.pace import Backoff, Budget, RateLimit
from agent.probe.served import Failure
from streams.tls_faults import tls_fault

__all__ = ["MOST_BYTES", "Answer", "HttpPosts"]

MOST_BYTES = 4 * 1024 * 1024
"""Of an answer; what is longer is none."""

# 408 and 425 ask for another try; the others say that the server, or what is behind it, is out of breath.
_RETRIED = frozenset((408, 425, 429, 500, 502, 503, 504, 529))
_WRONG_FOR_ALL = {
    401: "wants another key (401); give one with --api-key-file or HARMWATCH_PROBE_API_KEY",
    402: "wants to be paid (402)",
    403: "lets this key not in (403); give another with --api-key-file or HARMWATCH_PROBE_API_KEY",
    404: "knows no such path or model (404); look at --target and --model",
    405: "takes no POST there (405); look at --target",
}
#: By kind of `streams.tls_faults.TlsFault`; other failures of a handshake may pass.
_TLS_WRONG_FOR_ALL = {
    "expired": "give it a new one",
    "early": "look at the clocks here and there",
    "name": "name it in --target as its certificate does",
    "untrusted": "set SSL_CERT_FILE to a PEM file of those who signed it",
    "no_tls": "say http:// in --target",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The object that came back, or why none did."""

    body: Mapping[str, Any] | None = None
    failure: Failure | None = None
    status: int | None = None


class HttpPosts:
    """A connection to one server.

    Parameters
    ----------
    headers
        Sent with each request; they may hold a key, and are shown nowhere.
    concurrency
        Requests under way at a time.
    sleep
        How to wait; tests give another.
    """

    def __init__(
        self,
        headers: Mapping[str, str],
        *,
        pace: RateLimit,
        budget: Budget,
        backoff: Backoff,
        timeout_seconds: float,
        concurrency: int,
        sleep: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        self._headers = dict(headers)
        self._pace, self._budget, self._backoff = pace, budget, backoff
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._concurrency = concurrency
        self._sleep = sleep
        self._runner = asyncio.Runner()
        self._session: aiohttp.ClientSession | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections; requests under way are given up."""
        if self._session is not None:
            self._runner.run(self._session.close())
            self._session = None
        self._runner.close()

    def post_all(self, requests: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[int, Answer]]:
        """Answers to requests (URL, body), each with its request's place, as they come.

        Raises
        ------
        TargetError
            When the server answers no request of this kind.
        BudgetSpent
            When no more requests may be made, after the answers to those under way.
        """
        loop = self._runner.get_loop()
        waiting: dict[asyncio.Task[Answer], int] = {}
        todo = enumerate(requests)
        spent: BudgetSpent | None = None
        try:
            while True:
                while spent is None and len(waiting) < self._concurrency:
                    place_and_request = next(todo, None)
                    if place_and_request is None:
                        break
                    place, (url, body) = place_and_request
                    waiting[loop.create_task(self._post(url, body))] = place
                if not waiting:
                    break
                for task in self._runner.run(_first(waiting)):
                    place = waiting.pop(task)
                    try:
                        answer = task.result()
                    except BudgetSpent as error:
                        spent = error
                    else:
                        yield place, answer
        finally:
            for task in waiting:
                task.cancel()
            if waiting:
                self._runner.run(_ended(waiting))
        if spent is not None:
            raise spent

    def get(self, url: str) -> Answer:
        """The answer to one GET."""
        return self._runner.run(self._post(url, None))

    async def _post(self, url: str, body: Mapping[str, Any] | None) -> Answer:
        tries = 0
        while True:
            await self._sleep(self._pace.reserve())
            self._budget.spend()
            tries += 1
            answer, retry_after = await self._once(url, body)
            again = answer.failure in ("timeout", "unreachable", "overloaded", "server_error")
            wait = self._backoff.wait(tries, retry_after) if again else None
            if wait is None:
                return answer
            await self._sleep(wait)

    async def _once(self, url: str, body: Mapping[str, Any] | None) -> tuple[Answer, float | None]:
        if self._session is None:
            # No proxies or .netrc out of the environment: a key goes where --target says.
            self._session = aiohttp.ClientSession(
                timeout=self._timeout,
                headers=self._headers,
                trust_env=False,
                connector=aiohttp.TCPConnector(limit=self._concurrency),  # 100 without
            )
        method = "GET" if body is None else "POST"
        try:
            # A redirection would take questions and key to another server.
            async with self._session.request(method, url, json=body, allow_redirects=False) as response:
                if response.status in _WRONG_FOR_ALL:
                    raise TargetError(f"the target {_WRONG_FOR_ALL[response.status]}")
                if response.status != 200:
                    return Answer(failure=_failure(response.status), status=response.status), _retry_after(response)
                content = await _read(response)
        except TimeoutError:
            return Answer(failure="timeout"), None
        except aiohttp.ClientPayloadError as error:
            # What cannot be unpacked comes so again; what ends too soon is a connection that broke.
            unpacking = isinstance(error.__cause__, aiohttp.http_exceptions.ContentEncodingError)
            return Answer(failure="malformed" if unpacking else "unreachable"), None
        except (aiohttp.http_exceptions.HttpProcessingError, UnicodeError):
            return Answer(failure="malformed"), None
        except (aiohttp.ClientError, OSError) as error:
            fault = tls_fault(error.__cause__)
            if fault is not None and fault.kind in _TLS_WRONG_FOR_ALL:
                raise TargetError(
                    f"the target cannot be reached: {fault.said}; {_TLS_WRONG_FOR_ALL[fault.kind]}"
                ) from None
            return Answer(failure="unreachable"), None
        return _object(content), None


async def _first(tasks: Iterable[asyncio.Task[Answer]]) -> set[asyncio.Task[Answer]]:
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    return done


async def _ended(tasks: Iterable[asyncio.Task[Answer]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """None when it is too long: what is behind the bound is never read."""
    content = bytearray()
    async for part in response.content.iter_chunked(65_536):
        content += part
        if len(content) > MOST_BYTES:
            response.close()
            return None
    return bytes(content)


def _object(content: bytes | None) -> Answer:
    if content is not None:
        with suppress(ValueError, RecursionError):
            body = json.loads(content)
            if isinstance(body, dict):
                return Answer(body, status=200)
    return Answer(failure="malformed", status=200)


def _failure(status: int) -> Failure:
    if status == 429:
        return "overloaded"
    if status in _RETRIED or status >= 500:
        return "server_error"
    return "rejected" if status >= 400 else "malformed"


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Seconds. A date is taken by the server's own clock (``Date``, RFC 9110), since this one may be wrong."""
    given = response.headers.get("Retry-After", "")
    if given.isascii() and given.isdecimal() and len(given) <= 6:
        return float(given)
    with suppress(ValueError, TypeError, OverflowError):
        wait = parsedate_to_datetime(given) - parsedate_to_datetime(response.headers.get("Date", ""))
        return max(0.0, wait.total_seconds())
    return None
