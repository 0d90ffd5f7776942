"""What is acknowledged must be what Kafka takes: nobody is there to be told when it comes off the disk."""

from __future__ import annotations

import pytest

from agent.clock import SystemClock
from agent.errors import DecodeError
from streams.ingest.intake import Intake
from streams.ingest.routes import ROUTES

BASE = {
    "ce-id": "1",
    "ce-specversion": "1.0",
    "ce-type": "org.kubeflow.serving.inference.request",
    "ce-source": "http://h",
}
ASKED = b'{"messages": [{"role": "user", "content": "hello"}], "model": "m"}'


def test_attributes_that_a_record_has_no_room_for_are_refused() -> None:
    intake = Intake("inference.events", 1_000_000, SystemClock())
    (taken,) = intake.take(ROUTES["/v1/cloudevents"], ASKED, BASE | {"ce-note": "n" * 16_000}).messages
    assert ("ce_note", b"n" * 16_000) in taken.headers
    many = {f"ce-note{number}": "n" * 16_000 for number in range(50)}
    with pytest.raises(DecodeError) as refused:
        intake.take(ROUTES["/v1/cloudevents"], ASKED, BASE | many)
    assert refused.value.reason == "too_large"
