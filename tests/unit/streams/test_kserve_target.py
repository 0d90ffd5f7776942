"""KServe V1 and V2 over a real HTTP server, and decisions in all their forms; hostile servers are bounded."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.errors import ConfigError
from agent.probe.pace import Backoff, Budget, RateLimit
from agent.probe.served import Reply
from streams.served.http_posts import MOST_BYTES, HttpPosts
from streams.served.kserve import KServeModel
from streams.served.predictions import prediction_reply, text_reply
from streams.served.url import Endpoint, endpoint_of

Handled = Callable[[str, str, Any], tuple[int, bytes]]


@contextmanager
def serving(handle: Handled) -> Iterator[str]:
    """A server's URL; `handle` gets method, path and body."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            self._send(*handle("GET", self.path, None))

        def do_POST(self) -> None:
            self._send(*handle("POST", self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

        def _send(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


@contextmanager
def kserve(handle: Handled, path: str) -> Iterator[KServeModel]:
    budget = Budget(None)
    with (
        serving(handle) as url,
        HttpPosts(
            {},
            pace=RateLimit(None, ManualClock()),
            budget=budget,
            backoff=Backoff(0),
            timeout_seconds=5.0,
            concurrency=2,
        ) as posts,
    ):
        yield KServeModel(endpoint_of(url + path), posts, budget)


def classified(model: KServeModel, *inputs: Any) -> list[Reply]:
    found = dict(model.classify(inputs))
    return [found[place] for place in range(len(inputs))]


def body(value: Any) -> tuple[int, bytes]:
    return 200, json.dumps(value).encode()


def test_v1_texts_and_features() -> None:
    seen: list[Any] = []

    def handle(method: str, path: str, given: Any) -> tuple[int, bytes]:
        seen.append((method, path, given))
        return body({"predictions": [[0.2, 0.8]]})

    with kserve(handle, "/v1/models/judge") as model:
        replies = classified(model, "a text", {"a": 1.0, "b": 2}, {"a": 1.0, "b": "x"})
        assert model.description["kind"] == "kserve-v1" and model.description["model"] == "judge"
        assert model.requests == 3 and not model.gives_log_likelihoods()
    assert {reply.label for reply in replies} == {"1"} and replies[0].probabilities == {"0": 0.2, "1": 0.8}
    given = sorted(seen, key=str)
    assert all(call[:2] == ("POST", "/v1/models/judge:predict") for call in seen)
    instances = [call[2]["instances"][0] for call in given]
    assert "a text" in instances and [1.0, 2] in instances and {"a": 1.0, "b": "x"} in instances


METADATA = {"name": "judge", "inputs": [{"name": "words", "datatype": "BYTES", "shape": [-1, 1]}]}
COLUMNS = {
    "inputs": [{"name": "a", "datatype": "FP32", "shape": [-1]}, {"name": "b", "datatype": "INT64", "shape": [-1]}]
}
MATRIX = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}]}


@pytest.mark.parametrize(
    ("metadata", "given", "sent"),
    [
        (METADATA, "text", [{"name": "words", "shape": [1, 1], "datatype": "BYTES", "data": ["text"]}]),
        (None, "text", [{"name": "input-0", "shape": [1], "datatype": "BYTES", "data": ["text"]}]),
        (COLUMNS, {"a": 1, "b": 2.0}, [
            {"name": "a", "shape": [1], "datatype": "FP32", "data": [1.0]},
            {"name": "b", "shape": [1], "datatype": "INT64", "data": [2]},
        ]),
        (MATRIX, {"a": 1, "b": 2.0}, [{"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [1.0, 2.0]}]),
        (None, {"a": 1}, [{"name": "input-0", "shape": [1, 1], "datatype": "FP64", "data": [1.0]}]),
    ],
)  # fmt: skip
def test_v2_sends_what_the_model_takes(metadata: Any, given: Any, sent: Any) -> None:
    seen: list[Any] = []

    def handle(method: str, path: str, given: Any) -> tuple[int, bytes]:
        if method == "GET":
            assert path == "/v2/models/judge/versions/3"
            return (404, b"{}") if metadata is None else body(metadata)
        assert path == "/v2/models/judge/versions/3/infer"
        seen.append(given)
        return body({"outputs": [{"name": "y", "datatype": "BYTES", "shape": [1], "data": ["toxic"]}]})

    with kserve(handle, "/v2/models/judge/versions/3/infer") as model:
        assert classified(model, given) == [Reply(label="toxic")]
    assert seen == [{"inputs": sent}]


@pytest.mark.parametrize(
    ("outputs", "reply"),
    [
        ([{"datatype": "INT64", "data": [2]}], Reply(label="2")),
        ([{"datatype": "FP32", "data": [0.9]}], Reply(label="1", probabilities={"1": 0.9, "0": pytest.approx(0.1)})),
        ([{"datatype": "FP32", "data": [[0.75, 0.25]]}], Reply(label="0", probabilities={"0": 0.75, "1": 0.25})),
        ([{"datatype": "INT64", "data": [1]}, {"datatype": "FP32", "data": [0.25, 0.75]}],
         Reply(label="1", probabilities={"0": 0.25, "1": 0.75})),
        ([{"datatype": "BOOL", "data": [True]}], Reply(label="1")),
        ([{"datatype": "FP32", "data": []}], Reply(failure="malformed")),
        ([{"datatype": ["FP32"], "data": [1.0]}], Reply(failure="malformed")),
        *(([{"datatype": "INT64", "data": [label]}, {"datatype": "FP32", "data": [0.25, 0.75]}],
           Reply(failure="malformed")) for label in (float("inf"), float("nan"), 0.5, "1", None)),
        (["x"], Reply(failure="malformed")),
        ([], Reply(failure="malformed")),
    ],
)  # fmt: skip
def test_v2_reads_outputs(outputs: Any, reply: Reply) -> None:
    with kserve(lambda method, path, given: body({"outputs": outputs}), "/v2/models/m") as model:
        assert classified(model, "text") == [reply]


def test_answers_in_words() -> None:
    with kserve(
        lambda method, path, given: body({"predictions": [{"generated_text": "Hello."}]}), "/v1/models/m"
    ) as model:
        assert dict(model.generate(["Hi"])) == {0: Reply(text="Hello.")}
    out = {"outputs": [{"datatype": "BYTES", "data": ["Hello."]}]}
    with kserve(lambda method, path, given: body(out), "/v2/models/m") as model:
        assert dict(model.generate(["Hi"])) == {0: Reply(text="Hello.")}


@pytest.mark.parametrize("path", ["/v1/models/m", "/v2/models/m"])
@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"predictions": 1, "outputs": {}}', b"x" * (MOST_BYTES + 1),
     b'{"predictions": [{}], "outputs": [{}]}',
     b'{"predictions": [NaN], "outputs": [{"datatype": "FP32", "data": [NaN]}]}'],
    ids=range(9),
)  # fmt: skip
def test_junk_fails_its_question_alone(path: str, content: bytes) -> None:
    calls = [(200, content), body({"predictions": ["a"], "outputs": [{"datatype": "BYTES", "data": ["a"]}]})]

    def handle(method: str, path: str, given: Any) -> tuple[int, bytes]:
        if method == "GET":
            return 200, content
        return calls[given.get("instances", given.get("inputs")) in (["good"], good)]

    good = [{"name": "input-0", "shape": [1], "datatype": "BYTES", "data": ["good"]}]
    with kserve(handle, path) as model:
        assert classified(model, "bad", "good") == [Reply(failure="malformed"), Reply(label="a")]


@pytest.mark.parametrize(
    ("given", "endpoint"),
    [
        ("http://h:1/v1/models/m:predict", Endpoint("kserve-v1", "http://h:1/v1/models/m", "m")),
        ("http://h/pre/v1/models/m/", Endpoint("kserve-v1", "http://h/pre/v1/models/m", "m")),
        ("http://h/v2/models/m/infer", Endpoint("kserve-v2", "http://h/v2/models/m", "m")),
        ("http://h/v2/models/m/versions/2", Endpoint("kserve-v2", "http://h/v2/models/m/versions/2", "m")),
        ("http://h/v1", Endpoint("openai", "http://h/v1")),
        ("http://h/v1/models", Endpoint("openai", "http://h/v1/models")),
    ],
)
def test_the_url_says_the_protocol(given: str, endpoint: Endpoint) -> None:
    assert endpoint_of(given) == endpoint


def test_there_are_no_log_likelihoods() -> None:
    with kserve(lambda method, path, given: body({}), "/v1/models/m") as model, pytest.raises(ConfigError):
        list(model.log_likelihoods(["x"]))


@pytest.mark.parametrize(
    ("value", "label", "probabilities"),
    [
        ("toxic", "toxic", None),
        (True, "1", None),
        (3, "3", None),
        (2.0, "2", None),
        (0.3, "0", {"1": 0.3, "0": 0.7}),
        ([0.1, 0.2, 0.7], "2", {"0": 0.1, "1": 0.2, "2": 0.7}),
        ([0.0, 0.0], "0", {"0": 0.5, "1": 0.5}),
        ([[0.2, 0.8]], "1", {"0": 0.2, "1": 0.8}),
        ({"label": "a", "score": 0.9}, "a", {"a": 0.9}),
        ({"label": "a", "score": 9}, "a", None),
        ({"label": "a", "probabilities": {"a": 0.6, "b": 0.4}}, "a", {"a": 0.6, "b": 0.4}),
        ([{"label": "a", "score": 0.1}, {"label": "b", "score": 0.9}], "b", {"a": 0.1, "b": 0.9}),
        ({"yes": 0.9, "no": 0.1}, "yes", {"yes": 0.9, "no": 0.1}),
    ],
)
def test_forms_of_decisions(value: Any, label: str, probabilities: Any) -> None:
    reply = prediction_reply(value)
    assert reply.label == label
    assert reply.probabilities == (None if probabilities is None else pytest.approx(probabilities))


NAMES = st.sampled_from(["label", "score", "probabilities", "x"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**1023])
    | st.floats()
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner),
    max_leaves=8,
)


@given(value=JSON)
def test_whatever_comes_is_a_decision_or_none(value: Any) -> None:
    reply = prediction_reply(value)
    assert (reply.label is None) == (reply.failure == "malformed")
    assert all(0.0 <= share <= 1.0 for share in (reply.probabilities or {}).values())
    assert text_reply(value).failure in (None, "malformed")
