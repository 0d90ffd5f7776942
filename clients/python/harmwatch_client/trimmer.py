"""Texts and messages as the plain data that harmwatch's native event takes, within bounds, whatever the objects.

What comes out is made of new dictionaries, lists and strings alone: it does not change when the server goes on to
change its messages. Nothing here follows an object further than its shape is known: neither cycles nor depth matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from harmwatch_client.conversation import (
    LEFT_OUT,
    MAX_ENTRIES,
    MOST_MESSAGES,
    NOTHING,
    Conversation,
    Room,
    listed,
)
from harmwatch_client.json_text import json_text
from harmwatch_client.plain import Plain, Scalar, compact_json, field, name_of, scalar
from harmwatch_client.said import said

__all__ = ["Trimmer"]

#: Stands where a text was cut: what is before it is the beginning, what is behind it the end.
CUT_MARK = "\n…\n"
#: What each costs beside its texts: about the braces and names around it as JSON, and never nothing, since to look at
#: a thousand empty parts is work as well.
_MESSAGE = _PART = 32
_CALL = 64
_TEXT_PART = _PASSAGE = 16
_ABSENT = 4
#: Parts whose text is all that is said in them.
_TEXT_KINDS = frozenset({"text", "input_text", "output_text", "summary_text", "reasoning_text"})

Part = TypeVar("Part")


class Trimmer(Room):
    """Makes texts and messages plain within a number of characters, and remembers whether it had to cut.

    All that is looked at spends some of them, empty or not: work ends where the room does, whatever the shape.

    Parameters
    ----------
    room
        Characters that may still be spent. A text that is longer keeps two thirds of them from its beginning and one
        from its end: an attacker who fills the beginning, or the end, must not escape by it.
    """

    __slots__ = ("mended",)

    def __init__(self, room: int) -> None:
        super().__init__(room)
        self.mended = False

    def text(self, value: object) -> str:
        """A text; what is none is "", and noted."""
        if type(value) is not str:
            plain = scalar(value)
            if plain is None:
                self.mended = self.mended or value is not None
                return ""
            value = plain if isinstance(plain, str) else compact_json(plain)
        if len(value) > self.room:
            value = self._from_both_ends(value, value)
        self.room -= len(value)
        return value

    def _from_both_ends(self, beginning: str, ending: str) -> str:
        self.cut = True
        kept = max(self.room - len(CUT_MARK), 0)
        end = kept // 3
        if kept < 3:
            return beginning[: self.room]
        return beginning[: kept - end] + CUT_MARK + ending[max(len(ending) - end, 0) :]

    def messages(self, messages: Sequence[object] | Conversation) -> list[Plain]:
        """A conversation. Where it does not fit the latest messages are kept: earlier calls told the earlier ones."""
        kept: list[Plain] = []
        for message in messages.latest_first(self) if isinstance(messages, Conversation) else reversed(messages):
            if self.room <= 0 or len(kept) >= MOST_MESSAGES:
                self.cut = True
                break
            if message is NOTHING:
                self.spend(_ABSENT)
                continue
            self.spend(_MESSAGE)
            if message is LEFT_OUT:
                self.cut = True
            else:
                plain = self._tried(message)
                if plain is not None:
                    kept.append(plain)
        kept.reverse()
        return kept

    def passages(self, passages: object) -> list[str]:
        """Texts given to the model beside its input."""
        if isinstance(passages, (str, bytes)):
            passages = [passages]
        found = listed(passages, MAX_ENTRIES)
        if found is None:
            if passages is not None:
                self.cut = self.mended = True
            return []
        return [text for text in self._each(found, self._passage) if text]

    def _passage(self, passage: object) -> str:
        self.spend(_PASSAGE)
        text = _passage_text(passage)
        return self.text(text) if text is None or scalar(text) is not None else self._said(text)

    def row(self, given: object, limit: int | None = None) -> dict[str, Scalar]:
        """A flat row of features, or of attributes: with ``limit`` texts are cut to it, and empty entries left out."""
        if not isinstance(given, Mapping):
            self.mended = self.mended or given is not None
            return {}
        row: dict[str, Scalar] = {}
        for number, (key, value) in enumerate(islice(given.items(), MAX_ENTRIES + 1)):
            if number >= MAX_ENTRIES or not self.spend(8):
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
            self._spend_text(name)
            if limit is not None and isinstance(plain, str):
                self._spend_text(plain)
        return row

    def _spend_text(self, text: str) -> str:
        """A name, which is short and not cut."""
        length = len(text)
        self.room = self.room - length if self.room > length else 0
        return text

    def _each(self, parts: Sequence[object], told: Callable[[object], Part]) -> list[Part]:
        """The parts of one message, as many as there is room for."""
        found: list[Part] = []
        for part in parts:
            if part is LEFT_OUT:
                self.cut = True
                continue
            if len(found) >= MAX_ENTRIES or self.room <= 0:
                self.cut = True
                break
            found.append(told(part))
        return found

    # ------------------------------------------------------------ messages

    def _tried(self, message: object) -> Plain | None:
        try:
            return self._message(message)
        except Exception:
            # It raises when it is looked at; the other messages are told all the same.
            self.cut = self.mended = True
            return None

    def _message(self, message: object) -> Plain | None:
        if isinstance(message, str):
            return {"content": self.text(message)}
        if isinstance(message, (tuple, list)) and len(message) == 2 and isinstance(message[0], str):
            return {"role": self._spend_text(name_of(message[0])), "content": self._content(message[1])}
        role = field(message, "role")
        if role is None and not isinstance(message, Mapping):
            role = field(message, "type")  # LangChain's messages
        plain: Plain = {}
        if role is not None:
            plain["role"] = self._spend_text(name_of(role))
        for key in ("reasoning_content", "reasoning"):
            thought = field(message, key)
            text = self._said(thought) if thought is not None else ""
            if text:
                plain[key] = text
                break
        content = field(message, "content")
        if content is not None:
            plain["content"] = self._content(content)
        refusal = field(message, "refusal")
        if refusal is not None:
            plain["refusal"] = self._said(refusal)
        transcript = field(field(message, "audio"), "transcript")
        if isinstance(transcript, str):
            plain["audio"] = {"transcript": self.text(transcript)}
        given = field(message, "tool_calls")
        calls = None if given is None else listed(given, MAX_ENTRIES)
        if calls:
            plain["tool_calls"] = self._each(calls, self._call)
        elif calls is None and isinstance(given, Iterable):
            self.cut = True  # to look at it would be to use it up, or it is of no known shape
        elif field(message, "function_call") is not None:
            plain["tool_calls"] = [self._call({"function": field(message, "function_call")})]
        if not plain or (len(plain) == 1 and role is not None):
            text = self._said(message)  # it stands elsewhere
            if text:
                plain["content"] = text
        if not plain:
            self.mended = True
            return None
        return plain

    def _content(self, content: object, depth: int = 0) -> object:
        if isinstance(content, str):
            return self.text(content)
        if isinstance(content, Mapping):
            return [self._part(content, depth)]
        parts = listed(content, MAX_ENTRIES)
        if parts is not None:
            return self._each(parts, lambda part: self._part(part, depth))
        if content is not None and scalar(content) is None:
            # An iterator, which to look at would be to use up, or a thing of no known shape.
            self.cut = self.mended = True
            return ""
        return self.text(content)

    def _part(self, part: object, depth: int) -> object:
        """A part of a message with what is judged of it: pictures, sound and files stay where they are."""
        if part is None or isinstance(part, str):
            self.spend(_TEXT_PART)
            return self.text(part)
        self.spend(_PART)
        kind = name_of(field(part, "type")) or "text"
        if kind in ("refusal", "thinking"):
            return {"type": kind, kind: self._said(field(part, kind))}
        # Each server's tools have results of a type of their own: mcp_tool_result, web_search_tool_result.
        if kind.endswith("tool_use") and field(part, "input") is not None:
            return {"type": "tool_use", "input": self._arguments(field(part, "input"))}
        if kind.endswith("tool_result") and field(part, "content") is not None:
            inner = field(part, "content")
            if depth >= 4:
                self.cut = self.cut or bool(inner)
                return {"type": "tool_result", "content": ""}
            return {"type": "tool_result", "content": self._content(inner, depth + 1)}
        if kind in _TEXT_KINDS:
            text = field(part, "text")
            if isinstance(text, Mapping):
                text = text.get("value")
            if text is None:
                text = field(part, "content")
            if isinstance(text, str):
                return {"type": "text", "text": self.text(text)}
        text = self._said(part)
        return {"type": "text", "text": text} if text else {"type": self._spend_text(kind), "text": ""}

    def _said(self, value: object) -> str:
        """What is said in something of no known shape."""
        return self.text(value if isinstance(value, str) else said(value, self))

    def _call(self, call: object) -> Plain:
        self.spend(_CALL)
        function = field(call, "function")
        if function is None:
            function = field(call, "custom") or {}
        arguments = field(function, "arguments")
        if arguments is None:
            arguments = field(function, "input")
        name = self._spend_text(name_of(field(function, "name")))
        # Where neither is, what it is called with stands elsewhere in it.
        told = self._said(call) if arguments is None else self._arguments(arguments)
        return {"type": "function", "function": {"name": name, "arguments": told}}

    def _arguments(self, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return self.text(value)
        try:
            found = json_text(value, self.room)
        except Exception:
            # It raises when it is looked at; the rest of the message is told all the same.
            self.cut = self.mended = True
            return ""
        self.mended = self.mended or found.is_mended
        self.cut = self.cut or found.is_lost
        whole = found.end is None
        text = self.text(found.beginning if whole else self._from_both_ends(found.beginning, found.end or ""))
        self.room = max(self.room - found.cost, 0)
        return text


def _passage_text(passage: object) -> object:
    """The text of a passage as retrievers give it: a string, or something that has one (LangChain, LlamaIndex)."""
    if isinstance(passage, str):
        return passage
    for name in ("text", "page_content", "content"):
        text = field(passage, name)
        if isinstance(text, str):
            return text
    return passage
