"""What names the kind of a span may be of any type itself; the texts beside it are read all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.events import InferenceEvent
from streams.formats import load

_ODD = [{"kvlistValue": {"values": [{"key": "type", "value": {"stringValue": "chat"}}]}},
        {"arrayValue": {"values": [{"stringValue": "chat"}]}}, {"intValue": "7"}, {"boolValue": True}]  # fmt: skip
_TEXT = "what is the answer"


def _events(attributes: dict[str, Any]) -> list[InferenceEvent]:
    span = {
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7", "name": "chat m",
        "startTimeUnixNano": "1787306400123456789",
        "attributes": [{"key": key, "value": value} for key, value in attributes.items()],
    }  # fmt: skip
    record = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    return list(load("otlp").decode(record, ()))


@pytest.mark.parametrize("odd", _ODD)
def test_an_operation_of_another_type_hides_no_call(odd: dict[str, Any]) -> None:
    said = json.dumps([{"role": "user", "parts": [{"type": "text", "content": _TEXT}]}])
    (event,) = _events({"gen_ai.operation.name": odd, "gen_ai.input.messages": {"stringValue": said}})
    assert event.input is not None and [part.text for part in event.input.texts] == [_TEXT]


@pytest.mark.parametrize("odd", _ODD)
def test_a_span_kind_of_another_type_hides_no_call(odd: dict[str, Any]) -> None:
    (event,) = _events({
        "openinference.span.kind": odd,
        "llm.input_messages.0.message.role": {"stringValue": "user"},
        "llm.input_messages.0.message.content": {"stringValue": _TEXT},
    })  # fmt: skip
    assert event.input is not None and [part.text for part in event.input.texts] == [_TEXT]
