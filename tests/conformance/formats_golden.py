"""The golden pairs of the wire formats: where they lie, and how one is decoded.

A case is ``tests/fixtures/formats/<format>/<case>.in.<ext>``: the record's value as it is (``json``, ``txt``) or in
hexadecimal (``hex``). ``<case>.record.json`` beside it gives the topic and the headers, when the format needs them.
``<case>.out.json`` is what must come out: ``{"events": [...]}``, or ``{"error": {"reason", "detail"}}``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from agent.errors import DecodeError
from agent.events import InferenceEvent
from streams.formats import FORMATS, Decoder
from streams.ports import Headers, Record

ROOT = Path(__file__).parent.parent / "fixtures" / "formats"
RECORD_TIME = 1_790_000_000.0


class Case(NamedTuple):
    """One golden pair."""

    format: str
    name: str
    value: bytes
    topic: str
    headers: Headers
    output: Path

    def record(self) -> Record:
        return Record(self.topic, 3, 42, RECORD_TIME, None, self.value, self.headers)


def cases() -> list[Case]:
    """Every golden pair of every row of ``FORMATS``."""
    found = []
    for name in FORMATS:
        for path in sorted((ROOT / name).glob("*.in.*")):
            case, _, extension = path.name.partition(".in.")
            value = bytes.fromhex(path.read_text()) if extension == "hex" else path.read_bytes()
            described: dict[str, Any] = {}
            beside = path.with_name(f"{case}.record.json")
            if beside.exists():
                described = json.loads(beside.read_text("utf-8"))
            headers = tuple((key, text.encode()) for key, text in described.get("headers", []))
            output = path.with_name(f"{case}.out.json")
            found.append(Case(name, case, value, described.get("topic", "inference.events"), headers, output))
    return found


def plain(event: InferenceEvent) -> dict[str, Any]:
    """An event as JSON, without the fields that have their defaults."""
    full = json.loads(msgspec.json.encode(event))
    bare = json.loads(msgspec.json.encode(InferenceEvent(inference_id="", model="")))
    return {key: _slim(value) for key, value in full.items() if value != bare.get(key) or key == "format"}


def _slim(payload: Any) -> Any:
    if isinstance(payload, dict) and "texts" in payload:
        payload = {key: value for key, value in payload.items() if value not in (None, [])}
    return payload


def outcome(case: Case, *, pinned: bool) -> dict[str, Any]:
    """What comes out of a case, in the form of its ``.out.json``."""
    decoder = Decoder({case.topic: case.format} if pinned else None)
    try:
        return {"events": [plain(event) for event in decoder.decode(case.record())]}
    except DecodeError as error:
        return {"error": {"reason": error.reason, "detail": error.detail}}
