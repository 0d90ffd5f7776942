"""What model servers answer beside OpenAI's paths: tapped by default, and read."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

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
        (b"/invocations", {"inputs": "Who?"}, b'[{"generated_text": "Ann."}]'),
        (b"/infill", {"input_prefix": "Wh", "input_suffix": "o?", "prompt": ""}, b'{"content": "Ann.", "stop": true}'),
        # SGLang's, whole, in pieces that say again what came before, several at once; vLLM's demonstration; Triton's.
        (b"/generate", {"text": "Who?"}, b'{"text": "Ann.", "meta_info": {"finish_reason": {"type": "stop"}}}'),
        (
            b"/generate",
            {"text": "Who?", "stream": True},
            _events_of(
                {"text": "An", "meta_info": {"finish_reason": None}},
                {"text": "Ann.", "meta_info": {"finish_reason": {"type": "stop"}}},
            ),
        ),
        (b"/generate", {"text": ["Wh", "o?"]}, b'[{"text": "An", "meta_info": {}}, {"text": "n.", "meta_info": {}}]'),
        (b"/generate", {"prompt": "Who?"}, b'{"text": ["An", "n."]}'),
        (b"/v2/models/m/generate", {"text_input": "Who?"}, b'{"model_name": "m", "text_output": "Ann."}'),
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


def test_a_stream_of_triton_is_read_though_nothing_in_it_says_that_it_ended() -> None:
    answered = _events_of({"model_name": "m", "text_output": "An"}, {"model_name": "m", "text_output": "n."})
    event = decoded(maker().make(captured(request=[b'{"text_input": "Who?"}'], response=[answered])))
    assert (text_of(event.input), text_of(event.output), event.truncated) == ("Who?", "Ann.", False)


def test_what_the_server_passes_over_is_read_besides() -> None:
    asked = b'{"text": "Who?", "prompt": "", "messages": [{"role": "user", "content": "Nobody."}]}'
    event = decoded(maker().make(captured(request=[asked], response=[b'{"text": "Ann."}'])))
    assert text_of(event.input) == "Nobody.Who?"


@pytest.mark.parametrize(("target", "taps"), [(b"/", True), (b"//?a=b", True), (b"/x", False), (b"/x/", False)])
def test_the_root_alone_may_be_a_route(target: bytes, taps: bool) -> None:
    assert TappedRoutes(ProxyTapConfig(routes=("/",)).routes).taps(b"POST", target) is taps


@pytest.mark.parametrize(
    ("route", "instead"),
    [
        ("/chat/completions?stream=1", "/chat/completions"),
        ("/chat/completions#x", "/chat/completions"),
        ("/my%20model", "/my model"),
        ("//generate", "/generate"),
        ("/v1//chat", "/v1/chat"),
        ("/v1/../chat", "/chat"),
        ("/a;b", "/a"),
        ("/v1/{model}/generate", "/generate"),
        ("/v1/:model/generate", "/generate"),
        ("/v1/<model>/generate", "/generate"),
        ("/v1/models/{model}:generate", "an end itself, such as /chat/completions"),
        ("/*", "an end itself, such as /chat/completions"),
        ("/%E4%B8%AD", "an end of the path that is plain ASCII"),
    ],
)
def test_a_route_that_no_path_can_end_like_is_refused(route: str, instead: str) -> None:
    with pytest.raises(ValidationError) as raised:
        ProxyTapConfig(routes=("/generate", route))
    (error,) = raised.value.errors()
    assert route in error["msg"]
    assert error["msg"].endswith(f" {instead}")
    assert "\n" not in error["msg"]


@given(st.text(st.sampled_from("/a.;?#%24{* "), min_size=1, max_size=8))
def test_a_route_that_is_taken_can_match(route: str) -> None:
    try:
        routes = ProxyTapConfig(routes=(f"/{route}",)).routes
    except ValidationError:
        return
    assert TappedRoutes(routes).taps(b"POST", f"/v1{quote(routes[0])}".encode() if routes != ("/",) else b"/")


@pytest.mark.parametrize(
    ("route", "target"),
    [
        ("/chat/completions/", b"/v1/chat/completions"),
        ("/chat/completions/", b"/v1/chat/completions/"),
        ("/Generate", b"/generate"),
        ("/my model", b"/my%20model"),
        ("/models/m:generate", b"/v1/models/m:generate"),
        ("//", b"/"),
    ],
)
def test_slashes_at_the_end_and_capitals_of_a_route_do_not_matter(route: str, target: bytes) -> None:
    assert TappedRoutes(ProxyTapConfig(routes=(route,)).routes).taps(b"POST", target)


_TENSOR = {"name": "t", "shape": [1], "datatype": "BYTES", "data": ["hi"]}


@pytest.mark.parametrize(
    "beside",
    [
        {"body": {"messages": [{"role": "user", "content": "hi"}]}},
        {"headers": {}},
        {"inputs": [_TENSOR]},
        {"instances": ["hi"]},
        {"predictions": ["hi"]},
        {"outputs": [_TENSOR]},
        {"messages": "junk", "prompt": "x"},
        {"system": 5},
        {"body": "hi"},
        {"prompt": 5},
        {"inputs": 5},
    ],
)
@pytest.mark.parametrize("key", ["text", "text_input"])
def test_nothing_beside_a_question_hides_it(key: str, beside: dict[str, object]) -> None:
    asked = json.dumps({key: "Who?"} | beside).encode()
    event = decoded(maker().make(captured(request=[asked], response=[b'{"text": "Ann."}'])))
    assert "Who?" in text_of(event.input)


@pytest.mark.parametrize(
    ("asked", "heard", "whole"),
    [
        ({"text_input": [["Wh"], ["o?"]]}, "Who?", True),
        ({"prompt": "x", "suffix": "Who?", "text": [1.5]}, "xWho?", False),
        ({"prompt": "", "input_prefix": "a", "input_extra": [{"filename": "f", "text": "Who?"}]}, "afWho?", True),
        ({"text": "harmless", "input_ids": [1, 2]}, "harmless", False),
    ],
)
def test_what_a_question_holds(asked: dict[str, object], heard: str, whole: bool) -> None:
    event = decoded(maker().make(captured(request=[json.dumps(asked).encode()], response=[b'{"text": "Ann."}'])))
    assert (text_of(event.input), event.truncated) == (heard, not whole)


def _sglang(*texts: str) -> bytes:
    return _events_of(*({"text": text, "meta_info": {"finish_reason": None}} for text in texts)) + b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (_sglang("ha", "ha", "h", "5", "5", "5", "-", "5", "50"), "hahah555-550"),
        (_sglang("An", "Ann", "Ann."), "Ann."),
        (_sglang("An") + _events_of({"error": {"message": "gone"}}), "An"),
        (_lines_of({"text": ["An", "B"]}, {"text": ["Ann.", "Bob."]}), "Ann.Bob."),
        (b'{"text_output": ["An", "n."]}', "Ann."),
        (
            _events_of({"choices": [{"index": 0, "delta": {"content": "Ann."}}], "meta_info": {}}),
            "Ann.",
        ),
    ],
)
def test_what_is_said_in_pieces_is_heard_once_and_whole(answered: bytes, said: str) -> None:
    event = decoded(maker().make(captured(request=[b'{"text": "Who?"}'], response=[answered])))
    assert text_of(event.output) == said
