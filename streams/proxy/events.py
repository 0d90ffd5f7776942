"""From a copied call to a record in the format ``openai``: a pair of request and answer."""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import msgspec

from agent.errors import DecodeError
from streams.formats.base import FORMAT_HEADER, MAX_ID, MAX_NAME, parse_json
from streams.formats.bodies import first_value
from streams.formats.encodings import body_characters
from streams.ports import Message
from streams.proxy.capture import Captured

__all__ = ["EventMaker", "RecentIds", "body_text"]

_TRACE_PARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.{0,200})?")
_LEAST_TEXT: Final = 1024
#: What follows each is copied: more would take long.
_MOST_MEMBERS: Final = 256


class _Named(msgspec.Struct):
    model: object = None
    #: What an HTTP message has, as gateways log it.
    body: object = msgspec.UNSET
    headers: object = msgspec.UNSET


_names = msgspec.json.Decoder(_Named)


class RecentIds:
    """Remembers ids, the latest so many."""

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._ids: dict[str, None] = {}

    def seen(self, ident: str) -> bool:
        """Whether it is among them; it is from now on."""
        known = ident in self._ids
        self._ids[ident] = None
        if len(self._ids) > self._most:
            del self._ids[next(iter(self._ids))]
        return known


@dataclass(slots=True)
class EventMaker:
    """Makes records.

    Attributes
    ----------
    own_ids
        Every event gets an id of ours. Else the client's ``x-request-id`` is taken, unless another call has used it:
        two calls with one id would be one event, and whoever repeats an id would go unseen.
    max_record_bytes
        Texts are cut until the record is no larger.
    repeated_ids
        How often a client's id was not new.
    """

    topic: str
    source: str
    own_ids: bool
    max_record_bytes: int
    recent: RecentIds
    repeated_ids: int = 0
    new_id: Callable[[], str] = lambda: str(uuid4())

    def make(self, captured: Captured) -> Message:
        """The record.

        Raises
        ------
        DecodeError
            When neither body can be read.
        """
        request = body_text(captured.request, captured.request_encoding, self.max_record_bytes)
        response = body_text(captured.response, captured.response_encoding, self.max_record_bytes)
        if request is None and response is None:
            raise DecodeError("unknown_format", "content-encoding")
        record: dict[str, object] = {
            "id": self._ident(captured.request_id),
            "time": captured.started,
            "source": self.source,
            "status": captured.status,
        }
        trace = _TRACE_PARENT.fullmatch(captured.trace_parent)
        if trace is not None:
            record["trace_id"] = trace.group(1).decode("ascii")
        unread = (request is None and captured.request) or (response is None and captured.response)
        if unread or captured.cut or captured.request_truncated or captured.response_truncated:
            record["truncated"] = True
        model = _model(request) or _model(response)
        value = self._fitted(record, request, response)
        return Message(self.topic, model.encode("utf-8", "replace"), value, ((FORMAT_HEADER, b"openai"),))

    def _ident(self, given: bytes) -> str:
        if self.own_ids or not given or len(given) > MAX_ID:
            return self.new_id()
        ident = given.decode("utf-8", "replace")
        if not ident.isprintable():
            return self.new_id()
        if self.recent.seen(ident):
            self.repeated_ids += 1
            return f"{ident[: MAX_ID - 40]}~{self.new_id()}"
        return ident

    def _fitted(self, record: dict[str, object], request: str | None, response: str | None) -> bytes:
        texts = {"request": request or "", "response": response or ""}
        while True:
            value = msgspec.json.encode(record | {key: _embedded(text) for key, text in texts.items() if text})
            longest = max(texts, key=lambda key: len(texts[key]))
            if len(value) <= self.max_record_bytes or len(texts[longest]) <= _LEAST_TEXT:
                return value
            # Escapes make it longer than its text, by an amount that only the writing tells.
            texts[longest] = texts[longest][: len(texts[longest]) * 3 // 4]
            record["truncated"] = True


def body_text(pieces: Sequence[bytes], encoding: bytes, most: int) -> str | None:
    """A body as text, at most so many bytes of it, as far as it can be unpacked; None when it is packed unknown to us.

    Damaged UTF-8 is mended, as is what was cut in the middle: decoders tell what lacks its end. JSON is taken as it is,
    whatever its client says of its encoding: most model servers pass over that field of a request.
    """
    kind = encoding.strip().lower()
    data = b"".join(pieces)
    if kind not in (b"", b"identity") and _is_json(body_characters(data[:most])):
        kind = b""
    if kind in (b"gzip", b"x-gzip", b"deflate"):
        unpacked = _inflated(data, most) if kind == b"deflate" else _unzipped(data, most)
        if unpacked is None:
            return None
        data = unpacked
    elif kind not in (b"", b"identity"):
        return None
    return body_characters(data[:most])


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        parse_json(text)
    except DecodeError as error:
        return error.reason == "truncated_json" or _begins_with_a_value(text)
    return True


def _begins_with_a_value(text: str) -> bool:
    """Whether Go's servers, which read no further than the first value, take it for JSON."""
    try:
        first_value(text.lstrip(), "")
    except DecodeError:
        return False
    return True


def _unzipped(data: bytes, most: int) -> bytes | None:
    """Of a file of gzip all members, as servers unpack it: what is asked may stand behind an empty one."""
    found = bytearray()
    for _ in range(_MOST_MEMBERS):
        member = zlib.decompressobj(wbits=31)
        try:
            found += member.decompress(data, most - len(found))
        except zlib.error:
            return bytes(found) or None
        data = member.unused_data
        if not data or len(found) >= most:
            return bytes(found)
    return None


def _inflated(data: bytes, most: int) -> bytes | None:
    """``deflate`` is zlib's form, or by the custom of some senders none at all."""
    for bits in (15, -15):
        try:
            return zlib.decompressobj(wbits=bits).decompress(data, most)
        except zlib.error:
            continue
    return None


def _model(text: str | None) -> str:
    if not text or text[:1] not in "{ \r\n\t":
        return ""
    try:
        model = _names.decode(text).model
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
    return model[:MAX_NAME] if isinstance(model, str) else ""


def _embedded(text: str) -> object:
    """As JSON where it is an object, whole; else as a string, which decoders mend.

    Also where it could be taken for an HTTP message around a body: whoever sends it chooses its fields.
    """
    if text[:1] == "{":
        with contextlib.suppress(msgspec.DecodeError, UnicodeError, RecursionError):
            named = _names.decode(text)
            if named.body is msgspec.UNSET and named.headers is msgspec.UNSET:
                return msgspec.Raw(text.encode())
    return text.encode("utf-8", "replace").decode()
