"""Threats to the machinery: hash flooding, redirections of a probe, secrets that show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web

from agent.clock import ManualClock
from agent.config import validate
from agent.probe.pace import Backoff, Budget, RateLimit
from streams.config import WorkerConfig
from streams.served.http_posts import HttpPosts
from streams.web.guard import Guard
from tests.threats.aside import served_aside

ROOT = Path(__file__).resolve().parents[2]


def test_hashes_of_names_differ_from_process_to_process_and_nothing_pins_them() -> None:
    found = {
        subprocess.run([sys.executable, "-c", "print(hash('model-a'))"], capture_output=True, check=True).stdout
        for _ in range(3)
    }
    assert len(found) == 3
    deployed = [path for folder in ("deploy", "agent", "streams") for path in (ROOT / folder).rglob("*")]
    texts = [path for path in deployed if path.is_file() and path.suffix in ("", ".py", ".yaml", ".tpl", ".sh")]
    assert len(texts) > 100
    assert not [path for path in texts if b"PYTHONHASHSEED" in path.read_bytes()]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_probed_server_sends_neither_questions_nor_the_key_elsewhere(status: int) -> None:
    reached: list[str] = []

    async def elsewhere(request: web.BaseRequest) -> web.Response:
        reached.append(request.path)
        return web.json_response({})

    async def turned(request: web.BaseRequest) -> web.Response:
        return web.Response(status=status, headers={"Location": f"{other}/metadata"})

    posts = HttpPosts(
        {"Authorization": "Bearer secret"}, pace=RateLimit(None, ManualClock()), budget=Budget(None),
        backoff=Backoff(0), timeout_seconds=30.0, concurrency=1,
    )  # fmt: skip
    with served_aside(elsewhere) as other, served_aside(turned) as first, posts:
        ((_, answer),) = posts.post_all([(f"{first}/v1/chat/completions", {"q": 1})])
        assert answer.failure is not None
        assert posts.get(f"{first}/v1/models").failure is not None
    assert reached == []


def test_no_repr_shows_a_secret() -> None:
    secret = "correct-horse-battery-staple"
    plain = {
        "web": {"token": secret, "tls": {"cert_file": "/c", "key_password": secret}},
        "evidence": {"hash_key": secret},
        "kafka": {"sasl_password": secret, "ssl_key_password": secret},
    }
    config = validate(WorkerConfig, plain, "test")
    guard = Guard("127.0.0.1", secret, ManualClock())
    holder = guard.token_holder(secret)
    assert holder is not None
    for shown in (config, config.web, config.web.tls, config.kafka, config.evidence, guard, holder):
        assert secret not in repr(shown) and secret not in str(shown)
    assert secret not in config.model_dump_json()
