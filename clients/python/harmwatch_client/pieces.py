"""Streamed answers put together again: chat chunks, legacy completions, the Responses API, Anthropic's events, TGI."""

from __future__ import annotations

from harmwatch_client.conversation import Room
from harmwatch_client.plain import Plain, field
from harmwatch_client.said import said
from harmwatch_client.shapes import answer_output

__all__ = ["Pieces"]

#: Most pieces of an answer that are kept apart: choices, and tool calls in them.
_MOST_KEYS = 1000
_TEXT_KEYS = ("content", "reasoning_content", "reasoning", "refusal")
_RESPONSE_KINDS = {
    "response.output_text.delta": "content",
    "response.refusal.delta": "refusal",
    "response.reasoning_text.delta": "reasoning_content",
    "response.reasoning_summary_text.delta": "reasoning_content",
    "response.function_call_arguments.delta": "call",
}
_ENDS = ("response.completed", "response.incomplete", "response.failed")
_BLOCK_KINDS = (("text", "content"), ("thinking", "reasoning_content"), ("partial_json", "call"))


class Pieces:
    """Chunks in, one output out. Memory is bounded by ``most_characters``; what comes after them is cut.

    Attributes
    ----------
    model
        As the chunks name it; "" when they do not.
    failed
        The stream says that the call failed.
    """

    def __init__(self, most_characters: int) -> None:
        self.model = ""
        self.cut = False
        self.failed = False
        self._room = most_characters
        #: Choices and calls of tools that may still be looked at, beside the first of each chunk.
        self._looks = max(most_characters // 16, _MOST_KEYS)
        self._texts: dict[tuple[int, str, int], list[str]] = {}
        self._whole: Plain | None = None

    def add(self, chunk: object) -> None:
        """One chunk, a mapping or an object. What has no known shape is passed over."""
        model = field(chunk, "model")
        if isinstance(model, str) and model:
            self.model = model
        choices = field(chunk, "choices")
        if isinstance(choices, (list, tuple)):
            for number, choice in enumerate(choices):
                if not self._may_look(number):
                    break
                self._choice(choice, number)
            return
        kind = field(chunk, "type")
        if isinstance(kind, str):
            self._event(kind, chunk)
        elif field(chunk, "error") is not None:
            self.failed = True
        token = field(field(chunk, "token"), "text")
        if isinstance(token, str) and not field(field(chunk, "token"), "special"):
            self._add((0, "content", 0), token)

    @property
    def is_empty(self) -> bool:
        """Whether no piece of an output has come."""
        return self._whole is None and not self._texts

    def output(self) -> Plain | None:
        """The output half, None when no piece of one came."""
        if self._whole is not None:
            return self._whole
        messages: dict[int, Plain] = {}
        for (choice, kind, _), pieces in sorted(self._texts.items()):
            message = messages.setdefault(choice, {"role": "assistant"})
            text = "".join(pieces)
            if kind == "call":
                calls = message.setdefault("tool_calls", [])
                assert isinstance(calls, list)
                calls.append({"function": {"arguments": text}})
            else:
                message[kind] = text
        return {"messages": list(messages.values())} if messages else None

    def _may_look(self, number: int) -> bool:
        """Before what is empty as well: to look at it is work, and an answer holds few."""
        self._looks -= number > 0
        self.cut = self.cut or self._looks < 0
        return self._looks >= 0

    def _choice(self, choice: object, number: int) -> None:
        index = _index(field(choice, "index"), number)
        delta = field(choice, "delta")
        if delta is None:
            self._add((index, "content", 0), field(choice, "text"))
            return
        for kind in _TEXT_KEYS:
            self._add((index, kind, 0), field(delta, kind))
        calls = field(delta, "tool_calls")
        if isinstance(calls, (list, tuple)):
            for place, call in enumerate(calls):
                if not self._may_look(place):
                    break
                key = (index, "call", _index(field(call, "index"), place))
                self._add(key, field(field(call, "function"), "arguments"))
        self._add((index, "call", 0), field(field(delta, "function_call"), "arguments"))

    def _event(self, kind: str, chunk: object) -> None:
        if kind in _RESPONSE_KINDS:
            self._add((_index(field(chunk, "output_index"), 0), _RESPONSE_KINDS[kind], 0), field(chunk, "delta"))
        elif kind in _ENDS:
            response = field(chunk, "response")
            model = field(response, "model")
            self.model = model if isinstance(model, str) else self.model
            self.failed = self.failed or kind == "response.failed"
            output = answer_output(response)
            if output is not None and output["messages"]:
                self._whole = output
        elif kind == "content_block_start":
            # Results of a server's tools come whole, with no deltas behind; other blocks begin with some text, or none.
            self._add((0, "content", 0), self._said(field(chunk, "content_block")))
        elif kind == "content_block_delta":
            delta = field(chunk, "delta")
            for name, stored in _BLOCK_KINDS:
                place = _index(field(chunk, "index"), 0) if stored == "call" else 0
                self._add((0, stored, place), field(delta, name))
        elif kind == "message_start":
            model = field(field(chunk, "message"), "model")
            self.model = model if isinstance(model, str) else self.model
        elif kind == "error":
            self.failed = True

    def _said(self, piece: object) -> str:
        """A piece of an answer as text: some servers stream lists of parts (Mistral's thoughts)."""
        if piece is None or isinstance(piece, str):
            return piece or ""
        room = Room(self._room)
        text = said(piece, room)
        self.cut = self.cut or room.cut
        return text

    def _add(self, key: tuple[int, str, int], piece: object) -> None:
        piece = self._said(piece)
        if not piece:
            return
        if self._room < len(piece) or (key not in self._texts and len(self._texts) >= _MOST_KEYS):
            self.cut = True
            if self._room <= 0 or key not in self._texts:
                return
            piece = piece[: self._room]
        self._room -= len(piece)
        self._texts.setdefault(key, []).append(piece)


def _index(value: object, default: int) -> int:
    return value if isinstance(value, int) and 0 <= value < 1_000_000 else default
