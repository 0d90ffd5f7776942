"""Ground truth as it comes: read the way events' own labels and ids are, so that the two meet."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.errors import DecodeError
from agent.events import InferenceEvent
from streams.formats import Decoder
from streams.labels import read_label
from streams.ports import Record
from tests.builders import native


def said(**fields: Any) -> bytes:
    return json.dumps({"id": "r-1", "label": "approved"} | fields).encode()


def decoded(value: bytes) -> InferenceEvent:
    (event,) = Decoder().decode(Record("inference.events", 0, 7, 1_790_000_000.0, None, value, ()))
    return event


@pytest.mark.parametrize(
    ("value", "text"),
    [("approved", "approved"), ("通过", "通过"), (1, "1"), (1.0, "1"), (0, "0"), (0.5, "0.5"), (True, "true")],
)
def test_a_label_is_the_text_that_an_event_makes_of_it(value: Any, text: str) -> None:
    assert read_label(said(label=value)).label == text
    assert decoded(native("r-1", label=value)).label == text


def test_without_a_source_it_is_empty_as_an_events_is() -> None:
    assert read_label(said()).source == read_label(said(source=None)).source == ""
    assert read_label(said(source="chat")).source == "chat"


def test_ids_that_are_long_or_numbers_are_those_of_events() -> None:
    ident = "r" * 2_000
    call = {"id": ident, "call_type": "completion", "status": "success", "model": "m", "messages": "a", "response": "b"}
    assert read_label(said(id=ident)).id == decoded(json.dumps(call).encode()).inference_id
    assert read_label(said(id=42)).id == "42"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty_value"),
        (b"", "empty_value"),
        (b"approved", "wrong_type"),
        (b"\xff", "wrong_type"),
        (b"[" * 5_000, "wrong_type"),
        (b"{}", "wrong_type"),
        (said(label=None), "wrong_type"),
        (said(label=["approved"]), "wrong_type"),
        (said(id=True), "wrong_type"),
        (said(label=""), "missing_field"),
        (said(id=""), "missing_field"),
        (said(label="x" * 300), "field_too_long"),
        (said(label="x" * 70_000), "too_large"),
    ],
)
def test_what_is_no_label_is_refused_with_a_reason(value: bytes | None, reason: str) -> None:
    with pytest.raises(DecodeError) as error:
        read_label(value)
    assert error.value.reason == reason
