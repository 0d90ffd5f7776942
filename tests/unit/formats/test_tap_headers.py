"""What our own taps say of a record goes before what can be guessed, and names what the record does not."""

from __future__ import annotations

import gzip

import pytest

from agent.errors import DecodeError
from streams.formats import Decoder
from streams.formats.base import FORMAT_HEADER, ID_HEADER, TIME_HEADER, gunzip
from streams.ports import Headers, Record

PAIR = b'{"request":{"model":"m","messages":[{"role":"user","content":"hi"}]}}'
NATIVE = b'{"id":"own","model":"m","time":"2026-01-01T00:00:00Z","input":{"text":"x"}}'


def record(value: bytes, *headers: tuple[str, bytes], offset: int = 7) -> Record:
    own: Headers = headers
    return Record("inference.events", 1, offset, 1_790_000_000.0, None, value, own)


def test_id_and_time_are_the_taps_wherever_the_record_stands() -> None:
    headers = ((ID_HEADER, b"tap-1"), (TIME_HEADER, b"1789999999.250"))
    events = [Decoder().decode(record(PAIR, *headers, offset=offset))[0] for offset in (7, 8)]
    assert events[0] == events[1]
    assert (events[0].inference_id, events[0].time) == ("tap-1", 1_789_999_999.25)


def test_an_events_own_id_and_time_stay() -> None:
    headers = ((ID_HEADER, b"tap-1"), (TIME_HEADER, b"1"))
    (event,) = Decoder().decode(record(NATIVE, *headers))
    assert (event.inference_id, event.time) == ("own", 1_767_225_600.0)


def test_the_named_format_is_taken_and_an_unknown_name_is_passed_over() -> None:
    with pytest.raises(DecodeError) as caught:
        Decoder().decode(record(NATIVE, (FORMAT_HEADER, b"litellm")))
    assert caught.value.wire_format == "litellm"
    assert Decoder().decode(record(NATIVE, (FORMAT_HEADER, b"nothing")))[0].inference_id == "own"


def test_a_pinned_format_goes_before_it() -> None:
    decoder = Decoder({"inference.events": "native"})
    assert decoder.decode(record(NATIVE, (FORMAT_HEADER, b"litellm")))[0].inference_id == "own"


@pytest.mark.parametrize("damaged", [b"", b"NaN", b"1e400", b"\xff", b"-5", b"9" * 400])
def test_a_damaged_time_of_the_tap_is_the_records(damaged: bytes) -> None:
    (event,) = Decoder().decode(record(PAIR, (TIME_HEADER, damaged)))
    assert event.time == 1_790_000_000.0


def test_many_gzip_streams_after_each_other_are_refused_before_they_take_hours() -> None:
    assert gunzip(gzip.compress(b"a") * 100) == b"a" * 100
    with pytest.raises(DecodeError) as caught:
        gunzip(gzip.compress(b"") * 100_000)
    assert caught.value.reason == "bad_gzip"
