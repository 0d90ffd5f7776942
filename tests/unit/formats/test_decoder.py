"""streams.formats: choosing a format, and what only the record knows."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from agent.errors import ConfigError, DecodeError
from agent.events import InferenceEvent
from streams.formats import FORMATS, Decoder, load
from streams.formats.native import NativeEvent
from streams.formats.oip_proto import message_classes, unframe
from streams.ports import Headers, Record

NATIVE = {"id": "r-1", "model": "m", "time": "2026-11-23T10:00:00Z", "input": {"text": "你好"}}


def record(value: Any, *, topic: str = "inference.events", offset: int = 7, headers: Headers = ()) -> Record:
    raw = value if isinstance(value, bytes) or value is None else json.dumps(value).encode()
    return Record(topic, 2, offset, 1_790_000_000.0, None, raw, headers)


def reason(decoder: Decoder, value: Any, **kwargs: Any) -> str:
    with pytest.raises(DecodeError) as caught:
        decoder.decode(record(value, **kwargs))
    return caught.value.reason


def test_pinned_topics_do_not_guess() -> None:
    decoder = Decoder({"chat": "openai"})
    assert reason(decoder, NATIVE, topic="chat") == "wrong_type"
    assert decoder.decode(record(NATIVE))[0].format == "native"


def test_unknown_names_are_configuration_errors() -> None:
    with pytest.raises(ConfigError, match="unknown format 'xml'"):
        Decoder({"t": "xml"})
    with pytest.raises(ConfigError):
        load("xml")


def test_headers_go_before_content() -> None:
    headers: Headers = (("ce_type", b"org.kubeflow.serving.inference.request"), ("ce_id", b"c-1"), ("CE_Source", b"s"))
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "input": "y", "id": "z"}
    (event,) = Decoder().decode(record(body, headers=headers))
    assert (event.format, event.inference_id, event.source) == ("cloudevents", "c-1", "s")


def test_tracing_headers_do_not_disturb_native_events() -> None:
    (event,) = Decoder().decode(record(NATIVE, headers=(("traceparent", b"00-a-b-01"),)))
    assert event.format == "native"


def test_missing_id_and_time_come_from_the_record() -> None:
    request = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    decoder = Decoder()
    (event,) = decoder.decode(record(request))
    assert (event.inference_id, event.time) == ("inference.events-2-7", 1_790_000_000.0)
    assert decoder.decode(record(request)) == [event]
    several = decoder.decode(record([{"request": request}, {"request": request, "id": "own"}, {"request": request}]))
    assert [e.inference_id for e in several] == ["inference.events-2-7#0", "own", "inference.events-2-7#2"]
    (native,) = decoder.decode(record({key: NATIVE[key] for key in ("id", "model", "input")}))
    assert native.time == 1_790_000_000.0


class Timed:
    """A format that takes the time from its sender's word."""

    name = "openai"

    def matches(self, headers: Headers, value: bytes) -> bool:
        return True

    def decode(self, value: bytes, headers: Headers) -> list[InferenceEvent]:
        times = [None if word == b"-" else float(word) for word in value.split()]
        return [InferenceEvent(inference_id=f"r-{n}", model="m", time=time) for n, time in enumerate(times)]


@pytest.mark.parametrize("stamp", ["nan", "inf", "-inf", "-1", "253402300800", "1e300", "-"])
@pytest.mark.parametrize("others", ["", " 5.0 nan"])
def test_impossible_times_become_the_records(stamp: str, others: str) -> None:
    decoder = Decoder({"t": "openai"})
    decoder._by_topic["t"] = Timed()  # type: ignore[assignment]
    times = [event.time for event in decoder.decode(record(f"{stamp}{others}".encode(), topic="t"))]
    assert times == [1_790_000_000.0] + ([5.0, 1_790_000_000.0] if others else [])


@pytest.mark.parametrize(("own", "time"), [(-0.001, 0.0), (float("nan"), 0.0), (9.2e15, 253_402_300_799.0)])
def test_impossible_times_of_records_are_moved_into_bounds(own: float, time: float) -> None:
    request = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    stamped = record(request)._replace(time=own)
    assert [event.time for event in Decoder().decode(stamped)] == [time]


@pytest.mark.parametrize("value", [None, b""])
def test_tombstones(value: bytes | None) -> None:
    assert reason(Decoder(), value) == "empty"


def test_sizes() -> None:
    decoder = Decoder(max_bytes=1000)
    assert reason(decoder, b"x" * 1001) == "too_large"
    assert reason(decoder, gzip.compress(b"x" * 100_000)) == "too_large"
    (event,) = decoder.decode(record(gzip.compress(json.dumps(NATIVE).encode())))
    assert event.inference_id == "r-1"


def test_a_body_of_a_megabyte() -> None:
    text = "一段很长的文字。" * 130_000
    body = {"specversion": "1.0", "id": "1", "source": "s", "type": "org.kubeflow.serving.inference.request",
            "data": {"model": "m", "messages": [{"role": "user", "content": text}]}}  # fmt: skip
    (event,) = Decoder().decode(record(json.dumps(body, ensure_ascii=False).encode()))
    assert event.input is not None and event.input.texts[0].text == text


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"hello", "not_json"),
        (b'{"a": 1', "truncated_json"),
        (b'{"a": 1}', "unknown_format"),
        (b'{"id": "x", "model": "m"}', "unknown_format"),
        (b"[1]", "unknown_format"),
        (b'{"id": "x", "model": "m", "input": "plain"}', "wrong_type"),
        (b'{"id": 5, "model": "m", "input": {"text": "x"}}', "wrong_type"),
        (b'{"model": "m", "input": {"text": "x"}}', "missing_field"),
    ],
)
def test_reasons_without_a_pinned_format(value: bytes, why: str) -> None:
    assert reason(Decoder(), value) == why


def test_errors_do_not_quote_the_payload() -> None:
    secret = "4111111111111111"
    for value in ({"id": secret, "model": 5, "input": {"text": secret}}, {"id": "x", "model": "m", "input": secret},
                  {"id": "x", "model": "m", "input": {"features": {secret: {}}}},
                  {"messages": [{"role": secret, "content": {secret: secret}}, 5]}):  # fmt: skip
        with pytest.raises(DecodeError) as caught:
            Decoder().decode(record(value))
        assert secret not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_bug_in_a_format_is_internal_and_quotes_nothing() -> None:
    class Broken:
        name = "openai"

        def matches(self, headers: Headers, value: bytes) -> bool:
            return True

        def decode(self, value: bytes, headers: Headers) -> list[Any]:
            raise KeyError("payload text")

    decoder = Decoder({"t": "openai"})
    decoder._by_topic["t"] = Broken()  # type: ignore[assignment]
    with pytest.raises(DecodeError) as caught:
        decoder.decode(record(b"x", topic="t"))
    assert caught.value.reason == "internal"
    assert "KeyError" in caught.value.detail and "payload" not in str(caught.value)


def test_two_services_with_the_same_id_have_different_sources() -> None:
    def event(service: str) -> Any:
        body = {"specversion": "1.0", "id": "same", "source": "http://localhost:9081/", "namespace": "n",
                "inferenceservicename": service, "type": "org.kubeflow.serving.inference.request",
                "data": {"messages": []}}  # fmt: skip
        return Decoder().decode(record(body))[0]

    assert event("a").source != event("b").source
    assert event("a").inference_id == event("b").inference_id


def test_protobuf_is_imported_only_when_it_is_needed() -> None:
    code = (
        "import sys; from streams.formats import Decoder; from streams.ports import Record\n"
        "d = Decoder()\n"
        'd.decode(Record(\'t\', 0, 0, 1.0, None, b\'{"id":"x","model":"m","input":{"text":"y"}}\', ()))\n'
        "assert not any(name.startswith(('google.protobuf', 'opentelemetry')) for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_confluent_framing() -> None:
    assert unframe(b"\0\0\0\0\x01\0abc") == b"abc"
    assert unframe(b"\0\0\0\0\x01\x04\x02\x04abc") == b"abc"
    assert unframe(b'\0\0\0\0\x01{"a":1}') == b'{"a":1}'
    assert unframe(b"\x0aabc") == b"\x0aabc"
    for bad in (b"\0\0\0", b"\0\0\0\0\x01\xff\xff\xff\xff\xff\xff", b"\0\0\0\0\x01\x01", b"\0\0\0\0\x01\x04"):
        with pytest.raises(DecodeError, match="bad_framing"):
            unframe(bad)


def test_pipeline_errors_fail_the_call() -> None:
    message = message_classes()["ModelInferResponse"](model_name="m_1")
    message.tensors.add(name="text_output", datatype="BYTES", shape=[1]).contents.bytes_contents.append(b"oops")
    headers: Headers = (("seldon-pipeline-errors", b"step"), ("x-request-id", b"r"))
    topic = "seldon.ns.pipeline.p.outputs"
    (event,) = Decoder().decode(record(message.SerializeToString(), topic=topic, headers=headers))
    assert event.failed and event.model == "p" and event.tenant == "ns" and event.inference_id == "r"


def test_the_public_schema() -> None:
    schema = msgspec.json.schema(NativeEvent)
    properties = schema["$defs"]["NativeEvent"]
    assert set(properties["required"]) == {"id", "model"}
    assert {"input", "output", "attributes", "label", "context"} <= set(properties["properties"])


def test_the_table_names_classes_by_their_rows() -> None:
    assert next(iter(FORMATS)) == "native"
    for name in FORMATS:
        assert load(name).name == name


@pytest.mark.parametrize("encoding", ["json", "proto"])
def test_telemetry_without_end_is_refused(encoding: str) -> None:
    if encoding == "json":
        value = b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b"{}," * 100_000 + b"{}]}]}]}"
    else:
        records = b"\x12\x00" * 100_001  # empty log records
        scope = b"\x12\xc2\x9a\x0c" + records
        assert len(records) == 0x42 | 0x1A << 7 | 0x0C << 14
        size = len(scope)
        value = b"\x0a" + bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14]) + scope
    assert reason(Decoder(), value, topic="otlp_logs") == "too_large"


ASKED = {"model": "m", "messages": [{"role": "user", "content": "How do I?"}]}
KSERVE: Headers = (("ce_type", b"org.kubeflow.serving.inference.request"), ("ce_id", b"c-1"))


@pytest.mark.parametrize("body", [b'{"x": "\xed\xa0\x80\xff", ', "utf-16", "utf-32-be", "utf-8-sig"], ids=str)
@pytest.mark.parametrize("headers", [KSERVE, (("harmwatch-format", b"openai"),), ()], ids=["kserve", "openai", "found"])
def test_nobody_goes_unseen_by_bytes_that_model_servers_take(body: bytes | str, headers: Headers) -> None:
    text = json.dumps(ASKED)
    raw = text.encode(body) if isinstance(body, str) else body + text[1:].encode()
    if not headers and isinstance(body, str) and not raw.startswith((b"{", b"\xef")):
        return  # no other tap than these two brings such a body
    (event,) = Decoder().decode(record(raw, headers=headers))
    assert [part.text for part in event.input.texts] == ["How do I?"] if event.input else False


@pytest.mark.parametrize("length", ["5", "99999", "x", "-1", "whole"])
@pytest.mark.parametrize("tensors", [{}, {"inputs": [{"name": "x", "shape": [1], "datatype": "BYTES", "data": ["b"]}]}])
def test_nobody_goes_unseen_by_a_header_of_the_binary_extension(length: str, tensors: dict[str, Any]) -> None:
    raw = json.dumps(ASKED | tensors).encode()
    given = str(len(raw)) if length == "whole" else length
    metadata = json.dumps({"Inference-Header-Content-Length": [given]}).encode()
    (event,) = Decoder().decode(record(raw, headers=(*KSERVE, ("ce_metadata", metadata))))
    assert event.input is not None
    assert "How do I?" in [part.text for part in event.input.texts]


TEXT = "How do I?"
MESSAGES = json.dumps([{"role": "user", "parts": [{"type": "text", "content": each}]} for each in (TEXT, "x" * 99)])
OLD = json.dumps([{"role": "user", "content": TEXT}, {"role": "user", "content": "x" * 99}])


def otlp(**attributes: str) -> Record:
    given = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"} | attributes
    listed = [{"key": key, "value": {"stringValue": value}} for key, value in given.items()]
    span = {"traceId": "ab" * 16, "spanId": "cd" * 8, "startTimeUnixNano": "1787306400123456789", "attributes": listed}
    return record({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})


@pytest.mark.parametrize("cut", [0, 40])
@pytest.mark.parametrize(("key", "value"), [("gen_ai.input.messages", MESSAGES), ("gen_ai.prompt", OLD)])
def test_an_attribute_that_an_exporter_has_cut_is_read_to_where_it_was(key: str, value: str, cut: int) -> None:
    (event,) = Decoder().decode(otlp(**{key: value[: len(value) - cut]}))
    assert event.input is not None
    assert [part.text for part in event.input.texts] == [
        TEXT,
        "x" * (99 if not cut else len(event.input.texts[1].text)),
    ]
    assert event.truncated is bool(cut)


@pytest.mark.parametrize(
    "text", ["[INST] How do I?", "{name}, hi", "[1, 2]", "{}x", '{"a": 1}', "[1, 2", '["a", {"b": 1}']
)
@pytest.mark.parametrize("key", ["gen_ai.input.messages", "gen_ai.prompt", "gen_ai.system_instructions"])
def test_a_text_that_begins_like_json_is_a_text(key: str, text: str) -> None:
    (event,) = Decoder().decode(otlp(**{"gen_ai.input.messages": MESSAGES} | {key: text}))
    assert event.input is not None
    if key == "gen_ai.prompt":
        assert event.input.texts[0].text == TEXT  # the newer attribute goes before
    else:
        assert event.input.texts
