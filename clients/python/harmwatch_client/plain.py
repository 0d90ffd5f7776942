"""Any Python object as the plain data that harmwatch's native event takes, within bounds, whatever the object.

What comes out is made of new dictionaries, lists and strings alone: it does not change when the server goes on to
change its messages. Nothing here follows an object further than its shape is known: neither cycles nor depth matter.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import TypeAlias
from uuid import UUID

__all__ = ["MAX_ID", "MAX_NAME", "Plain", "Scalar", "Trimmer", "compact_json", "field", "name_of", "number", "scalar"]

#: Bounds of the native event, in characters.
MAX_NAME = 256
MAX_ID = 512
#: Most entries of attributes, features or context, and most parts of one message.
MAX_ENTRIES = 1000
#: Stands where a text was cut: what is before it is the beginning, what is behind it the end.
CUT_MARK = "\n…\n"

Scalar: TypeAlias = "str | int | float | bool | None"
Plain: TypeAlias = "dict[str, object]"

_LARGEST_INT = 2**63 - 1

compact_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False).encode


def field(holder: object, name: str) -> object:
    """An entry of a mapping or an attribute of an object (as the openai package has them); None when absent."""
    if type(holder) is dict:
        return holder.get(name)
    try:
        if isinstance(holder, Mapping):
            return holder.get(name)
        return getattr(holder, name, None)
    except Exception:
        return None


def scalar(value: object) -> Scalar:
    """A JSON scalar that harmwatch takes, or None where there is none: NaN is none, a huge integer is its digits."""
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is str:
        return value  # type: ignore[return-value]
    if kind is float:
        return value if math.isfinite(value) else None  # type: ignore[return-value, arg-type]
    if kind is int:
        return value if -_LARGEST_INT <= value <= _LARGEST_INT else _digits(value)  # type: ignore[return-value, operator, arg-type]
    try:
        return _odd_scalar(value)
    except Exception:
        # Properties of strange objects may raise anything.
        return None


def _digits(value: int) -> str:
    # Writing out more digits costs the square of their number; harmwatch takes 256 bits.
    return str(value) if value.bit_length() <= 256 else "huge"


def _odd_scalar(value: object) -> Scalar:
    if isinstance(value, Enum):
        inner = value.value
        return None if isinstance(inner, Enum) else scalar(inner)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        return scalar(int.__int__(value))
    if isinstance(value, float):
        return scalar(float.__float__(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, (Decimal, UUID, datetime, date, time)):
        return str(value)
    if getattr(value, "ndim", None) == 0 or type(value).__module__ == "numpy":
        item = getattr(value, "item", None)
        inner = item() if callable(item) else None
        return scalar(inner) if type(inner) in (str, int, float, bool) else None
    return None


def number(value: object) -> float | None:
    """A finite float, or None."""
    plain = scalar(value)
    if plain is None or isinstance(plain, bool):
        return None
    try:
        result = float(plain)
    except ValueError:
        return None
    return result if math.isfinite(result) else None


def name_of(value: object, limit: int = MAX_NAME) -> str:
    """A name (of a model, a source, a group): text of at most ``limit`` characters, "" where there is none."""
    if type(value) is str and len(value) <= limit:
        return value
    plain = scalar(value)
    if plain is None:
        return ""
    text = plain if isinstance(plain, str) else compact_json(plain)
    return text if len(text) <= limit else text[: limit - 1] + "…"


class Trimmer:
    """Makes texts and messages plain within a number of characters, and remembers whether it had to cut.

    Parameters
    ----------
    room
        Characters that may still be spent. A text that is longer keeps two thirds of them from its beginning and one
        from its end: an attacker who fills the beginning, or the end, must not escape by it.
    """

    __slots__ = ("cut", "mended", "room")

    def __init__(self, room: int) -> None:
        self.room = room
        self.cut = False
        self.mended = False

    def text(self, value: object) -> str:
        """A text; what is none is "", and noted."""
        if type(value) is not str:
            plain = scalar(value)
            if plain is None:
                self.mended = self.mended or value is not None
                return ""
            value = plain if isinstance(plain, str) else compact_json(plain)
        length = len(value)
        if length > self.room:
            self.cut = True
            kept = max(self.room - len(CUT_MARK), 0)
            end = kept // 3
            value = value[: kept - end] + CUT_MARK + value[length - end :] if kept >= 3 else value[: self.room]
        self.room -= len(value)
        return value

    def messages(self, messages: Sequence[object]) -> list[Plain]:
        """A conversation. Where it does not fit the latest messages are kept: earlier calls told the earlier ones."""
        kept: list[Plain] = []
        for message in reversed(messages):
            if self.room <= 0 or len(kept) >= 10 * MAX_ENTRIES:
                self.cut = True
                break
            plain = self._tried(message)
            if plain is not None:
                kept.append(plain)
            self.room -= 16  # the braces and names around it
        kept.reverse()
        return kept

    def passages(self, passages: object) -> list[str]:
        """Texts given to the model beside its input."""
        if isinstance(passages, (str, bytes)):
            passages = [passages]
        if not isinstance(passages, (list, tuple)):
            self.mended = self.mended or passages is not None
            return []
        texts: list[str] = []
        for passage in passages:
            if self.room <= 0 or len(texts) >= MAX_ENTRIES:
                self.cut = True
                break
            text = self.text(_passage_text(passage))
            if text:
                texts.append(text)
        return texts

    def row(self, given: object, limit: int | None = None) -> dict[str, Scalar]:
        """A flat row of features, or of attributes: with ``limit`` texts are cut to it, and empty entries left out."""
        if not isinstance(given, Mapping):
            self.mended = self.mended or given is not None
            return {}
        row: dict[str, Scalar] = {}
        for key, value in islice(given.items(), MAX_ENTRIES + 1):
            if len(row) >= MAX_ENTRIES or self.room <= 0:
                self.cut = True
                break
            plain = scalar(value)
            self.mended = self.mended or (plain is None and value is not None)
            if limit is not None:
                if plain is None:
                    continue
                plain = name_of(plain, limit) if isinstance(plain, str) else plain
            elif isinstance(plain, str):
                plain = self.text(plain)
            name = name_of(key)
            row[name] = plain
            self.room -= 8 + len(name) + (len(plain) if limit is not None and isinstance(plain, str) else 0)
        return row

    # ------------------------------------------------------------ messages

    def _tried(self, message: object) -> Plain | None:
        try:
            return self._message(message)
        except Exception:
            # It raises when it is looked at; the other messages are told all the same.
            self.mended = True
            return None

    def _message(self, message: object) -> Plain | None:
        if isinstance(message, str):
            return {"content": self.text(message)}
        if isinstance(message, (tuple, list)) and len(message) == 2 and isinstance(message[0], str):
            return {"role": name_of(message[0]), "content": self._content(message[1])}
        role = field(message, "role")
        if role is None and not isinstance(message, Mapping):
            role = field(message, "type")  # LangChain's messages
        plain: Plain = {}
        if role is not None:
            plain["role"] = name_of(role)
        for key in ("reasoning_content", "reasoning"):
            thought = field(message, key)
            if isinstance(thought, str) and thought:
                plain[key] = self.text(thought)
                break
        content = field(message, "content")
        if content is not None:
            plain["content"] = self._content(content)
        refusal = field(message, "refusal")
        if isinstance(refusal, str):
            plain["refusal"] = self.text(refusal)
        transcript = field(field(message, "audio"), "transcript")
        if isinstance(transcript, str):
            plain["audio"] = {"transcript": self.text(transcript)}
        calls = field(message, "tool_calls")
        if isinstance(calls, (list, tuple)) and calls:
            self.cut = self.cut or len(calls) > MAX_ENTRIES
            plain["tool_calls"] = [self._call(call) for call in calls[:MAX_ENTRIES]]
        elif field(message, "function_call") is not None:
            plain["tool_calls"] = [self._call({"function": field(message, "function_call")})]
        if not plain:
            self.mended = True
            return None
        return plain

    def _content(self, content: object, depth: int = 0) -> object:
        if isinstance(content, Mapping):
            return [self._part(content, depth)]
        if isinstance(content, (list, tuple)):
            if len(content) > MAX_ENTRIES:
                self.cut = True
            return [self._part(part, depth) for part in content[:MAX_ENTRIES]]
        return self.text(content)

    def _part(self, part: object, depth: int) -> object:
        """A part of a message with what is judged of it: pictures, sound and files stay where they are."""
        if part is None or isinstance(part, str):
            return self.text(part)
        kind = name_of(field(part, "type")) or "text"
        if kind in ("refusal", "thinking"):
            return {"type": kind, kind: self.text(field(part, kind))}
        if kind == "tool_use":
            return {"type": kind, "input": self._arguments(field(part, "input"))}
        if kind == "tool_result":
            inner = self._content(field(part, "content"), depth + 1) if depth < 4 else ""
            return {"type": kind, "content": inner}
        text = field(part, "text")
        if isinstance(text, Mapping):
            text = text.get("value")
        if text is None:
            text = field(part, "content") if isinstance(field(part, "content"), str) else None
        return {"type": "text", "text": self.text(text)} if isinstance(text, str) else {"type": kind, "text": ""}

    def _call(self, call: object) -> Plain:
        function = field(call, "function")
        if function is None:
            function = field(call, "custom") or {}
        arguments = field(function, "arguments")
        if arguments is None:
            arguments = field(function, "input")
        return {
            "type": "function",
            "function": {"name": name_of(field(function, "name")), "arguments": self._arguments(arguments)},
        }

    def _arguments(self, value: object) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            try:
                value = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            except (TypeError, ValueError, RecursionError):
                self.mended = True
                return ""
        return self.text(value)


def _passage_text(passage: object) -> object:
    """The text of a passage as retrievers give it: a string, or something that has one (LangChain, LlamaIndex)."""
    if isinstance(passage, str):
        return passage
    for name in ("text", "page_content", "content"):
        text = field(passage, name)
        if isinstance(text, str):
            return text
    return passage
