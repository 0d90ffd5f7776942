"""What model servers answer beside OpenAI's paths: tapped by default, and read."""

from __future__ import annotations

import json

import pytest

from streams.config_proxy import ProxyTapConfig
from streams.proxy.routes import TappedRoutes
from tests.unit.proxy.test_events import captured, decoded, maker, text_of


def _events_of(*chunks: dict[str, object]) -> bytes:
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode()


def _lines_of(*chunks: dict[str, object]) -> bytes:
    return "".join(f"{json.dumps(chunk)}\n" for chunk in chunks).encode()


_DELTA = {"type": "content_block_delta", "index": 0}
_TOKEN = {"index": 1, "generated_text": None}


@pytest.mark.parametrize(
    ("target", "asked", "answered"),
    [
        (
            b"/v1/messages",
            {"model": "m", "messages": [{"role": "user", "content": "Who?"}]},
            json.dumps(
                {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Ann."}]}
            ).encode(),
        ),
        (
            b"/v1/messages",
            {"model": "m", "messages": [{"role": "user", "content": "Who?"}], "stream": True},
            _events_of(
                {"type": "message_start", "message": {"type": "message", "role": "assistant", "content": []}},
                _DELTA | {"delta": {"type": "text_delta", "text": "An"}},
                _DELTA | {"delta": {"type": "text_delta", "text": "n."}},
                {"type": "message_stop"},
            ),
        ),
        (b"/completion", {"prompt": "Who?"}, b'{"content": "Ann.", "stop": true}'),
        (
            b"/completion",
            {"prompt": "Who?"},
            _events_of({"content": "An", "stop": False}, {"content": "n.", "stop": True}),
        ),
        (b"/generate", {"inputs": "Who?"}, b'{"generated_text": "Ann."}'),
        (
            b"/generate_stream",
            {"inputs": "Who?"},
            _events_of(
                _TOKEN | {"token": {"text": "An"}},
                _TOKEN | {"token": {"text": "n."}, "generated_text": "Ann."},
            ),
        ),
        (
            b"/api/chat",
            {"model": "m", "messages": [{"role": "user", "content": "Who?"}]},
            _lines_of(
                {"message": {"role": "assistant", "content": "An"}, "done": False},
                {"message": {"role": "assistant", "content": "n."}, "done": True},
            ),
        ),
        (
            b"/api/generate",
            {"prompt": "Who?"},
            _lines_of({"response": "An", "done": False}, {"response": "n.", "done": True}),
        ),
    ],
)
def test_what_servers_have_of_their_own_is_tapped_and_read(
    target: bytes, asked: dict[str, object], answered: bytes
) -> None:
    assert TappedRoutes(ProxyTapConfig().routes).taps(b"POST", target)
    event = decoded(maker().make(captured(request=[json.dumps(asked).encode()], response=[answered])))
    assert (text_of(event.input), text_of(event.output), event.truncated) == ("Who?", "Ann.", False)
