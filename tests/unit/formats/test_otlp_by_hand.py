"""Records that protobuf refuses, read by hand: as protobuf reads the others, and without a cost to these."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest
from google.protobuf.message import DecodeError as ProtobufError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from agent.errors import DecodeError
from agent.events import InferenceEvent
from streams.formats import load
from streams.formats.base import MAX_DEPTH
from streams.formats.otlp.read_proto import read_proto
from streams.formats.otlp.wire import embedded, hand_read, service_of, span_request
from tests.conformance.formats_golden import cases
from tests.otlp_wire import SPAN, TRACE, a_span, array, call, field, log, message, nested, pairs, request, text

GOOD = message(pairs(type=text("text"), content=text("well")))
GOLDEN = [case.value for case in cases() if case.format == "otlp" and case.name.startswith("proto_")]


def answers(value: bytes) -> list[list[str]]:
    events: list[InferenceEvent] = load("otlp").decode(value, ())
    assert all(event.source == "shop" and event.time == 10**9 for event in events)
    return [[part.text for part in event.output.texts] if event.output else [] for event in events]


@pytest.mark.parametrize("record", [log, a_span], ids=["logs", "spans"])
@pytest.mark.parametrize("depth", [5, 25, 30, 50])
def test_arguments_nested_deeply_cost_nobody(record: Any, depth: int) -> None:
    value = request(record(GOOD), record(call(depth, "deep")), record(GOOD))
    if depth >= 30:
        with pytest.raises(ProtobufError):
            (ExportLogsServiceRequest if record is log else ExportTraceServiceRequest).FromString(value)
    assert answers(value) == [["well"], ['{"k":' * depth + '"deep"' + "}" * depth], ["well"]]


@pytest.mark.parametrize("depth", [MAX_DEPTH, 5000])
def test_what_lies_deeper_than_we_follow_is_none_and_the_rest_is_read(depth: int) -> None:
    own, deep, other = answers(request(log(GOOD), log(call(depth, "deep")), log(GOOD)))
    assert own == other == ["well"]
    assert deep[0].startswith('{"k":{"k":') and "null" in deep[0] and "deep" not in deep[0]


def test_a_resource_nested_deeply_costs_nobody() -> None:
    odd = field(0x0A, text("odd") + field(0x12, nested(200, text("x"))))
    assert answers(request(log(GOOD), resource=odd)) == [["well"]]


@pytest.mark.parametrize("record", [log, a_span], ids=["logs", "spans"])
def test_bytes_that_are_no_utf8_hide_nothing(record: Any) -> None:
    cut = message(pairs(type=text("text"), content=text("süß".encode()[:2] + b"!")))
    assert answers(request(record(GOOD), record(cut))) == [["well"], ["s\ufffd!"]]


@pytest.mark.parametrize("record", [log, a_span], ids=["logs", "spans"])
def test_a_record_that_nobody_can_read_is_told_and_the_others_are_read(record: Any) -> None:
    broken = field(0x12, record(GOOD)[2:60])
    with pytest.raises(DecodeError) as told:
        load("otlp").decode(request(record(GOOD), broken, record(GOOD)), ())
    assert told.value.reason == "bad_protobuf"
    assert len(told.value.rest) == 2


def test_all_kinds_of_values_are_read_as_protobuf_reads_them() -> None:
    whole = ExportLogsServiceRequest()
    record = whole.resource_logs.add().scope_logs.add().log_records.add(
        time_unix_nano=5, observed_time_unix_nano=7, event_name="e", trace_id=TRACE, span_id=SPAN, flags=1,
        severity_number=9, severity_text="x" * 200,
    )  # fmt: skip
    values: list[dict[str, Any]] = [
        {"string_value": "süß" * 100}, {"string_value": ""}, {"bool_value": True}, {"bool_value": False},
        {"int_value": -1}, {"int_value": -(2**63)}, {"int_value": 2**63 - 1}, {"double_value": -0.5},
        {"bytes_value": b"abc"}, {"array_value": {"values": [{"int_value": 3}, {}]}}, {"kvlist_value": {}}, {},
        {"kvlist_value": {"values": [{"key": "a", "value": {"array_value": {}}}, {"key": "b"}]}},
    ]  # fmt: skip
    for number, value in enumerate(values):
        record.attributes.add(key=f"k{number}").value.CopyFrom(AnyValue(**value))
    record.body.kvlist_value.values.add(key="a").value.int_value = 2
    assert by_hand(whole.SerializeToString()) == read_proto(whole.SerializeToString())
    del record.attributes[:]
    record.ClearField("time_unix_nano")
    record.ClearField("event_name")
    record.attributes.add(key="event.name").value.string_value = "named"
    assert by_hand(whole.SerializeToString()) == read_proto(whole.SerializeToString())


def by_hand(value: bytes) -> list[Any]:
    found: list[Any] = []
    for resource in embedded(value, 0, len(value), 1):
        service = "".join(service_of(value, r.at, r.end) for r in embedded(value, resource.at, resource.end, 1))
        for scope in embedded(value, resource.at, resource.end, 2):
            found += [
                hand_read(value, record.at, record.end, service, span=span_request(value))
                for record in embedded(value, scope.at, scope.end, 2)
            ]
    return found


@pytest.mark.parametrize("value", GOLDEN)
def test_golden_records_are_read_by_hand_as_protobuf_reads_them(value: bytes) -> None:
    assert by_hand(value) == read_proto(value)


def test_whatever_becomes_of_the_bytes_they_are_read_or_told() -> None:
    rng = random.Random(7)
    whole = request(log(GOOD), log(call(40)), a_span(GOOD))
    for _ in range(3000):
        changed = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        try:
            load("otlp").decode(bytes(changed), ())
        except DecodeError as error:
            assert error.reason in ("bad_protobuf", "wrong_type", "not_json", "truncated_json"), error


def test_a_hostile_record_of_a_megabyte_is_read_in_time() -> None:
    deep = nested(30_000, text("x"))
    wide = nested(40, array(*[b""] * 300_000))
    began = time.process_time()
    for value in (deep, wide, b"\x32\x00" * 500_000):
        load("otlp").decode(request(log(GOOD), log(message(pairs(type=text("tool_call"), arguments=value)))), ())
    assert time.process_time() - began < 20.0


def test_an_empty_request_is_one_of_nothing() -> None:
    assert load("otlp").decode(b"{}", ()) == []
    with pytest.raises(DecodeError):
        load("otlp").decode(b'{"model": "m"}', ())


def test_what_is_no_record_costs_no_record_of_the_same_json() -> None:
    said = json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "well"}]}])
    good = {"attributes": [{"key": "gen_ai.output.messages", "value": {"stringValue": said}}]}
    scope = {"logRecords": [5, good, None, {"attributes": 5}]}
    document = {"resourceLogs": [5, {"scopeLogs": [None, scope]}, {"scopeLogs": 5}, {"scopeLogs": [{"logRecords": 5}]}]}
    with pytest.raises(DecodeError) as told:
        load("otlp").decode(json.dumps(document).encode(), ())
    assert told.value.reason == "wrong_type"
    assert [part.text for event in told.value.rest for part in event.output.texts] == ["well"]
