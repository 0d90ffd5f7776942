"""Retrieved passages that travel beside a conversation, in the places where servers and gateways put them.

They are extras: what cannot be read as a passage is passed over, and never makes a record undecodable.

Source: ``documents`` of vLLM's chat requests (the argument of Hugging Face's chat templates) and of Cohere;
``context`` of Azure OpenAI's answers "on your data"; ``file_search_call`` items of the Responses API; the metadata of
LiteLLM's vector stores; ``retrieval.documents`` of OpenInference and of the GenAI conventions.
"""

from __future__ import annotations

from agent.errors import DecodeError
from streams.formats.base import mend_surrogates, parse_json
from streams.formats.own_forms import RANKED

__all__ = ["documents", "request_passages", "response_passages", "vector_store_passages"]

_TEXT_KEYS = ("text", "content", "snippet", "page_content", "contents")
_WRAPPERS = ("document", "data")


def documents(value: object) -> tuple[str, ...]:
    """The texts of a list of documents, each a string or an object, with their titles; () for anything else."""
    if isinstance(value, str) and value[:1] == "[":
        try:
            value = parse_json(value)
        except DecodeError:
            return ()
    if not isinstance(value, list):
        return ()
    found = [text for item in value if (text := _document(item))]
    return tuple(found)


def _document(item: object) -> str:
    if isinstance(item, str):
        return mend_surrogates(item)
    if not isinstance(item, dict):
        return ""
    fields: dict[str, object] = item
    for key in _WRAPPERS:
        inner = fields.get(key)
        if isinstance(inner, dict):
            fields = inner
            break
    text = next((fields[key] for key in _TEXT_KEYS if fields.get(key)), None)
    if isinstance(text, list):  # parts of content
        text = "\n".join(part["text"] for part in text if isinstance(part, dict) and isinstance(part.get("text"), str))
    if not isinstance(text, str) or not text:
        return ""
    title = fields.get("title")
    return mend_surrogates(f"{title}\n{text}" if isinstance(title, str) and title else text)


def request_passages(body: dict[str, object]) -> tuple[str, ...]:
    """Of a chat request, or one that ranks them (vLLM, TEI)."""
    found: tuple[str, ...] = ()
    for key in RANKED:
        value = body.get(key)
        if isinstance(value, str) and value[:1] != "[":
            value = [value]
        if isinstance(value, dict):  # vLLM's {"content": [...]}
            value = [{"content": part if isinstance(part, str) else [part]} for part in _parts(value)]
        found += documents(value)
    return found


def _parts(document: dict[str, object]) -> list[object]:
    content = document.get("content")
    return content if isinstance(content, list) else [content]


def response_passages(body: dict[str, object]) -> tuple[str, ...]:
    """Of an answer that says what it found."""
    found: list[str] = []
    choices, output = body.get("choices"), body.get("output")
    for choice in choices if isinstance(choices, list) else ():
        message = choice.get("message") if isinstance(choice, dict) else None
        context = message.get("context") if isinstance(message, dict) else None
        if isinstance(context, dict):
            found += documents(context.get("citations"))
    for item in output if isinstance(output, list) else ():
        if isinstance(item, dict) and item.get("type") == "file_search_call":
            found += documents(item.get("results"))
    return tuple(dict.fromkeys(found))


def vector_store_passages(metadata: dict[str, object]) -> tuple[str, ...]:
    """Of LiteLLM's metadata."""
    searches = metadata.get("vector_store_request_metadata")
    found: list[str] = []
    for search in searches if isinstance(searches, list) else ():
        response = search.get("vector_store_search_response") if isinstance(search, dict) else None
        if isinstance(response, dict):
            found += documents(response.get("data"))
    return tuple(found)
