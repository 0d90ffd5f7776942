"""The shapes of OpenAI-compatible requests and answers, as mappings (bodies) or objects (the openai package's).

What comes out is a half of an event that is not yet trimmed (`harmwatch_client.events` does that).
"""

from __future__ import annotations

from collections.abc import Mapping

from harmwatch_client.plain import Plain, field

__all__ = ["answer_output", "gathered_text", "is_answer", "request_context", "request_input"]

#: Most strings that are gathered out of JSON of no known shape, and how deep.
_MOST_STRINGS = 10_000


def request_input(body: Mapping[str, object]) -> Plain | None:
    """The input half of a request, None when it is none: chat, completions, responses, Anthropic's messages, TGI."""
    system = (body.get(key) for key in ("system", "instructions"))
    messages: list[object] = [{"role": "system", "content": content} for content in system if content]
    given = body.get("messages")
    if isinstance(given, (list, tuple)):
        messages += given
    for key in ("prompt", "inputs"):
        messages += _prompts(body.get(key))
    given = body.get("input")
    if isinstance(given, (list, tuple)):
        messages += [message for item in given if (message := _item(item)) is not None]
    elif isinstance(given, str):
        messages.append({"role": "user", "content": given})
    return {"messages": messages} if messages else None


def request_context(body: Mapping[str, object]) -> list[object] | None:
    """Passages that travel with a request (vLLM's and Cohere's ``documents``); None when there are none."""
    extra = body.get("extra_body")
    for holder in (body, extra):
        documents = field(holder, "documents")
        if isinstance(documents, (list, tuple)) and documents:
            return [_document_text(document) for document in documents]
    return None


def is_answer(body: object) -> bool:
    """Whether something looks like an answer of an OpenAI-compatible server."""
    if isinstance(field(body, "choices"), (list, tuple)):
        return True
    if field(body, "object") == "response" and isinstance(field(body, "output"), (list, tuple)):
        return True
    return field(body, "type") == "message" and isinstance(field(body, "content"), (list, tuple))


def answer_output(body: object) -> Plain | None:
    """The output half of a whole answer; None when it is none. An answer without text gives no messages."""
    choices = field(body, "choices")
    if isinstance(choices, (list, tuple)):
        messages: list[object] = []
        for choice in choices:
            message = field(choice, "message")
            if message is not None:
                messages.append(message)
            elif isinstance(field(choice, "text"), str):
                messages.append({"role": "assistant", "content": field(choice, "text")})
        return {"messages": messages}
    output = field(body, "output")
    if field(body, "object") == "response" and isinstance(output, (list, tuple)):
        return {"messages": [message for item in output if (message := _item(item)) is not None]}
    content = field(body, "content")
    if field(body, "type") == "message" and isinstance(content, (list, tuple)):
        return {"messages": [{"role": "assistant", "content": content}]}
    generated = field(body, "generated_text")
    if isinstance(generated, str):
        return {"messages": [{"role": "assistant", "content": generated}]}
    return None


def gathered_text(document: object, most_characters: int) -> str:
    """All strings of a JSON document of no known shape, in order, one a line; names of fields are left out."""
    found: list[str] = []
    room = most_characters
    stack = [document]
    while stack and room > 0 and len(found) < _MOST_STRINGS:
        item = stack.pop()
        if isinstance(item, str):
            if item:
                found.append(item[:room])
                room -= len(item) + 1
        elif isinstance(item, dict):
            stack.extend(reversed(list(item.values())))
        elif isinstance(item, list):
            stack.extend(reversed(item))
    return "\n".join(found)


def _prompts(prompt: object) -> list[object]:
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}]
    if isinstance(prompt, (list, tuple)):
        # A prompt given as token ids holds no text.
        return [{"role": "user", "content": item} for item in prompt if isinstance(item, str)]
    return []


def _item(item: object) -> object:
    """An item of the Responses API as a message."""
    if isinstance(item, str):
        return {"role": "user", "content": item}
    kind = field(item, "type") or "message"
    if kind == "message":
        return item
    if kind in ("function_call", "custom_tool_call", "mcp_call"):
        function = {"name": field(item, "name"), "arguments": field(item, "arguments") or field(item, "input")}
        return {"role": "assistant", "tool_calls": [{"function": function}]}
    if kind in ("function_call_output", "custom_tool_call_output"):
        return {"role": "tool", "content": field(item, "output")}
    if kind == "reasoning":
        parts = [*_list(field(item, "summary")), *_list(field(item, "content"))]
        thought = "\n".join(text for part in parts if isinstance(text := field(part, "text"), str))
        return {"role": "assistant", "reasoning_content": thought} if thought else None
    return None


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _document_text(document: object) -> object:
    if isinstance(document, Mapping):
        for holder in (document, document.get("data"), document.get("doc")):
            for name in ("text", "content", "snippet"):
                text = field(holder, name)
                if isinstance(text, str):
                    return text
    return document
