"""Items of OpenAI's Responses API: messages, calls of tools and their outputs, reasoning. Pure functions.

Source: OpenAI API reference (responses), and what Ollama reads of it.
"""

from __future__ import annotations

import re
from typing import Final

from agent.errors import DecodeError
from agent.events import Role, TextPart
from streams.formats.base import as_list
from streams.formats.go_names import PLAIN
from streams.formats.messages import add_message, add_text, argument_text, as_go_reads, content_parts
from streams.formats.said import said

__all__ = ["add_items"]

#: Of an item that calls a tool, where what it is called with stands.
_GIVEN: Final = ("arguments", "input", "code")
#: What came of a call, where it stands beside it.
_RESULTS: Final = ("output", "outputs", "results", "error")
#: All that items of messages consist of: their own names are no others'.
_OF_A_MESSAGE: Final = PLAIN | {"id", "status", "type"}
#: What OpenAI gives away of a model's thoughts, and nobody can read. Ollama's own are plain, and it takes them back.
_SEALED: Final = re.compile(r"[A-Za-z0-9+/=]*|[A-Za-z0-9+/=_.:;-]{64,}")


def add_items(parts: list[TextPart], items: object, default: Role, path: str) -> None:
    """The texts of an ``input`` or ``output``: a string, or a list of items.

    Raises
    ------
    DecodeError
        ``wrong_type`` for what is neither, and for an item that no server takes.
    """
    if items is None or isinstance(items, str):
        add_text(parts, items, default, path)
        return
    for number, item in enumerate(as_list(items, path)):
        where = f"{path}[{number}]"
        if isinstance(item, str):
            add_text(parts, item, default, where)
        elif isinstance(item, dict):
            _add_item(parts, item, default, where)
        elif isinstance(item, list):  # batches of token ids; texts in them are read by LocalAI
            add_text(parts, said(item), default, where)
        elif not isinstance(item, int):  # a token id holds no text
            raise DecodeError("wrong_type", where)


def _add_item(parts: list[TextPart], item: dict[str, object], default: Role, path: str) -> None:
    if item.get("type", "message") == "message" and item.keys() <= _OF_A_MESSAGE:
        add_message(parts, item, default, path)
    else:
        as_go_reads(parts, item, lambda into, view: _add_as_it_is(into, view, default, path))


def _add_as_it_is(parts: list[TextPart], item: dict[str, object], default: Role, path: str) -> None:
    kind = item.get("type", "message")
    if kind == "message" and (item.get("content") is not None or "role" in item):
        add_message(parts, item, default, path)
    elif kind == "message":  # of embeddings: SGLang, Jina
        content_parts(parts, item.get("text"), default, f"{path}.text")
    elif kind in ("function_call_output", "custom_tool_call_output"):
        content_parts(parts, item.get("output"), "tool", f"{path}.output", "tool_result")
    elif kind == "reasoning":
        for key in ("summary", "content"):
            content_parts(parts, item.get(key), "assistant", f"{path}.{key}", "reasoning")
        sealed = item.get("encrypted_content")
        if isinstance(sealed, str) and not _SEALED.fullmatch(sealed):
            add_text(parts, sealed, "assistant", f"{path}.encrypted_content", "reasoning")
    else:
        _add_other(parts, item, kind, default, path)


def _add_other(parts: list[TextPart], item: dict[str, object], kind: object, default: Role, path: str) -> None:
    """A call of a tool and what came of it, or an item of a type that is not known."""
    named = kind if isinstance(kind, str) else ""
    if named.endswith("_output"):
        add_text(parts, said(item), "tool", path, "tool_result")
    elif not named.endswith("_call"):
        add_text(parts, said(item), default, path)
    else:
        given = next((argument_text(item[name]) for name in _GIVEN if item.get(name) is not None), None)
        if given is None:
            given = said({name: value for name, value in item.items() if name not in _RESULTS})
        add_text(parts, given, "assistant", path, "tool_arguments")
        # What a search of files found are passages, of `response_passages`.
        results = {name: item[name] for name in _RESULTS if name in item and named != "file_search_call"}
        add_text(parts, said(results), "tool", path, "tool_result")
