"""An export request in parts, each with its resource and scope: however small it is, they stay within bounds."""

from __future__ import annotations

import base64
import json
import tracemalloc
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2

from agent.clock import SystemClock
from agent.errors import DecodeError
from streams.formats import Decoder
from streams.ingest.intake import Intake
from streams.ingest.routes import ROUTES
from streams.ports import Record

SHELL = 20_000


def in_json(scopes: int, records: int, *, broken: bool) -> bytes:
    first: list[Any] = [1] if broken else []
    resource = {"attributes": [{"key": "k", "value": {"stringValue": "a" * SHELL}}]}
    listed = [{"logRecords": [*first, *[{}] * records]} for _ in range(scopes)]
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": listed}]}).encode()


def in_protobuf(scopes: int, records: int, *, broken: bool) -> bytes:
    request = logs_service_pb2.ExportLogsServiceRequest()
    held = request.resource_logs.add()
    held.resource.attributes.add(key="k").value.string_value = "a" * SHELL
    for _ in range(scopes):
        scope = held.scope_logs.add()
        for _ in range(records):
            scope.log_records.add()
    if broken:
        record = held.scope_logs[0].log_records[0]
        record.event_name = "gen_ai.client.inference.operation.details"
        record.attributes.add(key="gen_ai.input.messages").value.string_value = "[{"
    return request.SerializeToString()


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
@pytest.mark.parametrize(
    ("scopes", "records", "broken"),
    [(1, 6_000, True), (6_000, 1, False)],
    ids=["taken apart for one bad record", "taken apart for its size"],
)
def test_a_small_request_is_not_multiplied_by_its_parts(encoding: str, scopes: int, records: int, broken: bool) -> None:
    body = (in_json if encoding == "json" else in_protobuf)(scopes, records, broken=broken)
    assert len(body) < 200_000
    intake = Intake("t", 1 << 20 if broken else 2 * SHELL + 1_000, SystemClock())
    media = "application/json" if encoding == "json" else "application/x-protobuf"
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError) as refused:
            intake.take(ROUTES["/v1/logs"], body, {"content-type": media})
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()
    assert (refused.value.reason == "too_large") is not broken


def message(name: str, content: Any, span: int) -> dict[str, Any]:
    """A log record as the conventions before 1.37 had one for each message."""
    shown = {"stringValue": content} if isinstance(content, str) else {"intValue": str(content)}
    body = {"kvlistValue": {"values": [{"key": "content", "value": shown}]}}
    return {"eventName": name, "traceId": "ab" * 16, "spanId": f"{span:016x}", "body": body}


def exported(encoding: str, records: list[dict[str, Any]]) -> bytes:
    document = {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}
    if encoding == "json":
        return json.dumps(document).encode()
    for record in records:
        for name in ("traceId", "spanId"):
            record[name] = base64.b64encode(bytes.fromhex(record[name])).decode()
    return ParseDict(document, logs_service_pb2.ExportLogsServiceRequest()).SerializeToString()


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
@pytest.mark.parametrize("most", [1 << 20, 1_200], ids=["a bad record beside", "larger than a record"])
def test_messages_of_one_call_stay_together(encoding: str, most: int) -> None:
    """Each alone would be an event of the same call: all but the first would be duplicates, and go unseen."""
    calls = range(1, 9)
    records = [message("gen_ai.system.message", "Be brief.", call) for call in calls]
    records += [message("gen_ai.user.message", f"question {call}", call) for call in calls]
    if most > 10_000:
        records.append(message("gen_ai.user.message", 5, 99))
    intake = Intake("t", most, SystemClock())
    media = "application/json" if encoding == "json" else "application/x-protobuf"
    taken = intake.take(ROUTES["/v1/logs"], exported(encoding, records), {"content-type": media})
    assert taken.rejected == (1 if most > 10_000 else 0)
    assert all(len(each.value or b"") <= most for each in taken.messages)
    told: dict[str, list[str]] = {}
    for number, each in enumerate(taken.messages):
        for event in Decoder().decode(Record("t", 0, number, 0.0, None, each.value, each.headers)):
            assert event.inference_id not in told
            told[event.inference_id] = [part.text for part in event.input.texts] if event.input else []
    assert sorted(told.values()) == [["Be brief.", f"question {call}"] for call in calls]
