"""An export request in parts, each with its resource and scope: however small it is, they stay within bounds."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2

from agent.clock import SystemClock
from agent.errors import DecodeError
from streams.ingest.intake import Intake
from streams.ingest.routes import ROUTES

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
