"""Limits that stop a bad deploy, and what a dead letter holds."""

from __future__ import annotations

import pytest

from agent.errors import DeadLetterLimit, DecodeError
from streams.config import DeadLetterConfig
from streams.dead_letter import DeadLetterLimits, dead_letter_message
from streams.ports import Record
from tests.builders import make_event


def test_one_bad_producer_does_not_stop_the_worker() -> None:
    limits = DeadLetterLimits(DeadLetterConfig(max_consecutive=5, max_ratio=0.5, ratio_records=10))
    for _ in range(100):
        limits.bad()
        limits.good()
        limits.good()


def test_too_many_in_a_row_stop_it() -> None:
    limits = DeadLetterLimits(DeadLetterConfig(max_consecutive=5, max_ratio=1.0, ratio_records=100))
    for _ in range(5):
        limits.bad()
    with pytest.raises(DeadLetterLimit, match=r"6 records in a row.*topics\.formats"):
        limits.bad()


def test_too_large_a_share_stops_it_once_enough_records_were_seen() -> None:
    limits = DeadLetterLimits(DeadLetterConfig(max_consecutive=1000, max_ratio=0.5, ratio_records=10))
    pattern = [True, True, False] * 3
    for bad in pattern:
        (limits.bad if bad else limits.good)()
    with pytest.raises(DeadLetterLimit, match="7 of the last 10"):
        limits.bad()


def test_the_share_is_of_recent_records_only() -> None:
    limits = DeadLetterLimits(DeadLetterConfig(max_consecutive=1000, max_ratio=0.5, ratio_records=10))
    for _ in range(5):
        limits.bad()
    for _ in range(1000):
        limits.good()
    for _ in range(5):
        limits.bad()


def test_a_dead_letter_is_the_record_with_the_reason_last() -> None:
    headers = (("reason", b"theirs"), ("ce_id", b"7"))
    record = Record("events", 2, 41, 0.0, b"key", b"\xff\x00", headers)
    error = DecodeError("not_json", "byte 0")
    error.wire_format = "openai"
    message = dead_letter_message(record, error, "harm.dlq", 1_700_000_000.0, 100)
    assert (message.topic, message.key, message.value) == ("harm.dlq", b"key", b"\xff\x00")
    assert message.headers[:2] == headers
    assert dict(message.headers) == {
        "ce_id": b"7",
        "reason": b"not_json",
        "detail": b"byte 0",
        "format": b"openai",
        "topic": b"events",
        "partition": b"2",
        "offset": b"41",
        "time": b"2023-11-14T22:13:20.000Z",
    }


def test_a_value_that_the_topic_does_not_take_is_cut_and_says_so() -> None:
    record = Record("events", 0, 0, 0.0, None, b"x" * 1000, ())
    message = dead_letter_message(record, DecodeError("too_large"), "harm.dlq", 0.0, 100)
    assert message.value == b"x" * 100
    assert dict(message.headers)["original_bytes"] == b"1000"


def test_what_our_own_taps_bring_does_not_count_but_for_bugs_of_ours() -> None:
    limits = DeadLetterLimits(DeadLetterConfig(max_consecutive=5, max_ratio=1.0, ratio_records=100))
    tapped = Record("t", 0, 0, 0.0, None, b"?", (("harmwatch-format", b"openai"),))
    for _ in range(50):
        limits.refused(tapped, DecodeError("unknown_format"))
    with pytest.raises(DeadLetterLimit, match="6 records in a row"):
        for _ in range(6):
            limits.refused(tapped, DecodeError("internal"))
    others = DeadLetterLimits(DeadLetterConfig(max_consecutive=5, max_ratio=1.0, ratio_records=100))
    partly = DecodeError("unknown_format")
    partly.rest = [make_event()]
    with pytest.raises(DeadLetterLimit, match="6 records in a row"):
        for error in [*[DecodeError("unknown_format")] * 5, partly, *[DecodeError("unknown_format")] * 6]:
            others.refused(Record("t", 0, 0, 0.0, None, b"?", ()), error)
