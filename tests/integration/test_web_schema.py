"""The web port against its own description: schemathesis makes requests, good and bad, and judges the answers.

`HARMWATCH_SCHEMA_SECONDS` runs it for so long over all operations together (`make fuzz-http` for an hour).
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import negative_data_rejection

from streams.web.openapi import openapi
from tests.integration.test_console_page import Traffic, model
from tests.unit.test_web_access import TOKENS, GuardedSite, write_tokens

load_all_checks()
_SECONDS = float(os.environ.get("HARMWATCH_SCHEMA_SECONDS", "0"))
_EXAMPLES = 25
_OPERATIONS = [(path, method.upper()) for path, item in openapi()["paths"].items() for method in item]


@contextmanager
def served(site: GuardedSite) -> Iterator[str]:
    """The server on an event loop of its own, since schemathesis waits for its answers."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(site.server.start(), loop).result(30)
        yield f"http://127.0.0.1:{site.server.port}"
        asyncio.run_coroutine_threadsafe(site.server.stop(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    tokens = write_tokens(tmp_path_factory.mktemp("tokens") / "tokens.yaml", "admin")
    site = GuardedSite(tokens, source=Traffic([model("chat", 0.1)]), limits=(0.0, 0.0, 0.0))
    with served(site) as url:
        yield url


@pytest.mark.parametrize(("path", "method"), _OPERATIONS, ids=[f"{m} {p}" for p, m in _OPERATIONS])
def test_answers_are_those_described(address: str, path: str, method: str) -> None:
    schema = schemathesis.openapi.from_dict(openapi())
    schema.config.update(base_url=address)
    # A body that is too large is refused for that, whatever else is wrong with it.
    schema.config.checks.negative_data_rejection.expected_statuses.append("413")
    operation = schema[path][method]
    bearer = {"Authorization": f"Bearer {TOKENS['admin']}"}
    until = time.monotonic() + _SECONDS / len(_OPERATIONS)

    @hypothesis.settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        derandomize=not _SECONDS,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy())
    def good(case: Any) -> None:
        case.call_and_validate(headers=bearer, allow_redirects=False)

    @hypothesis.settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        derandomize=not _SECONDS,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
    def bad(case: Any) -> None:
        # A list or an object that has nothing in it leaves no trace in a query, which then is a good one.
        spared = [negative_data_rejection] if method == "GET" else []
        case.call_and_validate(headers=bearer, allow_redirects=False, excluded_checks=spared)

    while True:
        good()
        if operation.definition.raw.get("parameters") or operation.definition.raw.get("requestBody"):
            bad()
        if time.monotonic() >= until:
            break
