"""What a worker is sent in a soak: everything that it may meet, in chunks that promise what they hold.

A chunk is the demo's traffic (native, OpenAI and KServe records, toxic bursts, leaks, campaigns of attacks, decisions
about people, duplicates, orphans, records that are no events), each of the golden records of all formats once, names
that nobody expects, and labels for some of the decisions.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import msgspec

from agent.errors import DecodeError
from streams.demo.traffic import LOANS, MODELS, Traffic
from streams.formats import FORMATS, Decoder
from tests.conformance.formats_golden import Case, cases
from tests.e2e.traffic import TrafficRecord
from tests.hostile import hostile_values

__all__ = ["CALLS_A_CHUNK", "DEMO_MODELS", "Chunk", "Promise", "call_number", "make_chunk"]

DEMO_MODELS: Final = frozenset(MODELS)
CALLS_A_CHUNK: Final = 1000
_HOSTILE_A_CHUNK: Final = 40
#: In the second chunk, so that tables of names are full from then on.
_FLOOD: Final = 2_500
_SPAN_SECONDS: Final = 5.0
_LABELLED_EVERY: Final = 2


class _Loan(msgspec.Struct):
    id: str
    label: str | None = None


_loan: Final = msgspec.json.Decoder(_Loan).decode


@dataclass(slots=True)
class Promise:
    """What came out of chunks, for the books. Calls and verdicts are those of the demo's models.

    Attributes
    ----------
    verdicts
        Halves, each of which has one verdict.
    """

    records: int = 0
    calls: int = 0
    verdicts: int = 0
    dead_letters: int = 0
    labels: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, other: Promise) -> None:
        """Take up another one."""
        for name in ("records", "calls", "verdicts", "dead_letters", "labels"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.kinds.update(other.kinds)


@dataclass(slots=True)
class Chunk:
    """Records of events in their order, labels for the topic of labels, and what they promise."""

    events: list[TrafficRecord]
    labels: list[TrafficRecord]
    promise: Promise


def call_number(inference_id: str) -> int:
    """The number of one of the demo's calls, over all chunks. Raises ValueError for ids of others."""
    chunk, _, number = inference_id.partition("-")
    return (int(chunk, 16) - 1) * CALLS_A_CHUNK + int(number, 16)


@cache
def _golden() -> tuple[Case, ...]:
    """Those that decode on a topic whose name says nothing; of the others there are the demo's, within the limit."""
    decoder, sound = Decoder({}), []
    for case in cases():
        try:
            decoder.decode(case.record()._replace(topic="events"))
        except DecodeError:
            continue
        sound.append(case)
    missing = FORMATS.keys() - {case.format for case in sound}
    assert not missing, f"no golden record of {missing}"
    return tuple(sound)


def make_chunk(number: int) -> Chunk:
    """The ``number``-th chunk, from 0; its events happened in the last seconds. The first is the demo's traffic alone.

    Of names the first are kept: so the demo's models are known by their names before the others spend the budget.
    """
    traffic = Traffic(number + 1, CALLS_A_CHUNK, time.time() - _SPAN_SECONDS, _SPAN_SECONDS)
    expected = traffic.expected
    events = [TrafficRecord(record.key, record.value, record.headers) for record in traffic]
    labels = list(_labels(events))
    kinds = Counter({f"demo {wire}": calls for wire, calls in expected.calls_by_wire.items()})
    others: list[TrafficRecord] = []
    if number:
        others += (TrafficRecord(case.format.encode(), case.value, case.headers) for case in _golden())
        count = _FLOOD if number == 1 else _HOSTILE_A_CHUNK
        first = _FLOOD + number * _HOSTILE_A_CHUNK if number > 1 else 0
        others += (TrafficRecord(b"%d" % first, value) for value in hostile_values(first, count))
        kinds.update(f"golden {case.format}" for case in _golden())
        kinds["hostile names"] = count
    promise = Promise(
        records=len(events) + len(others),
        calls=expected.calls,
        verdicts=expected.directions,
        dead_letters=expected.dead_letters,
        labels=len(labels),
        kinds=kinds,
    )
    return Chunk(_mixed(events, others), labels, promise)


def _labels(events: list[TrafficRecord]) -> Iterator[TrafficRecord]:
    """For every other decision that came without."""
    waiting = 0
    for record in events:
        if record.key != LOANS.encode() or record.value[:1] != b"{":
            continue
        try:
            loan = _loan(record.value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if loan.label is None:
            waiting += 1
            if waiting % _LABELLED_EVERY == 0:
                label = {"id": loan.id, "source": "loan-service", "label": "approved"}
                yield TrafficRecord(loan.id.encode(), msgspec.json.encode(label))


def _mixed(events: list[TrafficRecord], others: list[TrafficRecord]) -> list[TrafficRecord]:
    """The others strewn between the events, whose order stays."""
    every = max(1, len(events) // (len(others) + 1))
    mixed: list[TrafficRecord] = []
    left = iter(others)
    for place, record in enumerate(events):
        mixed.append(record)
        if place % every == every - 1 and (other := next(left, None)) is not None:
            mixed.append(other)
    return [*mixed, *left]
