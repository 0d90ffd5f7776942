"""Hostile records, drawn by hypothesis: from random bytes to well-formed events with one thing wrong in them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from streams.ports import Headers
from tests.conformance.formats_golden import Case, cases

__all__ = ["TOPICS", "HostileRecord", "draw_records"]

#: One of them says nothing; the names of the others make the decoder expect a format.
TOPICS = ("inference.events", "seldon.default.model.m.inputs", "otlp_spans")

_MB = 1024 * 1024


class HostileRecord(NamedTuple):
    """A record to publish, and how it was made."""

    kind: str
    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


_golden = cases()
_golden_json: list[tuple[Case, Any]] = []
for _case in _golden:
    try:
        _golden_json.append((_case, json.loads(_case.value)))
    except (ValueError, RecursionError):
        continue  # protobuf, cut bodies, bottomless nesting: mutated as bytes only


def _keys(document: Any) -> set[str]:
    if isinstance(document, dict):
        return set(document).union(*map(_keys, document.values()))
    return set().union(*map(_keys, document)) if isinstance(document, list) else set()


_known_keys = sorted(set().union(*(_keys(document) for _, document in _golden_json)))

_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300, max_value=10**310)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["\ud83d", "\u0000", "\u202e", "a" * 600, "NaN", "1e999", "[DONE]"])
)
_documents = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_known_keys) | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=25,
)
_HEADER_NAMES = [
    *("ce_type", "ce_id", "ce_source", "ce_time", "ce_specversion", "ce_metadata", "content-type", ":topic"),
    *("seldon-infer-type", "x-request-id", "inference-header-content-length", "content-encoding"),
]
_headers = st.lists(
    st.tuples(
        st.sampled_from(_HEADER_NAMES) | st.text(max_size=12),
        st.binary(max_size=40)
        | st.sampled_from(
            [b"1.0", b"gzip", b"application/json", b"application/x-protobuf", b"\xff\xfe", b"-1", b"9" * 30]
        ),
    ),
    max_size=5,
).map(tuple)


def _dump(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=True).encode()


def _replaced(document: Any, path: list[int], value: Any) -> Any:
    """A copy with the part at `path` (indices modulo what is there) replaced, so that types are wrong somewhere."""
    if not path or not isinstance(document, dict | list) or not document:
        return value
    step, rest = path[0], path[1:]
    if isinstance(document, dict):
        name = sorted(document)[step % len(document)]
        return {**document, name: _replaced(document[name], rest, value)}
    at = step % len(document)
    return [*document[:at], _replaced(document[at], rest, value), *document[at + 1 :]]


@st.composite
def _wrong_types(draw: Callable[..., Any]) -> tuple[bytes, Headers]:
    case, document = draw(st.sampled_from(_golden_json))
    path = draw(st.lists(st.integers(0, 30), min_size=1, max_size=5))
    return _dump(_replaced(document, path, draw(_documents))), case.headers


@st.composite
def _mutated(draw: Callable[..., Any]) -> tuple[bytes, Headers]:
    case = draw(st.sampled_from(_golden))
    value = bytearray(case.value)
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(value)))
        how = draw(st.sampled_from(["cut", "flip", "insert", "repeat", "drop"]))
        if how == "cut":
            del value[at:]
        elif how == "insert":
            value[at:at] = draw(st.binary(min_size=1, max_size=8))
        elif how == "repeat":
            value[at:at] = value[at : at + draw(st.integers(1, 200))]
        elif how == "drop":
            del value[at : at + draw(st.integers(1, 20))]
        elif at < len(value):
            value[at] ^= 1 << draw(st.integers(0, 7))
    return bytes(value), draw(st.just(case.headers) | _headers)


@st.composite
def _bad_text(draw: Callable[..., Any]) -> tuple[bytes, Headers]:
    """A native event that is right but for its characters."""
    piece = draw(
        st.sampled_from(
            [b"\\ud800", b"\\udc00x", b"\\ud83d\\ud83d", b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xf0\x9f", b"\\u0000"]
        )
    )
    place = draw(st.sampled_from(["id", "model", "source", "tenant", "text"]))
    parts = dict.fromkeys(("id", "model", "source", "tenant", "text"), b"v")
    parts["id"] = str(draw(st.uuids())).encode()
    parts[place] = b"a" + piece + b"b" * draw(st.integers(0, 3))
    value = (
        b'{"id":"%(id)s","model":"%(model)s","source":"%(source)s","tenant":"%(tenant)s","input":{"text":"%(text)s"}}'
    )
    return value % {name.encode(): part for name, part in parts.items()}, ()


@st.composite
def _deep(draw: Callable[..., Any]) -> tuple[bytes, Headers]:
    opened, closed = draw(
        st.sampled_from([(b"[", b"]"), (b'{"a":', b"}"), (b'{"messages":[', b"]}"), (b'{"input":', b"}")])
    )
    # Not near the interpreter's limit of 1,000: there the outcome depends on how deep the caller's own stack is, and a
    # test's is not a worker's.
    levels = st.integers(50, 800) | st.integers(1100, 3000) | st.just(100_000)
    depth = draw(levels) // len(closed)
    inner = opened * depth + b"1" + closed * draw(st.sampled_from([0, depth]))
    if draw(st.booleans()):
        inner = b'{"id":"d","model":"m","input":{"messages":[{"role":"user","content":' + inner + b"}]}}"
    return inner, draw(st.just(()) | _headers)


@cache
def _large(which: int) -> bytes:
    """Values of some megabytes; made once, they are shared."""
    native = b'{"id":"large-%d","model":"m","input":{"text":"' % which
    return [
        native + b"word " * _MB + b'"}}',
        native + "长文本".encode() * (_MB // 2) + b'"}}',
        native + b"\\u0041" * (5 * _MB // 6) + b'"}}',
        b'{"id":"large","model":"m","input":{"features":{' + b",".join(b'"f%d":1' % n for n in range(400_000)) + b"}}}",
        b"[" + b"1," * (2 * _MB) + b"1]",
        b"\x00" * (5 * _MB),
        gzip.compress(b'{"id":"bomb","model":"m","input":{"text":"' + b"a" * (64 * _MB) + b'"}}', 9),
        b"{" * (5 * _MB),
    ][which]


def _random_document() -> st.SearchStrategy[tuple[bytes, Headers]]:
    return st.tuples(_documents.map(_dump), _headers)


_KINDS: dict[str, st.SearchStrategy[tuple[bytes | None, Headers]]] = {
    "random bytes": st.tuples(st.binary(max_size=400), _headers),
    "random document": _random_document(),
    "wrong types": _wrong_types(),
    "mutated": _mutated(),
    "bad text": _bad_text(),
    "deep": _deep(),
    "empty": st.tuples(st.sampled_from([None, b"", b" ", b"null", b"{}", b"[]", b'""']), _headers),
    "gzip": st.tuples(st.binary(max_size=60).map(lambda tail: b"\x1f\x8b" + tail), _headers),
}


@st.composite
def _records(draw: Callable[..., Any]) -> HostileRecord:
    # One in a few hundred: they take as long as hundreds of others.
    if draw(st.integers(0, 299)) == 137:
        kind, value, headers = "large", _large(draw(st.integers(0, 7))), ()
    else:
        kind = draw(st.sampled_from(sorted(_KINDS)))
        value, headers = draw(_KINDS[kind])
    key = draw(st.none() | st.binary(max_size=8))
    # Mostly the topic that says nothing: the others turn everything but their own format into dead letters.
    topic = draw(st.sampled_from([TOPICS[0], TOPICS[0], TOPICS[0], TOPICS[0], *TOPICS]))
    return HostileRecord(kind, topic, key, value, headers)


def draw_records(count: int, start: int = 1) -> list[HostileRecord]:
    """The same `count` records for the same `start`; each kind of large value is among them."""
    drawn = [HostileRecord("large", TOPICS[0], None, _large(which), ()) for which in range(8)][:count]

    @seed(start)
    @settings(
        max_examples=max(1, count - len(drawn)),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_records())
    def collect(record: HostileRecord) -> None:
        drawn.append(record)

    while len(drawn) < count:
        collect()
    return drawn[:count]
