"""What comes in over HTTP is what a worker reads of the topic: every golden record, by its own path."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.common.v1 import common_pb2

from streams.formats.base import ID_HEADER, TIME_HEADER
from tests.conformance.formats_golden import Case, cases, plain
from tests.unit.ingest.rig import TOPIC, new_broker, site

JSON = {"Content-Type": "application/json"}
PROTO = {"Content-Type": "application/x-protobuf"}
PATHS = {
    "native": "/v1/events",
    "cloudevents": "/v1/cloudevents",
    "openai": "/v1/openai",
    "litellm": "/v1/litellm",
    "otlp": "/v1/logs",
}
GOLDEN = [case for case in cases() if case.format in PATHS]


def over_http(case: Case) -> dict[str, str]:
    """Kafka's headers as an HTTP client sends them."""
    found = {}
    for name, value in case.headers:
        name = name.lower()
        found[f"ce-{name[3:]}" if name.startswith("ce_") else name] = value.decode()
    if case.format == "otlp":
        found["content-type"] = JSON["Content-Type"] if case.value.lstrip()[:1] == b"{" else PROTO["Content-Type"]
    return {"content-type": "application/json", **found}


@pytest.mark.parametrize("case", GOLDEN, ids=[f"{case.format}-{case.name}" for case in GOLDEN])
async def test_every_golden_record_arrives_as_it_does_over_kafka(case: Case) -> None:
    wanted = json.loads(case.output.read_text("utf-8"))
    async with site(new_broker()) as here:
        reply = await here.post(PATHS[case.format], case.value, over_http(case))
        if "error" in wanted:
            assert reply.status in (400, 413)
            assert here.values() == []
            if case.format != "otlp":
                assert json.loads(reply.body)["reason"] == wanted["error"]["reason"]
            return
        assert reply.status == (202 if case.format == "cloudevents" else 200), reply.body
        got = [plain(event) for event in here.events()]
    for have, want in zip(got, wanted["events"], strict=True):
        if want["inference_id"].startswith("inference.events-3-42") or "-3-42" in want["inference_id"]:
            want["inference_id"] = have["inference_id"]
        if want.get("time") == 1_790_000_000.0:
            want["time"] = have["time"]
        assert have == want


async def test_the_parts_of_a_batch_are_records_of_their_own_with_the_bytes_as_they_came() -> None:
    one = '{"id": "1", "model": "a",  "input": {"text": "süß"}}'.encode()
    two = b'{"id":"2","model":"b","input":{"text":"x"}}'
    async with site(new_broker()) as here:
        reply = await here.post("/v1/events", b"[" + one + b" , " + two + b"]", JSON)
        assert json.loads(reply.body) == {"records": 2, "events": 2, "ignored": 0, "held": "kafka"}
        assert here.values() == [one, two]
        assert [record.key for record in here.broker.log(TOPIC)] == [b"a", b"b"]
        reply = await here.post("/v1/events", one + b"\n\n" + two + b"\r\n", {"Content-Type": "application/x-ndjson"})
        assert reply.status == 200
        assert [value.strip() for value in here.values()[2:]] == [one, two]


async def test_one_bad_part_takes_nothing_and_is_named() -> None:
    async with site(new_broker()) as here:
        good = b'{"id":"1","model":"a","input":{"text":"secret words"}}'
        reply = await here.post("/v1/events", b"[" + good + b',{"id":"2","input":{"text":"secret words"}}]', JSON)
        assert reply.status == 400
        answer = json.loads(reply.body)
        assert answer["reason"] == "missing_field"
        assert "part 1" in answer["error"]
        assert b"secret" not in reply.body
        assert here.values() == []


async def test_a_record_without_id_and_time_has_the_same_ones_however_often_and_late_it_is_read() -> None:
    async with site(new_broker()) as here:
        await here.post("/v1/openai", b'{"request":{"model":"m","messages":[{"role":"user","content":"hi"}]}}', JSON)
        (record,) = here.broker.log(TOPIC)
        headers = dict(record.headers)
        (event,) = here.events()
        assert event.inference_id == headers[ID_HEADER].decode()
        assert event.time == pytest.approx(float(headers[TIME_HEADER]))


async def test_the_callers_request_id_names_an_openai_pair() -> None:
    async with site(new_broker()) as here:
        body = b'{"request":{"model":"m","messages":[{"role":"user","content":"hi"}]}}'
        await here.post("/v1/openai", body, {**JSON, "X-Request-Id": "r-77"})
        assert [event.inference_id for event in here.events()] == ["r-77"]


@pytest.mark.parametrize("name", ["gzip", "deflate", "bare", "two members"])
async def test_packed_bodies_are_unpacked(name: str) -> None:
    body = b'{"id":"1","model":"a","input":{"text":"x"}}'
    packed = {
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "bare": zlib.compress(body, wbits=-15),
        "two members": gzip.compress(body[:10]) + gzip.compress(body[10:]),
    }[name]
    encoding = "gzip" if name in ("gzip", "two members") else "deflate"
    async with site(new_broker()) as here:
        reply = await here.post("/v1/events", packed, {**JSON, "Content-Encoding": encoding})
        assert reply.status == 200, reply.body
        assert here.values() == [body]


async def test_percent_encoded_attributes_of_cloudevents_are_decoded() -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-type": "org.kubeflow.serving.inference.request",
        "ce-id": "r%20%E4%BD%A0",
        "ce-source": "http://localhost:9081/",
        "ce-inferenceservicename": "llama",
        **JSON,
    }
    async with site(new_broker()) as here:
        body = b'{"model":"llama","messages":[{"role":"user","content":"hi"}]}'
        assert (await here.post("/v1/cloudevents", body, headers)).status == 202
        (event,) = here.events()
        assert (event.inference_id, event.model) == ("r 你", "llama")
        assert here.values() == [body]


# -- OTLP


def export(*texts: str, broken: int = -1) -> logs_service_pb2.ExportLogsServiceRequest:
    request = logs_service_pb2.ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for number, text in enumerate(texts):
        record = scope.log_records.add()
        record.event_name = "gen_ai.client.inference.operation.details"
        record.trace_id = number.to_bytes(16, "big")
        record.span_id = number.to_bytes(8, "big")
        record.time_unix_nano = 1_790_000_000_000_000_000 + number
        messages = json.dumps([{"role": "user", "parts": [{"type": "text", "content": text}]}])
        messages = messages if number != broken else messages[:9]
        for key, value in (("gen_ai.request.model", "m"), ("gen_ai.input.messages", messages)):
            record.attributes.append(common_pb2.KeyValue(key=key, value=common_pb2.AnyValue(string_value=value)))
    return request


async def test_otlp_is_answered_with_an_export_response_in_its_own_encoding() -> None:
    async with site(new_broker()) as here:
        reply = await here.post("/v1/logs", export("hi").SerializeToString(), PROTO)
        assert (reply.status, reply.headers["Content-Type"]) == (200, "application/x-protobuf")
        response = logs_service_pb2.ExportLogsServiceResponse.FromString(reply.body)
        assert response.partial_success.rejected_log_records == 0
        assert len(here.events()) == 1
        reply = await here.post("/v1/logs", b'{"resourceLogs":[]}', JSON)
        assert (reply.status, reply.body) == (200, b"{}")
        reply = await here.post("/v1/logs", b"\xff\xff", PROTO)
        assert reply.status == 400
        assert b"bad_protobuf" in reply.body
        assert (await here.post("/v1/logs", b"x", {"Content-Type": "text/csv"})).status == 415


def as_json(request: logs_service_pb2.ExportLogsServiceRequest) -> bytes:
    records: list[Any] = []
    for record in request.resource_logs[0].scope_logs[0].log_records:
        attributes = [{"key": a.key, "value": {"stringValue": a.value.string_value}} for a in record.attributes]
        records.append(
            {
                "eventName": record.event_name,
                "timeUnixNano": str(record.time_unix_nano),
                "traceId": record.trace_id.hex(),
                "attributes": attributes,
            }
        )
    return json.dumps({"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": records}]}]}).encode()


@pytest.mark.parametrize("encoding", ["proto", "json"])
async def test_a_large_export_becomes_several_records_and_loses_nothing(encoding: str) -> None:
    texts = [f"question {number} " + "x" * 500 for number in range(60)]
    request = export(*texts)
    body, headers = (request.SerializeToString(), PROTO) if encoding == "proto" else (as_json(request), JSON)
    async with site(new_broker(), max_record_bytes=5000) as here:
        assert (await here.post("/v1/logs", body, headers)).status == 200
        assert len(here.values()) > 5
        assert all(len(value) <= 5000 for value in here.values())
        got = [event.input.texts[0].text for event in here.events() if event.input is not None]
        assert got == texts


@pytest.mark.parametrize("encoding", ["proto", "json"])
async def test_one_bad_log_record_does_not_cost_the_others(encoding: str) -> None:
    request = export("one", "two", "three", broken=1)
    why = "truncated_json: resourceLogs[0].scopeLogs[0].logRecords[1]: gen_ai.input.messages"
    body, headers = (request.SerializeToString(), PROTO) if encoding == "proto" else (as_json(request), JSON)
    async with site(new_broker()) as here:
        reply = await here.post("/v1/logs", body, headers)
        assert reply.status == 200
        if encoding == "proto":
            partial = logs_service_pb2.ExportLogsServiceResponse.FromString(reply.body).partial_success
            assert (partial.rejected_log_records, partial.error_message) == (1, why)
        else:
            assert json.loads(reply.body) == {"partialSuccess": {"rejectedLogRecords": "1", "errorMessage": why}}
        assert [event.input.texts[0].text for event in here.events() if event.input] == ["one", "three"]


@pytest.mark.parametrize("encoding", ["proto", "json"])
async def test_one_log_record_that_is_too_large_does_not_cost_the_others(encoding: str) -> None:
    request = export("one", "x" * 6000, "three")
    body, headers = (request.SerializeToString(), PROTO) if encoding == "proto" else (as_json(request), JSON)
    async with site(new_broker(), max_record_bytes=5000) as here:
        reply = await here.post("/v1/logs", body, headers)
        assert reply.status == 200
        if encoding == "proto":
            partial = logs_service_pb2.ExportLogsServiceResponse.FromString(reply.body).partial_success
            why = "too_large: resourceLogs[0].scopeLogs[0].logRecords[1]: record"
            assert (partial.rejected_log_records, partial.error_message) == (1, why)
        else:
            assert json.loads(reply.body)["partialSuccess"]["rejectedLogRecords"] == "1"
        assert [event.input.texts[0].text for event in here.events() if event.input] == ["one", "three"]
        alone = export("x" * 6000).SerializeToString()
        assert (await here.post("/v1/logs", alone, PROTO)).status == 413
