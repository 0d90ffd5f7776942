"""From what a server says of a call to one native event, as the bytes that travel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from harmwatch_client.conversation import messages_of
from harmwatch_client.ids import new_id
from harmwatch_client.plain import MAX_ID, MAX_NAME, Plain, compact_json, field, name_of, number, scalar
from harmwatch_client.shapes import answer_output
from harmwatch_client.trimmer import Trimmer

__all__ = ["UNKNOWN_MODEL", "Event", "Facts", "Malformed", "build_event"]

#: The model of a call that does not name it, as harmwatch calls it.
UNKNOWN_MODEL = "unknown"
#: The end of the year 9999, where harmwatch's times end.
_LAST_SECOND = 253_402_300_799.0
_HALVES = frozenset({"text", "messages", "features", "decision", "score"})
#: Shares of the room for output, input and context when everything together does not fit.
_SHARES = (0.4, 0.4, 0.1)


Part = TypeVar("Part")


class Malformed(Exception):
    """There is no event in what was given: no input and no output that could be judged."""


@dataclass(frozen=True)
class Event:
    """One event as it travels.

    Attributes
    ----------
    key
        The model, by which records are keyed in Kafka.
    value
        The native event, JSON in UTF-8 on one line.
    """

    key: bytes
    value: bytes
    cut: bool = False
    mended: bool = False

    @property
    def size(self) -> int:
        """Bytes that it takes in the buffer."""
        return len(self.key) + len(self.value)


@dataclass
class Facts:
    """What is known of one call. Every field may be of any type: what cannot be used is left out."""

    model: object = None
    input: object = None
    output: object = None
    id: object = None
    time: object = None
    source: object = None
    model_version: object = None
    tenant: object = None
    trace_id: object = None
    context: object = None
    attributes: object = None
    decision: object = None
    score: object = None
    label: object = None
    failed: object = False
    redacted: object = False
    truncated: object = False


def build_event(facts: Facts, now: float, max_bytes: int) -> Event:
    """The event, of at most ``max_bytes``: where it is larger, texts are cut and the event is marked as truncated.

    Raises
    ------
    Malformed
        When there is neither input nor output.
    """
    room = max_bytes
    shares = (1.0, 1.0, 1.0)
    head = _head(facts, now)
    for _ in range(8):
        document, cut, mended = _document(facts, head, [int(room * share) for share in shares])
        value = _encode(document)
        if len(value) <= max_bytes:
            return Event(_encode_text(str(head["model"])), value, cut, mended)
        shares = _SHARES
        # Characters are up to six bytes as JSON.
        room = min(int(room * 0.9 * max_bytes / len(value)), room // 2)
    raise Malformed


def _head(facts: Facts, now: float) -> Plain:
    head: Plain = {
        "id": _id_of(facts.id) or new_id(now),
        "model": name_of(facts.model) or UNKNOWN_MODEL,
        "time": _time_of(facts.time, now),
    }
    for key in ("source", "model_version", "tenant", "trace_id"):
        name = name_of(getattr(facts, key))
        if name:
            head[key] = name
    label = _class_of(facts.label)
    if label is not None:
        head["label"] = label
    for key in ("failed", "redacted"):
        if getattr(facts, key) is True:
            head[key] = True
    return head


def _document(facts: Facts, head: Plain, rooms: list[int]) -> tuple[Plain, bool, bool]:
    document = dict(head)
    trimmers = [Trimmer(room) for room in rooms]
    given = _tried(lambda: _half(facts.input, trimmers[1]), trimmers[1])
    answered = _tried(lambda: _output(facts, trimmers[0]), trimmers[0])
    if given is not None:
        document["input"] = given
    if answered is not None:
        document["output"] = answered
    if given is None and answered is None:
        raise Malformed
    if facts.context is not None:
        context = _tried(lambda: trimmers[2].passages(facts.context), trimmers[2])
        if context:
            document["context"] = context
    if facts.attributes is not None:
        attributes = _tried(lambda: trimmers[2].row(facts.attributes, MAX_NAME), trimmers[2])
        if attributes:
            document["attributes"] = attributes
    cut = any(trimmer.cut for trimmer in trimmers)
    if cut or facts.truncated is True:
        document["truncated"] = True
    return document, cut, any(trimmer.mended for trimmer in trimmers)


def _tried(work: Callable[[], Part], trimmer: Trimmer) -> Part | None:
    """A part of an event, None where an object raises when it is looked at: the other parts are told all the same.

    What is told then lacks a part of the call, and says so: it is truncated.
    """
    try:
        return work()
    except Exception:
        trimmer.cut = trimmer.mended = True
        return None


def _half(given: object, trimmer: Trimmer) -> Plain | None:
    """One direction: a text, messages, a row of features, or a mapping that says which."""
    if type(given) is str:
        return {"text": trimmer.text(given)}
    if given is None:
        return None
    if isinstance(given, (list, tuple)):
        return {"messages": trimmer.messages(given)}
    if isinstance(given, Mapping):
        return _half_by_name(given, trimmer)
    if field(given, "content") is not None:
        return {"messages": trimmer.messages([given])}
    if scalar(given) is not None:
        return {"text": trimmer.text(given)}
    messages = messages_of(given)
    if messages is None:
        trimmer.cut = trimmer.mended = True
        return None
    return {"messages": trimmer.messages(messages)}


def _half_by_name(given: Mapping[object, object], trimmer: Trimmer) -> Plain | None:
    if given and "content" in given and ("role" in given or len(given) == 1):
        return {"messages": trimmer.messages([given])}
    if not given or not all(key in _HALVES for key in given):
        return {"features": trimmer.row(given)}
    half: Plain = {}
    if given.get("text") is not None:
        half["text"] = trimmer.text(given["text"])
    messages = given.get("messages")
    found = messages_of(messages)
    if found is not None:
        half["messages"] = trimmer.messages(found)
    elif messages is not None:
        trimmer.cut = trimmer.mended = True
    if isinstance(given.get("features"), Mapping):
        half["features"] = trimmer.row(given["features"])
    decision, score = _class_of(given.get("decision")), number(given.get("score"))
    if decision is not None:
        half["decision"] = decision
    if score is not None:
        half["score"] = score
    return half


def _output(facts: Facts, trimmer: Trimmer) -> Plain | None:
    output = facts.output
    if output is not None and not isinstance(output, (str, list, tuple)):
        # A whole answer of an OpenAI-compatible server, as an object or as a mapping.
        output = answer_output(output) or output
    half = _half(output, trimmer)
    decision, score = _class_of(facts.decision), number(facts.score)
    if decision is not None or score is not None:
        half = half or {}
        if decision is not None:
            half["decision"] = decision
        if score is not None:
            half["score"] = score
    return half


def _id_of(given: object) -> str:
    """An id that fits; of a longer one its beginning and a digest, so that the halves of a call still meet."""
    plain = scalar(given)
    if plain is None or plain == "":
        return ""
    text = plain if isinstance(plain, str) else compact_json(plain)
    if len(text) <= MAX_ID:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{text[:400]}…{digest}"


def _time_of(given: object, now: float) -> float:
    """Seconds since the epoch; now, when what is given is no time. A naive `datetime` is local time, as in Python."""
    if given is None:
        return now
    if isinstance(given, datetime):
        try:
            given = given.timestamp()
        except (OverflowError, OSError, ValueError):
            return now
    seconds = number(given) if not isinstance(given, str) else None
    return seconds if seconds is not None and 0 <= seconds < 1e11 and seconds <= _LAST_SECOND else now


def _class_of(given: object) -> str | int | float | bool | None:
    """A decision or label."""
    plain = scalar(given)
    return name_of(plain) if isinstance(plain, str) else plain


def _encode(document: Plain) -> bytes:
    return _encode_text(compact_json(document))


def _encode_text(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        # As harmwatch reads them: pairs that came as two characters are joined, one that is alone becomes U+FFFD.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")
