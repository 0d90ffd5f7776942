"""The shapes of OpenAI-compatible requests and answers, as mappings (bodies) or objects (the openai package's).

What comes out is a half of an event that is not yet trimmed (`harmwatch_client.events` does that).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from harmwatch_client.conversation import LEFT_OUT, MAX_ENTRIES, Conversation, Room
from harmwatch_client.plain import Plain, field
from harmwatch_client.said import said

__all__ = ["answer_output", "gathered_text", "request_context", "request_input"]

#: Most strings that are gathered out of JSON of no known shape.
_MOST_STRINGS = 10_000


def request_input(body: Mapping[str, object]) -> Plain | None:
    """The input half of a request, None when it is none: chat, completions, responses, Anthropic's messages, TGI."""
    messages = Conversation()
    system = (body.get(key) for key in ("system", "instructions"))
    messages.add([{"role": "system", "content": content} for content in system if content])
    given = body.get("messages")
    if isinstance(given, (list, tuple)):
        messages.add(given)
    for key in ("prompt", "inputs"):
        prompt = body.get(key)
        messages.add(prompt if isinstance(prompt, (list, tuple)) else [prompt], _prompt)
    given = body.get("input")
    if isinstance(given, (list, tuple)):
        messages.add(given, _item)
    elif isinstance(given, str):
        messages.add([{"role": "user", "content": given}])
    return {"messages": messages} if messages else None


def request_context(body: Mapping[str, object]) -> list[object] | None:
    """Passages that travel with a request (vLLM's and Cohere's ``documents``); None when there are none."""
    extra = body.get("extra_body")
    for holder in (body, extra):
        documents = field(holder, "documents")
        if isinstance(documents, (list, tuple)) and documents:
            left_out = [LEFT_OUT] if len(documents) > MAX_ENTRIES else []
            return [*(_document_text(document) for document in documents[:MAX_ENTRIES]), *left_out]
    return None


def answer_output(body: object) -> Plain | None:
    """The output half of a whole answer; None when it is none. An answer without text gives no messages."""
    choices = field(body, "choices")
    messages = Conversation()
    if isinstance(choices, (list, tuple)):
        messages.add(choices, _choice)
        return {"messages": messages}
    output = field(body, "output")
    if field(body, "object") == "response" and isinstance(output, (list, tuple)):
        messages.add(output, _item)
        return {"messages": messages}
    content = field(body, "content")
    if field(body, "type") == "message" and isinstance(content, (list, tuple)):
        return {"messages": [{"role": "assistant", "content": content}]}
    generated = field(body, "generated_text")
    if isinstance(generated, str):
        return {"messages": [{"role": "assistant", "content": generated}]}
    return None


def gathered_text(document: object, most_characters: int) -> tuple[str, bool]:
    """All strings of a JSON document of no known shape, in order, one a line; names of fields are left out.

    True beside them: not all of it was looked at.
    """
    found: list[str] = []
    room = most_characters
    cut = False
    stack: list[Iterator[object]] = [iter((document,))]
    while stack:
        item = next(stack[-1], LEFT_OUT)
        if item is LEFT_OUT:
            stack.pop()
            continue
        if room <= 0 or len(found) >= _MOST_STRINGS:
            cut = True
            break
        if isinstance(item, str) and item:
            cut = cut or len(item) > room
            found.append(item[:room])
            room -= len(item)
        elif isinstance(item, dict):
            stack.append(iter(item.values()))
        elif isinstance(item, list):
            stack.append(iter(item))
        room -= 1
    return "\n".join(found), cut


def _prompt(prompt: object, room: Room) -> object:
    # A prompt given as token ids holds no text.
    return {"role": "user", "content": prompt} if isinstance(prompt, str) else None


def _choice(choice: object, room: Room) -> object:
    message = field(choice, "message")
    if message is not None:
        return message
    text = field(choice, "text")
    return {"role": "assistant", "content": text} if isinstance(text, str) else None


def _item(item: object, room: Room) -> object:
    """An item of the Responses API as a message."""
    if isinstance(item, str):
        return {"role": "user", "content": item}
    kind = field(item, "type") or "message"
    if kind == "message":
        return item
    if kind in ("function_call", "custom_tool_call", "mcp_call"):
        function = {"name": field(item, "name"), "arguments": field(item, "arguments") or field(item, "input")}
        # What came back stands in the same item, where the server itself called.
        results = [field(item, name) for name in ("output", "error")] if kind == "mcp_call" else []
        content = [{"type": "tool_result", "content": result} for result in results if result is not None]
        return {"role": "assistant", "tool_calls": [{"function": function}], "content": content or None}
    if kind in ("function_call_output", "custom_tool_call_output"):
        return {"role": "tool", "content": field(item, "output")}
    if kind == "reasoning":
        thought = _thought(item, room)
        return {"role": "assistant", "reasoning_content": thought} if thought else None
    text = said(item, room)
    if not text:
        return None
    is_result = isinstance(kind, str) and kind.endswith(("_output", "_result"))
    return {"role": "tool" if is_result else "assistant", "content": text}


def _thought(item: object, room: Room) -> str:
    texts: list[str] = []
    length = 0
    for part in chain(_list(field(item, "summary")), _list(field(item, "content"))):
        if length > room.room or not room.spend(16):
            room.cut = True
            break
        text = field(part, "text")
        if isinstance(text, str):
            texts.append(text)
            length += len(text)
    return "\n".join(texts)


def _list(value: object) -> list[object] | tuple[object, ...]:
    return value if isinstance(value, (list, tuple)) else ()


def _document_text(document: object) -> object:
    if isinstance(document, Mapping):
        for holder in (document, document.get("data"), document.get("doc")):
            for name in ("text", "content", "snippet"):
                text = field(holder, name)
                if isinstance(text, str):
                    return text
    return document
