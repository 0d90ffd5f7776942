"""What is said in a part or an item of no known type: all its strings, but those that are known to be no text.

Who reads the types that he knows, and no other, is passed by with the first one that is new.

Source: Anthropic's Messages API (content blocks), OpenAI's Responses API (items).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["said"]

#: Pictures, sounds and files: bytes and addresses. What was written beside them, or down from them, is a text.
_BINARY: Final = frozenset({
    "audio", "audio_url", "base64", "blob", "container_upload", "file", "image", "image_embeds", "image_file",
    "image_url", "input_audio", "input_file", "input_image", "input_video", "output_audio", "output_image",
    "redacted_thinking", "uri", "url", "video", "video_url",
})  # fmt: skip
_BESIDE: Final = ("text", "transcript", "content")
#: What says which part it is, and of what kind and state: where it is a short text, as such things are.
_NAMES: Final = frozenset({
    "call_id", "detail", "filename", "format", "id", "index", "media_type", "mime_type", "mimeType", "modality", "name",
    "object", "role", "status", "type",
})  # fmt: skip
_LONGEST_NAME: Final = 256
#: Where addresses and bytes stand in parts of other types.
_NO_TEXT: Final = frozenset({
    "audio", "b64", "b64_json", "bytes", "cache_control", "encrypted_content", "encrypted_index", "file", "file_data",
    "file_url", "image", "image_url", "input_audio", "signature", "uri", "url", "video", "video_url",
})  # fmt: skip
_KINDS_OF_BYTES: Final = ("media_type", "mime_type", "mimeType")


def said(value: object) -> str:
    """The strings of a JSON value, one a line, without the names of its fields: never more than the value is long."""
    found: list[str] = []
    stack = [iter((value,))]  # no recursion: a tool's result may be nested deeply
    while stack:
        item = next(stack[-1], stack)
        if item is stack:
            stack.pop()
        elif isinstance(item, str):
            if item and not (item.startswith("data:") and ";base64," in item[:256]):
                found.append(item)
        elif isinstance(item, list):
            stack.append(iter(item))
        elif isinstance(item, dict):
            stack.append(_members(item))
    return "\n".join(found)


def _members(holder: dict[str, object]) -> Iterator[object]:
    kind = holder.get("type")
    if isinstance(kind, str) and kind in _BINARY:
        return (holder.get(name) for name in _BESIDE)
    kinds = (holder.get(name) for name in _KINDS_OF_BYTES)
    no_data = any(isinstance(each, str) and not each.startswith("text/") for each in kinds)
    return (value for name, value in holder.items() if not _is_no_text(kind, name, value, no_data))


def _is_no_text(kind: object, name: str, value: object, no_data: bool) -> bool:
    if name in _NO_TEXT or (name == "result" and kind == "image_generation_call"):
        return True
    if not isinstance(value, str):
        return False
    is_name = name in _NAMES or name.endswith("_id")
    return (is_name and len(value) <= _LONGEST_NAME) or (name == "data" and no_data)
