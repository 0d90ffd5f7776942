"""Traffic that wants the worker's memory: what is refused is let go at once, not when the collector comes by."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import msgspec

from agent.errors import DecodeError
from streams.formats import Decoder
from streams.ports import Record
from tests.conformance.formats_golden import cases

_ERRORS = (DecodeError, msgspec.DecodeError)
#: Text that is read a second time, and cut off.
_LONE_SURROGATE = b'{"model": "m", "request": {"messages": [{"content": "' + b"x" * 1000 + b'\\ud800", "n": 1'


def _damaged() -> Iterator[Record]:
    for case in cases():
        for end in (len(case.value), len(case.value) - 1, len(case.value) * 3 // 4, len(case.value) // 2, 10):
            yield case.record()._replace(value=case.value[:end])
            # Base64, hexadecimal and topics of their own aside: as somebody might send it anywhere.
            yield Record("inference.events", 0, 0, 0.0, None, case.value[:end].replace(b'"', b'"\\ud800', 3), ())
    yield Record("inference.events", 0, 0, 0.0, None, _LONE_SURROGATE, ())


def _errors_alive() -> list[BaseException]:
    # Of other tests' objects some raise when their class is asked for.
    return [each for each in gc.get_objects() if issubclass(type(each), _ERRORS)]


def test_a_record_that_is_refused_is_let_go_with_the_error_that_says_so() -> None:
    """An error that its own frames hold keeps them, and the record's bytes in them: two thousand of a MiB took 6 GB."""
    decoder, refused = Decoder(), 0
    records = list(_damaged())
    gc.collect()
    before = {id(each) for each in _errors_alive()}
    gc.disable()
    try:
        for record in records:
            try:
                decoder.decode(record)
            except DecodeError:
                refused += 1
        left = [repr(each) for each in _errors_alive() if id(each) not in before]
    finally:
        gc.enable()
    assert refused > 200
    assert left == []
