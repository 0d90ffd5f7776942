"""One HTTP exchange as the middleware copied it, and how it becomes an event, in the tap's thread."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harmwatch_client.conversation import Conversation
from harmwatch_client.events import Event, Facts, build_event
from harmwatch_client.pieces import Pieces
from harmwatch_client.sender import Skip
from harmwatch_client.shapes import answer_output, gathered_text, request_context, request_input

__all__ = ["Body", "Exchange", "Reader"]

#: Request and answer as JSON (or text, where they are none) to arguments of `Tap.log`; None: nothing to tell.
Reader = Callable[[object, object], "Mapping[str, object] | None"]

#: White space, byte order marks, and the zeros of UTF-16 and UTF-32.
_BEFORE_JSON = b" \t\r\n\0\xef\xbb\xbf\xff\xfe"
#: What is read by its name, and what chooses how a model answers.
_OPENAI_FIELDS = frozenset(
    [
        "documents",
        "instructions",
        "input",
        "inputs",
        "messages",
        "model",
        "prompt",
        "system",
        "response_format",
        "role",
        "service_tier",
        "stop",
        "stream",
        "tool_choice",
        "tools",
        "user",
    ]
)
#: Each is copied with what follows it: a body of many empty ones would take long.
_MOST_MEMBERS = 256
_FACTS = frozenset(Facts.__dataclass_fields__)


class Body:
    """One direction's bytes, up to a bound."""

    __slots__ = ("_pieces", "_room", "cut", "encoding", "whole")

    def __init__(self, room: int, encoding: bytes = b"") -> None:
        self._pieces: list[bytes] = []
        self._room = room
        self.encoding = encoding
        self.cut = False
        self.whole = False

    def add(self, piece: bytes, last: bool) -> None:
        """Keep a piece."""
        self.whole = self.whole or last
        if len(piece) > self._room:
            self.cut = True
            piece = piece[: self._room]
        if piece:
            self._room -= len(piece)
            self._pieces.append(bytes(piece))

    @property
    def size(self) -> int:
        """Bytes kept."""
        return sum(map(len, self._pieces))

    def text(self, most: int) -> str:
        """As text, inflated up to ``most`` bytes when it is gzip or deflate. Raises Skip for other encodings.

        JSON is taken as it is, whatever its client says of its encoding, since servers do not look at that of a
        request; and in UTF-16 or UTF-32 too, which they take.
        """
        content = b"".join(self._pieces)
        encoding = self.encoding.strip().lower()
        if encoding not in (b"", b"identity") and self._is_json(content):
            encoding = b""
        if encoding in (b"gzip", b"x-gzip", b"deflate"):
            content = self._inflated(content, most)
        elif encoding not in (b"", b"identity"):
            raise Skip
        return content.decode(json.detect_encoding(content), "replace")

    def _inflated(self, content: bytes, most: int) -> bytes:
        """Of gzip all members, as servers inflate it: what is asked may stand behind an empty one. ``deflate`` is
        zlib's form, or by the custom of some senders none at all.
        """
        found = bytearray()
        # What begins like neither gzip nor zlib is bare.
        zlibs = content[:1] and content[0] & 15 == 8 and int.from_bytes(content[:2], "big") % 31 == 0
        bits = 47 if zlibs or content[:2] == b"\x1f\x8b" else -15
        for _ in range(_MOST_MEMBERS):
            inflater = zlib.decompressobj(bits)
            try:
                found += inflater.decompress(content, most - len(found))
            except zlib.error:
                if not found:
                    raise Skip from None
                return bytes(found)
            content = inflater.unused_data if bits == 47 else b""
            self.cut = self.cut or bool(inflater.unconsumed_tail)
            if not content:
                return bytes(found)
            if len(found) >= most:
                break
        self.cut = True
        return bytes(found)

    def _is_json(self, content: bytes) -> bool:
        if not _begins_like_json(content):
            return False
        try:
            json.loads(content)
        except RecursionError:
            return True
        except ValueError:
            # What is packed may begin so by chance, and is no text then; cut JSON still is.
            return self.cut and content[:256].isascii() and b"\0" not in content[:256]
        return True


def _begins_like_json(content: bytes) -> bool:
    return content.lstrip(_BEFORE_JSON)[:1] in (b"{", b"[")


@dataclass
class Exchange:
    """Request and answer of one call."""

    known: Mapping[str, str]
    ident: str
    trace_id: str
    reader: Reader | None
    max_event_bytes: int
    asked: Body
    answered: Body
    time: float = field(default_factory=time.time)
    status: int = 0
    kind: str = ""
    failed: bool = False
    unwanted: bool = False
    #: It is not said to be JSON. Servers take it all the same, so its beginning decides, once it has come.
    sought: bool = False
    #: It could not be looked at, for an error of ours or a server that keeps to no rules.
    broken: bool = False

    @property
    def size(self) -> int:
        """Bytes that it takes in the buffer."""
        return self.asked.size + self.answered.size + 200

    def hear(self, piece: bytes, last: bool) -> None:
        """A piece of the request."""
        if self.sought and piece.lstrip(_BEFORE_JSON):
            self.sought = False
            self.unwanted = not _begins_like_json(piece)
        if not self.unwanted:
            self.asked.add(piece, last)

    def build(self) -> Event:
        """The event. Raises Skip when there is nothing to judge."""
        most = 4 * self.max_event_bytes
        refused = self.status >= 400 or self.status == 0
        failed = self.failed or refused
        # A stream that fails in its middle, or whose client hangs up, has said what it said until then.
        silent = refused or (failed and not self.answered.size)
        question = _readable(self.asked, most)
        answer = None if silent else _readable(self.answered, most)
        if question is None and answer is None:
            raise Skip
        # Half of what was said is told: nobody goes unseen by asking for an answer that is packed unknown to us.
        unread = question is None or (answer is None and not silent)
        request = None if question is None else _json_or_text(question)
        if self.reader is not None:
            facts = self._by_reader(request, answer, failed)
        else:
            facts = self._by_shape(request, answer, failed)
        facts.setdefault("id", self.ident or None)
        for name, value in {**self.known, "trace_id": self.trace_id}.items():
            if value and not facts.get(name):
                facts[name] = value
        cut = unread or self.asked.cut or self.answered.cut or not (silent or self.answered.whole)
        facts["truncated"] = facts.get("truncated") is True or cut
        if facts.get("input") is None and facts.get("output") is None:
            raise Skip
        return build_event(Facts(**facts), self.time, self.max_event_bytes)

    def _by_reader(self, request: object, answer: str | None, failed: bool) -> dict[str, object]:
        assert self.reader is not None
        try:
            told = self.reader(request, None if answer is None else _json_or_text(answer))
        except Exception:
            if answer is None or not self.failed:
                raise
            # The beginning of an answer is not always what a reader knows; the question is told all the same.
            told = self.reader(request, None)
        if told is None:
            raise Skip
        return {"failed": failed, **{name: value for name, value in told.items() if name in _FACTS}}

    def _by_shape(self, request: object, text: str | None, failed: bool) -> dict[str, object]:
        facts: dict[str, object] = {"failed": failed}
        if isinstance(request, dict):
            facts["model"] = request.get("model")
            facts["input"] = request_input(request)
            facts["context"] = request_context(request)
        if facts.get("input") is None:
            given_text, facts["truncated"] = gathered_text(request, self.max_event_bytes)
            facts["input"] = given_text or None
        if text is None:
            return facts
        answer = self._answer(text)
        given = facts["input"]
        if answer.pop("own_form", False) and isinstance(request, dict) and isinstance(given, dict):
            # A server of a form of its own reads fields of its own: nobody hides them behind a field of OpenAI's.
            beside = {name: value for name, value in request.items() if name not in _OPENAI_FIELDS}
            text, cut = gathered_text(beside, self.max_event_bytes)
            facts["truncated"] = cut
            messages = given["messages"]
            if text and isinstance(messages, Conversation):
                messages.add([{"role": "user", "content": text}])
        for name in ("failed", "truncated"):
            facts[name] = facts.get(name) is True or answer.get(name) is True
        facts["output"] = answer["output"]
        return facts

    def _answer(self, text: str) -> dict[str, object]:
        if self.kind == "text/event-stream" or text.startswith(("data:", "event:", "id:", ":")):
            return self._stream(text)
        answer = _json_or_text(text)
        output = answer_output(answer) if isinstance(answer, dict) else None
        if output is not None:
            return {"output": output}
        gathered, cut = gathered_text(answer, self.max_event_bytes)
        return {"output": gathered or None, "truncated": cut, "own_form": True}

    def _stream(self, text: str) -> dict[str, object]:
        """Server-sent events: OpenAI's chunks, or plain texts."""
        pieces = Pieces(self.max_event_bytes)
        plain: list[str] = []
        room = self.max_event_bytes
        cut = False
        for data in _sse_data(text):
            chunk = _json_or_text(data)
            if isinstance(chunk, dict):
                pieces.add(chunk)
            if pieces.is_empty and data.strip() != "[DONE]":
                gathered, is_cut = gathered_text(chunk, room)
                plain.append(gathered)
                room -= len(gathered)
                cut = cut or is_cut
        own_form = pieces.is_empty
        output: object = ("".join(plain) or None) if own_form else pieces.output()
        truncated = pieces.cut or (own_form and cut)
        return {"output": output, "failed": pieces.failed, "truncated": truncated, "own_form": own_form}


def _readable(body: Body, most: int) -> str | None:
    """A body as text; None when it is packed unknown to us."""
    try:
        return body.text(most)
    except Skip:
        return None


def _json_or_text(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _sse_data(text: str) -> list[str]:
    """The data of each event; several data lines of one event are joined by a line feed."""
    events: list[str] = []
    lines: list[str] = []
    for line in [*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]:
        if line.startswith("data:"):
            lines.append(line[5:].removeprefix(" "))
        elif not line and lines:
            events.append("\n".join(lines))
            lines = []
    return events
