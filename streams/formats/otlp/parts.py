"""The parts of a message by the GenAI conventions: what is said there is read, whatever its type is called.

Source: open-telemetry/semantic-conventions-genai ``gen-ai-input-messages.json`` and ``gen-ai-output-messages.json``,
whose parts are text, tool_call, tool_call_response, server_tool_call, server_tool_call_response, reasoning, blob, file,
uri, and a generic one: any object with a type. Instrumentations also write their provider's own types.
"""

from __future__ import annotations

from typing import Final

from agent.events import PartKind, Role, TextPart
from streams.formats.base import as_list, as_object
from streams.formats.messages import add_text, argument_text

__all__ = ["add_parts"]

#: Of a type, where its text stands, the first that is there, and what kind of text it is. None: of the message.
_KNOWN: Final[dict[str, tuple[tuple[str, ...], PartKind | None]]] = {
    "text": (("content", "text"), None),
    "reasoning": (("content", "text"), "reasoning"),
    "thinking": (("content", "thinking", "text"), "reasoning"),
    "refusal": (("content", "refusal", "text"), "refusal"),
    "tool_call": (("arguments",), "tool_arguments"),
    "function_call": (("arguments", "args"), "tool_arguments"),
    "tool_use": (("input",), "tool_arguments"),
    "server_tool_call": (("server_tool_call", "arguments"), "tool_arguments"),
    "tool_call_response": (("response", "result"), "tool_result"),
    "tool_result": (("content",), "tool_result"),
    "server_tool_call_response": (("server_tool_call_response", "response", "result"), "tool_result"),
}
#: Pictures, sounds and files: bytes and addresses are no text. What was written beside them, or down from them, is.
_BINARY: Final = frozenset({
    "blob", "file", "uri", "image", "audio", "video", "document", "image_url", "input_image", "input_audio",
    "input_file", "output_audio", "redacted_thinking",
})  # fmt: skip
_BESIDE: Final = ("text", "transcript")
#: What says which part it is and of what kind, and nothing else.
_NAMES: Final = frozenset({"type", "id", "name", "index", "mime_type", "modality"})


def add_parts(parts: list[TextPart], listed: object, role: Role, path: str, choice: int) -> None:
    """Append the texts of a message's ``parts``, one of each part that has any.

    Raises
    ------
    DecodeError
        ``wrong_type`` for what is no list of parts.
    """
    own: PartKind = "tool_result" if role == "tool" else "text"
    if isinstance(listed, str):
        add_text(parts, listed, role, path, "text", choice)
        return
    for number, part in enumerate(as_list(listed, path)):
        where = f"{path}[{number}]"
        if part is None or isinstance(part, str):
            add_text(parts, part, role, where, own, choice)
            continue
        part = as_object(part, where)
        named = part.get("type")
        if named == "text" and isinstance(part.get("content"), str):  # nearly all of them
            add_text(parts, part["content"], role, where, own, choice)
            continue
        type_of_part = named if isinstance(named, str) else ""
        if type_of_part in _BINARY:
            text = "\n".join(value for key in _BESIDE if isinstance(value := part.get(key), str))
            add_text(parts, text, role, where, own, choice)
            continue
        keys, kind = _KNOWN.get(type_of_part, ((), None))
        value = next((part[key] for key in keys if part.get(key) is not None), None)
        # Of an unknown type, or not where its type has it: whatever is there.
        text = _all_said(part) if value is None else argument_text(value)
        add_text(parts, text, "tool" if kind == "tool_result" else role, where, kind or own, choice)


def _all_said(part: dict[str, object]) -> str:
    """All strings of a part in one text: no more of it than the part itself is long."""
    said = (value for key, value in part.items() if key not in _NAMES and isinstance(value, (str, list, dict)))
    return "\n".join(argument_text(value) for value in said if value)
