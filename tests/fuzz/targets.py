"""What is fuzzed: each target takes arbitrary bytes, and may refuse them only with the errors that it promises.

A target is one line in `TARGETS`. It is made in the process that fuzzes (warming up what it needs), is given bytes, and
raises whatever it finds. What it returns says whether it took them: a target that takes none of its own seeds fuzzes
only what refuses them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from agent.clock import ManualClock
from agent.errors import ConfigError, DecodeError, HarmwatchError
from tests.fuzz import edge_checks, state_checks
from tests.fuzz.seeds import (
    STREAMS,
    TEXTS,
    examples,
    golden,
    sound_calibration,
    sound_reference,
    with_json,
)

__all__ = ["TARGETS", "Check", "Target"]

Check: TypeAlias = Callable[[bytes], bool]
_TIME = 1_780_000_000.0


@dataclass(frozen=True)
class Target:
    """One thing to fuzz.

    Attributes
    ----------
    make
        Gives the check; imports what it needs, so that a fuzzer may watch it being imported.
    seeds
        Inputs to begin with.
    microseconds_per_byte
        What an input may cost, beyond a second of its own.
    most_bytes
        Longer inputs are cut.
    """

    make: Callable[[], Check]
    seeds: Callable[[], Iterable[bytes]]
    microseconds_per_byte: float = 100.0
    most_bytes: int = 64 * 1024


def _refusing(read: Callable[[bytes], object], *errors: type[HarmwatchError]) -> Check:
    """Bytes may be refused with these errors, of one line that repeats no long piece of them."""

    def check(data: bytes) -> bool:
        try:
            read(data)
        except errors as error:
            assert len(str(error)) < 2000, "an error of many words"
            said = f"{error}{getattr(error, 'detail', '')}"
            assert said.isprintable(), "an error of more lines than one, or one that a terminal obeys"
            return False
        return True

    return check


def _headers(data: bytes) -> tuple[bytes, tuple[tuple[str, bytes], ...]]:
    """The first line, when it begins with ``#``, is headers: ``#name=value;name=value``."""
    if not data.startswith(b"#") or b"\n" not in data:
        return data, ()
    line, _, value = data[1:].partition(b"\n")
    pairs = (pair.partition(b"=") for pair in line.split(b";")[:16])
    return value, tuple((name.decode("latin-1"), content) for name, _, content in pairs)


def _decoder_of(name: str) -> Check:
    from streams.formats import load

    wire_format = load(name)

    def decode(data: bytes) -> object:
        value, headers = _headers(data)
        wire_format.matches(headers, value)
        return wire_format.decode(value, headers)

    return _refusing(decode, DecodeError)


def _any_format() -> Check:
    from streams.formats import Decoder
    from streams.formats.base import TOPIC_HEADER
    from streams.ports import Record

    decoder = Decoder({}, 8 * 1024 * 1024)

    def decode(data: bytes) -> object:
        value, headers = _headers(data)
        topic = dict(headers).get(TOPIC_HEADER, b"inference.events").decode("utf-8", "replace")
        events = decoder.decode(Record(topic, 0, 7, _TIME, None, value, headers))
        assert all(len(event.model) <= 1024 for event in events)
        return events

    return _refusing(decode, DecodeError)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass" if data[:1] < b"\x80" and _passes(data) else "replace")


def _passes(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _normaliser() -> Check:
    from agent.normalize import normalize, normalize_with_map

    def check(data: bytes) -> bool:
        text = _text(data)
        folded, places = normalize_with_map(text)
        assert folded == normalize(text)
        assert len(places) in (len(folded), len(folded) + 1)
        assert all(0 <= place <= len(text) for place in places)
        return True

    return check


def _sanitiser() -> Check:
    from agent.sanitise.sanitiser import PAYLOADS, sanitise

    def check(data: bytes) -> bool:
        text = _text(data)
        for payloads in PAYLOADS:
            done = sanitise(text, payloads)
            assert len(done.text) <= 64 * len(text) + 1024
        return True

    return check


def _pii() -> Check:
    from agent.scoring.pii.engine import Engine
    from agent.scoring.pii.packs import load_recognizers

    engine = Engine(load_recognizers())
    engine.warm_up()

    def check(data: bytes) -> bool:
        text, at = _text(data), 0
        for match in engine.search(text):
            assert at <= match.start < match.end <= len(text)
            at = match.end
        return True

    return check


def _adversarial() -> Check:
    from agent.events import TextPart
    from agent.normalize import normalize
    from agent.scoring import load_scorer
    from agent.scoring.base import Batch, ScoringItem

    scorer = load_scorer("adversarial", {}, None)
    scorer.warm_up()

    def check(data: bytes) -> bool:
        rows = scorer.score(Batch([ScoringItem(TextPart(_text(data)), "input", normalize)]))
        assert len(rows) == 1
        return True

    return check


def _event_stream() -> Check:
    from streams.formats.bodies import body_halves

    def check(data: bytes) -> None:
        for plain in (False, True):
            body_halves(data, "output", "body", plain_text=plain, header_length=str(len(data) // 2))
            body_halves(_text(data), "input", "body", plain_text=plain)

    return _refusing(check, DecodeError)


def _http_headers() -> Check:
    from streams.web.exposition import accepts, negotiate
    from streams.web.guard import Guard
    from streams.web.limits import network_of
    from streams.web.page import choose_language

    guard = Guard("127.0.0.1", "correct-horse-battery", ManualClock())

    def check(data: bytes) -> bool:
        text = data.decode("utf-8", "surrogateescape")
        one, _, two = text.partition("\n")
        assert len(accepts(text)) <= 64
        negotiate(one, two)
        choose_language(one, two)
        guard.host_allowed(one)
        guard.same_origin({"Origin": one, "Host": two})
        assert guard.token_holder(guard.bearer_token(text) or "") is None and guard.session_holder(text) is None
        network_of(one)
        return True

    return check


def _in_file(read: Callable[[Path], object], *errors: type[HarmwatchError]) -> Check:
    # One file, overwritten: in memory where there is such a place.
    folder = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(tempfile.gettempdir())
    path = Path(tempfile.mkdtemp(dir=folder)) / "input"

    def check(data: bytes) -> object:
        path.write_bytes(data)
        path.chmod(0o600)
        return read(path)

    return _refusing(check, *errors)


def _configuration() -> Check:
    from streams.config import parse_config

    return _refusing(lambda data: parse_config(data, "harmwatch.yaml"), ConfigError)


def _tokens() -> Check:
    from streams.web.access import read_tokens

    return _in_file(read_tokens, ConfigError)


def _protection_policy() -> Check:
    from agent.assess.policy import load_policy

    return _in_file(lambda path: load_policy(str(path)), ConfigError)


def _calibration() -> Check:
    import numpy as np

    from agent.calibration import Calibration

    def read(path: Path) -> None:
        found = Calibration.load(path)
        applied = found.apply(np.linspace(0.0, 1.0, 11))
        assert np.all((applied >= 0.0) & (applied <= 1.0))

    return _in_file(read, ConfigError)


def _reference() -> Check:
    from agent.drift.reference_file import load_references

    return _in_file(load_references, HarmwatchError)


def _labels() -> Check:
    from streams.labels import read_label

    return _refusing(read_label, DecodeError)


def _marks() -> Check:
    from streams.console.feedback import FeedbackBook

    book = FeedbackBook(most=50)

    def check(data: bytes) -> bool:
        key, _, value = data.partition(b"\n")
        before = len(book)
        book.take(key, value or None)
        assert len(book) <= 50
        for row in book.precision():
            assert 0.0 <= row.lower <= row.value <= row.upper <= 1.0
        return len(book) > before

    return check


_FORMATS = ("cloudevents", "litellm", "native", "oip", "openai", "otlp")

#: By name, which is what ``--targets`` takes.
TARGETS: dict[str, Target] = {
    **{f"format-{name}": Target(partial(_decoder_of, name), partial(golden, name)) for name in _FORMATS},
    "format-any": Target(_any_format, partial(golden, *_FORMATS)),
    "event-stream": Target(_event_stream, lambda: STREAMS),
    "normaliser": Target(_normaliser, lambda: TEXTS),
    "sanitiser": Target(_sanitiser, lambda: TEXTS, microseconds_per_byte=300.0, most_bytes=16 * 1024),
    "pii": Target(_pii, lambda: TEXTS, microseconds_per_byte=300.0),
    "adversarial": Target(_adversarial, lambda: TEXTS, microseconds_per_byte=300.0, most_bytes=16 * 1024),
    "http-headers": Target(_http_headers, lambda: (
        b"text/html;q=0.5, */*\nzh-CN,zh;q=0.9", b"127.0.0.1:9464\n", b"http://localhost:1\nlocalhost:1",
        b"Bearer x", b"1780000000.abc.def", b"[::1]:9", b"2001:db8::1%eth0\n",
    )),
    "configuration": Target(
        _configuration, with_json(examples("*.yaml")), microseconds_per_byte=1000.0, most_bytes=16 * 1024,
    ),
    "tokens": Target(_tokens, with_json(lambda: (
        b"tokens: [{name: a, role: viewer, sha256: " + b"0" * 64 + b"}]", b"tokens: []",
    )), microseconds_per_byte=1000.0, most_bytes=16 * 1024),
    "protection-policy": Target(_protection_policy, with_json(lambda: (
        b"default: mask\ntypes: {EMAIL: hash}\n", b"columns: {name: redact}\n",
    )), microseconds_per_byte=1000.0, most_bytes=16 * 1024),
    "calibration": Target(_calibration, sound_calibration),
    "reference": Target(_reference, sound_reference),
    "labels": Target(_labels, lambda: (
        b'{"id":"r-1","source":"s","label":"approved"}', b'{"id":1,"label":true}',
    )),
    "marks": Target(_marks, lambda: (
        b'v:pii.email\n{"id":"v","category":"pii.email","correct":true,"marked_at":"2026-11-23T10:04:31Z",'
        b'"inference_id":"r","source":"s","model":"m","direction":"output","dimension":"privacy","score":1,'
        b'"threshold":0.5,"scorers":{}}',
        b"v:pii.email\n",
    )),
    "proxy-wire": Target(edge_checks.proxy_wire, lambda: edge_checks.WIRES),
    "proxy-pair": Target(edge_checks.proxy_pair, lambda: edge_checks.PAIRS),
    "ingest": Target(edge_checks.ingest, partial(edge_checks.sent, *_FORMATS), microseconds_per_byte=600.0),
    "spool": Target(edge_checks.spool, edge_checks.sound_spool),
    "panes": Target(state_checks.panes, state_checks.sound_panes, microseconds_per_byte=300.0),
    "panes-restored": Target(state_checks.panes_restored, state_checks.sound_panes, microseconds_per_byte=300.0),
    "decisions": Target(state_checks.decisions, state_checks.sound_decisions, microseconds_per_byte=300.0),
    "labelled": Target(state_checks.labelled, state_checks.sound_labelled, microseconds_per_byte=300.0),
}  # fmt: skip
