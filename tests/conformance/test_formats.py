"""One suite over every row of ``FORMATS``: the golden pairs, and no bytes that raise anything but DecodeError."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from agent.errors import DecodeError
from agent.events import InferenceEvent
from agent.metrics.label_values import clean_label
from streams.formats import FORMATS, Decoder, load
from streams.formats.base import REASONS, TOPIC_HEADER
from streams.ports import Headers, Record
from tests.conformance.formats_golden import Case, cases, outcome

CASES = cases()
BY_FORMAT = {name: [case for case in CASES if case.format == name] for name in FORMATS}
QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])

HEADER_SETS: list[Headers] = [
    (),
    (("ce_type", b"org.kubeflow.serving.inference.request"), ("ce_id", b"1"), ("ce_specversion", b"1.0")),
    (
        ("ce_type", b"org.kubeflow.serving.inference.response"),
        ("ce_metadata", b'{"Inference-Header-Content-Length":["3"]}'),
    ),
    (("seldon-infer-type", b"proto/InferModelRequest"), ("x-request-id", b"r")),
    (("seldon-infer-type", b"proto/InferModelResponse"), ("Inference-Header-Content-Length", b"7")),
    (("seldon-infer-type", b"json/inferModelRequest"), ("inference-header-content-length", "٣".encode())),
    ((TOPIC_HEADER, b"seldon.default.model.m.inputs"),),
    ((TOPIC_HEADER, b"otlp_spans"),),
    (("content-type", b"application/cloudevents+json"), ("\u0000", b"\xff")),
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\ud83d"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
#: Keys that the decoders look for, so that random documents reach the deep branches.
known_keys = st.sampled_from(
    [
        *(
            "id",
            "model",
            "messages",
            "prompt",
            "input",
            "output",
            "inputs",
            "outputs",
            "choices",
            "delta",
            "message",
            "content",
            "role",
            "text",
        ),
        *(
            "tool_calls",
            "function",
            "arguments",
            "index",
            "request",
            "response",
            "body",
            "headers",
            "status",
            "error",
            "object",
            "type",
            "specversion",
            "data",
        ),
        *(
            "data_base64",
            "instances",
            "predictions",
            "name",
            "shape",
            "datatype",
            "parameters",
            "resourceLogs",
            "resourceSpans",
            "scopeLogs",
            "scopeSpans",
            "logRecords",
            "spans",
            "attributes",
        ),
        *(
            "key",
            "value",
            "stringValue",
            "arrayValue",
            "kvlistValue",
            "values",
            "intValue",
            "eventName",
            "call_type",
            "metadata",
            "time",
            "created",
            "features",
            "decision",
        ),
        *(
            "score",
            "label",
            "context",
            "tenant",
            "trace_id",
            "refusal",
            "reasoning_content",
            "parts",
            "system",
            "instructions",
        ),
    ]
)
known_documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | known_keys | st.just("[{"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(known_keys, inner, max_size=7),
    max_leaves=40,
)


def check(events: list[InferenceEvent]) -> None:
    """What every event of every format must hold to."""
    for event in events:
        assert event.format in FORMATS
        assert event.model
        # Names keep what does not print, or different ones would become one; whoever shows them writes it out.
        assert clean_label(event.model).isprintable()
        assert event.time is None or 0 <= event.time < 253_402_300_800
        msgspec.json.encode(event).decode("utf-8")  # no lone surrogate is left anywhere
        for direction in ("input", "output"):
            payload = event.payload(direction)  # type: ignore[arg-type]
            if payload is not None:
                assert all(part.text for part in payload.texts)
                assert payload.decision is None or isinstance(payload.decision, str)


def try_everything(value: bytes, headers: Headers) -> None:
    for name in FORMATS:
        format_ = load(name)
        assert format_.matches(headers, value) in (True, False)
        assert format_.matches(headers, b"") in (True, False)
        try:
            check(format_.decode(value, headers))
        except DecodeError as error:
            assert error.reason in REASONS - {"internal"}
    try:
        events = Decoder().decode(Record("t", 0, 1, 5.0, None, value, headers))
    except DecodeError as error:
        assert error.reason in REASONS - {"internal"}, error
    else:
        check(events)
        assert all(event.inference_id and event.time is not None for event in events)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.format}-{case.name}")
def test_golden(case: Case) -> None:
    assert case.output.exists(), "run python -m tests.conformance.regenerate_formats, and read what it writes"
    assert outcome(case, pinned=True) == json.loads(case.output.read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.format}-{case.name}")
def test_detected_as_itself(case: Case) -> None:
    expected = json.loads(case.output.read_text("utf-8"))
    found = outcome(case, pinned=False)
    if "error" in expected:
        assert "error" in found
        assert found["error"]["reason"] in REASONS
    else:
        assert found == expected


@pytest.mark.parametrize("name", FORMATS)
def test_row(name: str) -> None:
    assert load(name).name == name
    assert BY_FORMAT[name], "a format without golden pairs"
    assert any(case.name.startswith("error_") for case in BY_FORMAT[name])


def test_every_golden_pair_has_both_languages_and_a_reason() -> None:
    texts = "".join(case.output.read_text("utf-8") for case in CASES)
    assert any("\u4e00" <= character <= "\u9fff" for character in texts)
    for case in CASES:
        error = json.loads(case.output.read_text("utf-8")).get("error")
        assert (error is None) or error["reason"] in REASONS - {"internal"}


@QUICK
@given(st.binary(max_size=200), st.sampled_from(HEADER_SETS))
@example(b"\x0a\x0a{", ())
@example(b"\0\0\0\0\0", HEADER_SETS[3])
@example(b"[" * 5000, ())
@example(b'{"id":"x","model":"m","input":' + b'{"a":' * 5000, ())
def test_arbitrary_bytes(value: bytes, headers: Headers) -> None:
    try_everything(value, headers)


@QUICK
@given(json_values, st.sampled_from(HEADER_SETS))
def test_arbitrary_json(document: Any, headers: Headers) -> None:
    try_everything(json.dumps(document).encode(), headers)


@settings(QUICK, max_examples=300)
@given(known_documents, st.sampled_from(HEADER_SETS))
def test_arbitrary_json_with_known_keys(document: Any, headers: Headers) -> None:
    try_everything(json.dumps(document).encode(), headers)


@settings(QUICK, max_examples=200)
@given(st.sampled_from(CASES), st.data())
def test_mutated_golden_bytes(case: Case, data: st.DataObject) -> None:
    value = bytearray(case.value)
    assume(value)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(value) - 1))
        kind = data.draw(st.sampled_from(["set", "cut", "drop", "double"]))
        if kind == "set":
            value[place] = data.draw(st.integers(0, 255))
        elif kind == "cut" and place:
            del value[place:]
        elif kind == "drop" and len(value) > 8:
            del value[place : place + data.draw(st.integers(1, 4))]
        else:
            value[place:place] = value[place : place + data.draw(st.integers(1, 40))]
    topic: Headers = ((TOPIC_HEADER, case.topic.encode()),)
    try_everything(bytes(value), case.headers + topic)


@settings(QUICK, max_examples=300)
@given(st.sampled_from([case for case in CASES if case.value[:1] in (b"{", b"[")]), st.data())
def test_mutated_golden_documents(case: Case, data: st.DataObject) -> None:
    try:
        document = json.loads(case.value)
    except (ValueError, RecursionError):
        assume(False)
    places: list[tuple[Any, Any]] = []
    pending = [document]
    while pending:
        node = pending.pop()
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        for key in keys:
            places.append((node, key))
            if isinstance(node[key], (dict, list)):
                pending.append(node[key])
    assume(places)
    for _ in range(data.draw(st.integers(1, 3))):
        node, key = data.draw(st.sampled_from(places))
        node[key] = data.draw(json_values)
    headers: Headers = (*case.headers, (TOPIC_HEADER, case.topic.encode()))
    try_everything(json.dumps(document).encode(), headers)
