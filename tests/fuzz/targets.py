"""What is fuzzed: each target takes arbitrary bytes, and may refuse them only with the errors that it promises.

A target is one line in `TARGETS`. It is made in the process that fuzzes (warming up what it needs), is given bytes, and
raises whatever it finds.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from agent.clock import ManualClock, SystemClock
from agent.config import CoreConfig
from agent.errors import ConfigError, DecodeError, HarmwatchError, StateError
from tests.fuzz import edge_checks
from tests.fuzz.seeds import STREAMS, TEXTS, examples, golden, sound_calibration, sound_panes, sound_reference

__all__ = ["TARGETS", "Check", "Target"]

Check: TypeAlias = Callable[[bytes], object]
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


def _refusing(read: Check, *errors: type[HarmwatchError]) -> Check:
    """Bytes may be refused with these errors, of one line that repeats no long piece of them."""

    def check(data: bytes) -> object:
        try:
            return read(data)
        except errors as error:
            assert len(str(error)) < 2000, "an error of many words"
            said = f"{error}{getattr(error, 'detail', '')}"
            assert said.isprintable(), "an error of more lines than one, or one that a terminal obeys"
            return None

    return check


def _headers(data: bytes) -> tuple[bytes, tuple[tuple[str, bytes], ...]]:
    """The first line, when it begins with ``#``, is headers: ``#name:value;name:value``."""
    if not data.startswith(b"#") or b"\n" not in data:
        return data, ()
    line, _, value = data[1:].partition(b"\n")
    pairs = (pair.partition(b":") for pair in line.split(b";")[:16])
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
    from streams.ports import Record

    decoder = Decoder({}, 8 * 1024 * 1024)

    def decode(data: bytes) -> object:
        value, headers = _headers(data)
        events = decoder.decode(Record("inference.events", 0, 7, _TIME, None, value, headers))
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

    def check(data: bytes) -> None:
        text = _text(data)
        folded, places = normalize_with_map(text)
        assert folded == normalize(text)
        assert len(places) in (len(folded), len(folded) + 1)
        assert all(0 <= place <= len(text) for place in places)

    return check


def _sanitiser() -> Check:
    from agent.sanitise.sanitiser import PAYLOADS, sanitise

    def check(data: bytes) -> None:
        text = _text(data)
        for payloads in PAYLOADS:
            done = sanitise(text, payloads)
            assert len(done.text) <= 64 * len(text) + 1024

    return check


def _pii() -> Check:
    from agent.scoring.pii.engine import Engine
    from agent.scoring.pii.packs import load_recognizers

    engine = Engine(load_recognizers())
    engine.warm_up()

    def check(data: bytes) -> None:
        text, at = _text(data), 0
        for match in engine.search(text):
            assert at <= match.start < match.end <= len(text)
            at = match.end

    return check


def _adversarial() -> Check:
    from agent.events import TextPart
    from agent.normalize import normalize
    from agent.scoring import load_scorer
    from agent.scoring.base import Batch, ScoringItem

    scorer = load_scorer("adversarial", {}, None)
    scorer.warm_up()

    def check(data: bytes) -> None:
        rows = scorer.score(Batch([ScoringItem(TextPart(_text(data)), "input", normalize)]))
        assert len(rows) == 1

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

    def check(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        one, _, two = text.partition("\n")
        assert len(accepts(text)) <= 64
        negotiate(one, two)
        choose_language(one, two)
        guard.host_allowed(one)
        guard.same_origin({"Origin": one, "Host": two})
        assert guard.token_holder(guard.bearer_token(text) or "") is None and guard.session_holder(text) is None
        network_of(one)

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

    def check(data: bytes) -> None:
        key, _, value = data.partition(b"\n")
        book.take(key, value or None)
        assert len(book) <= 50
        for row in book.precision():
            assert 0.0 <= row.lower <= row.value <= row.upper <= 1.0

    return check


def _windows() -> Any:
    from agent.pipeline.build import build_windows

    return build_windows(CoreConfig(), SystemClock())


def _panes() -> Check:
    def check(data: bytes) -> None:
        engine = _windows()
        engine.absorb(data)
        for model in engine.models():
            engine.totals(model)
            engine.window(model, 300.0, _TIME)
        for partition in engine.partitions:
            engine.snapshot(partition, full=True)

    return _refusing(check, StateError)


def _restored() -> Check:
    """Panes as a worker takes them over, beside a sound value, which must survive."""
    from tests.unit.windows.builders import make_engine, make_observation

    engine = make_engine()
    engine.apply(("events", 0), 0, [make_observation()])
    (sound,) = engine.snapshot(("events", 0)).values.values()

    def check(data: bytes) -> None:
        other = make_engine()
        other.restore(("events", 0), [data, sound])
        assert other.models(), "a damaged value has cost a sound one"

    return check


def _decisions() -> Check:
    from agent.metrics import Metrics, new_registry
    from agent.pipeline.late_labels import LateLabels
    from agent.windows.labelled import LabelledDecisions

    waiting = LateLabels(
        _windows(), Metrics(new_registry(), clock=SystemClock()), SystemClock(), max_waiting=1000, max_early=1000
    )

    def check(data: bytes) -> None:
        waiting.restore(("events", 0), [data])
        try:
            LabelledDecisions.decode(data)
        except StateError:
            pass

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
    "configuration": Target(_configuration, examples("*.yaml"), microseconds_per_byte=1000.0, most_bytes=16 * 1024),
    "tokens": Target(_tokens, lambda: (
        b"tokens: [{name: a, role: viewer, sha256: " + b"0" * 64 + b"}]", b"tokens: []",
    ), microseconds_per_byte=1000.0, most_bytes=16 * 1024),
    "protection-policy": Target(_protection_policy, lambda: (
        b"default: mask\ntypes: {EMAIL: hash}\n", b"columns: {name: redact}\n",
    ), microseconds_per_byte=1000.0, most_bytes=16 * 1024),
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
    "ingest": Target(edge_checks.ingest, partial(golden, *_FORMATS), microseconds_per_byte=600.0),
    "spool": Target(edge_checks.spool, edge_checks.sound_spool),
    "panes": Target(_panes, sound_panes, microseconds_per_byte=300.0),
    "panes-restored": Target(_restored, sound_panes, microseconds_per_byte=300.0),
    "decisions": Target(_decisions, lambda: (b"\x97\x01\xa6events\x00\x01\x90", b"\x01\x02\x03")),
}  # fmt: skip
