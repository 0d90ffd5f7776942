"""Names of fields in other letters, ``Prompt`` or ``CONTENT``: Go takes them for the name itself.

So do Ollama and LocalAI; other servers pass over them. So a request is read as both read it.

Source: the documentation of Go's encoding/json (``Unmarshal``: "preferring an exact match but also accepting a
case-insensitive match"); of two that match the later one counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["ASKED", "PLAIN", "has_odd_names", "odd_names", "views_of_go"]

#: Names under which something is asked, at the top of a request, in the order in which they are read.
ASKED: Final = (
    "instructions", "system", "template", "tool_prompt", "messages", "prompt", "inputs", "suffix", "input",
    "instruction", "query",
)  # fmt: skip
_ASKED: Final = frozenset(ASKED)
#: Names within a message, or an item of the Responses API.
_WITHIN: Final = frozenset({
    "arguments", "content", "encrypted_content", "function", "input", "output", "reasoning", "reasoning_content",
    "role", "summary", "text", "thinking", "tool_calls", "type",
})  # fmt: skip
#: Where lists of parts and calls stand.
_LISTS: Final = ("content", "tool_calls", "output", "summary")
#: All that most messages consist of. One with a text as its content has no odd names.
PLAIN: Final = frozenset({"content", "name", "reasoning", "reasoning_content", "refusal", "role", "tool_call_id"})
#: Message, list of parts, part, what it holds; message, list of calls, call, function.
_DEEPEST: Final = 6


def odd_names(fields: dict[str, object], known: frozenset[str] = _ASKED) -> Iterator[tuple[str, object]]:
    """Known names of one object in other letters, as they should be, with what they hold."""
    for key, value in fields.items():
        if key not in known and (name := key.casefold()) in known:
            yield name, value


def has_odd_names(message: dict[str, object]) -> bool:
    """Whether `views_of_go` differ from a message."""
    if any(True for _ in odd_names(message, _WITHIN)):
        return True
    inner = (value for key in _LISTS if isinstance(value := message.get(key), list))
    return any(isinstance(part, dict) and _has_odd_part(part) for parts in inner for part in parts)


def _has_odd_part(part: dict[str, object]) -> bool:
    function = part.get("function")
    return any(True for _ in odd_names(part, _WITHIN)) or (
        isinstance(function, dict) and any(True for _ in odd_names(function, _WITHIN))
    )


def views_of_go(message: dict[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """A message with the names that Go takes it to have: its own alone, and those within it too.

    What a field of no fixed type holds stays as it is until somebody reads it, and then names count as they stand.
    """
    return _renamed(message, _DEEPEST), _renamed(message, 0)


def _renamed(fields: dict[str, object], depth: int) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in fields.items():
        name = folded if (folded := key.casefold()) in _WITHIN else key
        if value is None and name in found:
            continue  # null leaves what was read before
        found[name] = _inside(value, depth + 1)
    return found


def _inside(value: object, depth: int) -> object:
    if depth > _DEEPEST:
        return value
    if isinstance(value, dict):
        return _renamed(value, depth)
    if isinstance(value, list):
        return [_inside(item, depth + 1) for item in value]
    return value
