"""What an exporter is told: which record was left out and why; and what must not cost the others of its request."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from agent.clock import SystemClock
from agent.errors import DecodeError
from streams.formats import Decoder
from streams.formats.base import REASONS
from streams.ingest.intake import Intake, Taken
from streams.ingest.routes import ROUTES
from streams.ports import Record
from tests.otlp_wire import a_span, call, field, log, message, pairs, request, text
from tests.unit.ingest.rig import new_broker, site

WELL = message(pairs(type=text("text"), content=text("well")))
JSON, PROTO = "application/json", "application/x-protobuf"
GOOD = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "SECRET well"}]}])
BAD = '[{"SECRET": '
LEFT_OUT = [
    ("/v1/logs", "resourceLogs[1].scopeLogs[1].logRecords"),
    ("/v1/traces", "resourceSpans[1].scopeSpans[1].spans"),
]


def in_protobuf(path: str, *said: str) -> bytes:
    """A request whose second resource's second scope has a record for each of what was said."""
    spans = path == "/v1/traces"
    whole: Any = ExportTraceServiceRequest() if spans else ExportLogsServiceRequest()
    listed = whole.resource_spans if spans else whole.resource_logs
    listed.add()
    resource = listed.add()
    scopes = resource.scope_spans if spans else resource.scope_logs
    scopes.add()
    scope = scopes.add(schema_url="https://a.example/1.40")
    for number, one in enumerate(said):
        record = (scope.spans if spans else scope.log_records).add(trace_id=b"t" * 16, span_id=b"%08d" % number)
        record.attributes.add(key="gen_ai.operation.name").value.string_value = "chat"
        record.attributes.add(key="gen_ai.input.messages").value.string_value = one
    return bytes(whole.SerializeToString())


def in_json(path: str, *said: object) -> bytes:
    """The same. What is no text stands in the place of the record."""
    names = (
        ("resourceSpans", "scopeSpans", "spans")
        if path == "/v1/traces"
        else ("resourceLogs", "scopeLogs", "logRecords")
    )
    records: list[Any] = [
        {
            "traceId": "ab" * 16,
            "spanId": f"{number:016x}",
            "attributes": [{"key": "gen_ai.input.messages", "value": {"stringValue": one}}],
        }
        if isinstance(one, str)
        else one
        for number, one in enumerate(said)
    ]
    return json.dumps({names[0]: [{}, {names[1]: [{}, {names[2]: records}]}]}).encode()


def take(path: str, body: bytes, media: str, most: int = 1 << 20) -> Taken:
    return Intake("t", most, SystemClock()).take(ROUTES[path], body, {"content-type": media})


def read(taken: Taken) -> list[str]:
    """What the worker reads of it: of each call its first text."""
    records = [Record("t", 0, 0, 0.0, None, each.value, each.headers) for each in taken.messages]
    events = [event for record in records for event in Decoder().decode(record)]
    return [event.input.texts[0].text for event in events if event.input is not None]


def answered(taken: Taken) -> list[str]:
    records = [Record("t", 0, 0, 0.0, None, each.value, each.headers) for each in taken.messages]
    events = [event for record in records for event in Decoder().decode(record)]
    return [event.output.texts[0].text for event in events if event.output is not None]


@pytest.mark.parametrize("path", ["/v1/logs", "/v1/traces"])
@pytest.mark.parametrize("most", [1 << 20, 1000], ids=["whole", "in parts"])
def test_arguments_nested_deeply_are_taken_and_cost_nobody(path: str, most: int) -> None:
    said = [WELL, call(30, "deep"), WELL, call(50, "deep"), WELL]
    taken = take(path, request(*made(path, said)), PROTO, most)
    assert taken.rejected == 0
    assert len(taken.messages) == 1 if most > 1000 else len(taken.messages) > 1
    deep = ['{"k":' * depth + '"deep"' + "}" * depth for depth in (30, 50)]
    assert answered(taken) == ["well", deep[0], "well", deep[1], "well"]


@pytest.mark.parametrize("path", ["/v1/logs", "/v1/traces"])
def test_bad_records_beside_a_nested_one_cost_neither_it_nor_the_others(path: str) -> None:
    broken = field(0x12, made(path, [WELL])[0][2:60])
    records = made(path, [WELL, text(BAD), call(40, "deep"), WELL])
    taken = take(path, request(broken, *records), PROTO)
    assert (taken.rejected, len(answered(taken))) == (2, 3)
    place = (
        "resourceSpans[0].scopeSpans[0].spans" if path == "/v1/traces" else "resourceLogs[0].scopeLogs[0].logRecords"
    )
    assert taken.reason.startswith(f"bad_protobuf: {place}[0]: a field")


def made(path: str, said: list[bytes]) -> list[bytes]:
    kind = a_span if path == "/v1/traces" else log
    return [kind(one, span=b"%08d" % number) for number, one in enumerate(said)]


@pytest.mark.parametrize(("path", "place"), LEFT_OUT)
@pytest.mark.parametrize("most", [1 << 20, 400], ids=["whole", "in parts"])
@pytest.mark.parametrize("media", [JSON, PROTO])
def test_the_first_record_that_is_left_out_is_named(path: str, place: str, most: int, media: str) -> None:
    write = in_json if media == JSON else in_protobuf
    taken = take(path, write(path, GOOD, GOOD, GOOD, BAD, GOOD, BAD), media, most)
    assert (taken.rejected, len(read(taken))) == (2, 4)
    assert taken.reason == f"truncated_json: {place}[3]: gen_ai.input.messages"
    with pytest.raises(DecodeError) as refused:
        take(path, write(path, BAD), media, most)
    assert str(refused.value) == f"truncated_json: {place}[0]: gen_ai.input.messages"


@pytest.mark.parametrize(("path", "place"), LEFT_OUT)
def test_what_is_no_record_is_named(path: str, place: str) -> None:
    taken = take(path, in_json(path, GOOD, 5, {"attributes": 5}, None), JSON)
    assert (taken.rejected, read(taken), taken.reason) == (3, ["SECRET well"], f"wrong_type: {place}[1]")
    with pytest.raises(DecodeError) as refused:
        take(path, in_json(path, {"attributes": 5}), JSON)
    assert str(refused.value) == f"wrong_type: {place}[0]: attributes"


@pytest.mark.parametrize("most", [1 << 20, 350], ids=["whole", "in parts"])
def test_what_is_no_resource_and_no_scope_costs_no_record(most: int) -> None:
    document = json.loads(in_json("/v1/logs", GOOD))
    document["resourceLogs"][0] = {"scopeLogs": [{"logRecords": 7}]}
    document["resourceLogs"] += [7, {"scopeLogs": 7}, {"scopeLogs": [7]}]
    taken = take("/v1/logs", json.dumps(document).encode(), JSON, most)
    assert (taken.rejected, read(taken)) == (4, ["SECRET well"])
    assert taken.reason == "wrong_type: resourceLogs[0].scopeLogs[0]: logRecords"


def test_records_of_another_kind_are_no_reason_to_refuse_the_request() -> None:
    taken = take("/v1/logs", in_json("/v1/logs", {"body": {"stringValue": "a line"}}, BAD), JSON)
    assert (taken.rejected, taken.ignored, len(taken.messages)) == (1, 1, 0)


@pytest.mark.parametrize("path", ["/v1/logs", "/v1/traces"])
@pytest.mark.parametrize(
    ("body", "media", "answer"),
    [(b"{}", JSON, b"{}"), (b" { } ", JSON, b"{}"), (b"", PROTO, b""), (b'{"resourceLogs": []}', JSON, b"{}")],
)
async def test_a_request_of_nothing_is_one(path: str, body: bytes, media: str, answer: bytes) -> None:
    async with site(new_broker()) as here:
        reply = await here.post(path, body, {"Content-Type": media})
        assert (reply.status, reply.body, reply.headers["Content-Type"]) == (200, answer, media)
        assert here.values() == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"[]", b"wrong_type: top level"),
        (b"null", b"wrong_type: top level"),
        (b'"resource"', b"wrong_type: top level"),
        (in_json("/v1/logs", GOOD).decode().encode("utf-16"), b"not_json: byte 0"),
        (b"\xff\xff", b"not_json: byte 0"),
        (b"", b"empty"),
    ],
)
async def test_what_is_wrong_is_told_of_what_the_request_says_it_is(body: bytes, why: bytes) -> None:
    async with site(new_broker()) as here:
        reply = await here.post("/v1/logs", body, {"Content-Type": f"{JSON}; charset=utf-8"})
        assert (reply.status, json.loads(reply.body)["message"]) == (400, why.decode())
        assert why.decode().partition(":")[0] in REASONS
        reply = await here.post("/v1/logs", b"\xff\xff", {"Content-Type": PROTO})
        assert reply.status == 400 and b"bad_protobuf" in reply.body


async def test_a_byte_order_mark_before_json_and_protobuf_that_is_called_json_are_read() -> None:
    async with site(new_broker()) as here:
        marked = b"\xef\xbb\xbf" + in_json("/v1/logs", GOOD)
        assert (await here.post("/v1/logs", marked, {"Content-Type": JSON})).status == 200
        assert (await here.post("/v1/logs", request(log(WELL)), {"Content-Type": JSON})).status == 200
        assert len(here.events()) == 2


@pytest.mark.parametrize("media", [JSON, PROTO])
async def test_no_answer_quotes_what_was_sent_and_a_long_one_can_be_read(media: str) -> None:
    async with site(new_broker()) as here:
        write = in_json if media == JSON else in_protobuf
        for said in ((GOOD, BAD), (BAD,)):
            reply = await here.post("/v1/logs", write("/v1/logs", *said), {"Content-Type": media})
            assert b"SECRET" not in reply.body
            why = "truncated_json: resourceLogs[1].scopeLogs[1].logRecords"
            if media == JSON or len(said) == 1:
                assert why.encode() in reply.body
            else:
                partial = ExportLogsServiceResponse.FromString(reply.body).partial_success
                assert partial.rejected_log_records == 1 and partial.error_message.startswith(why)
        counted = (await here.get("/metrics")).body.decode()
        assert 'harmwatch_ingest_bad_bodies_total{reason="truncated_json"} 1' in counted


@pytest.mark.parametrize("media", [JSON, PROTO])
def test_a_resource_is_read_once_however_many_records_it_has(media: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Eighty-three bytes of gzip held four thousand attributes and as many empty records: sixteen million looks at one.
    module = importlib.import_module(f"streams.formats.otlp.{'read_json' if media == JSON else 'read_proto'}")
    looks: list[object] = []
    service: Any = module._service

    def look(resource: object) -> object:
        looks.append(resource)
        return service(resource)

    monkeypatch.setattr(module, "_service", look)
    whole = ExportLogsServiceRequest()
    scopes = whole.resource_logs.add().scope_logs
    for _ in range(2):
        scopes.add().log_records.extend(LogRecord() for _ in range(50))
    body: Any = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{}] * 50}] * 2}]}
    take("/v1/logs", json.dumps(body).encode() if media == JSON else whole.SerializeToString(), media)
    assert len(looks) == 1


@pytest.mark.parametrize("media", [JSON, PROTO])
def test_far_more_records_than_a_request_can_hold_are_not_listed(media: str) -> None:
    empty = b"\x12\x00"
    most = 100_000
    for number, is_taken in ((most, True), (most + 1, False)):
        proto = field(0x0A, field(0x12, empty * number))
        body = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[%s]}]}]}' % b",".join([b"{}"] * number)
        given = body if media == JSON else proto
        for most_bytes in (1 << 20, len(given) // 3):
            if is_taken:
                assert not take("/v1/logs", given, media, most_bytes).messages
            else:
                with pytest.raises(DecodeError, match="too_large"):
                    take("/v1/logs", given, media, most_bytes)


def test_what_is_no_list_beside_good_records_costs_none_of_them() -> None:
    good = json.loads(in_json("/v1/traces", GOOD))
    for beside in (5, "SECRET", {"a": 1}, True):
        taken = take("/v1/traces", json.dumps(good | {"resourceLogs": beside}).encode(), JSON)
        assert (read(taken), taken.rejected, taken.reason) == (["SECRET well"], 1, "wrong_type: resourceLogs")
    with pytest.raises(DecodeError, match="resourceLogs"):
        take("/v1/logs", b'{"resourceLogs": 5}', JSON)
