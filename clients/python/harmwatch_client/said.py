"""All that is said in a part, an item or a message of no known shape: what stands there is told, whatever its type is.

Who tells the types that he knows, and no other, is passed by with the first type that is new. Here it is the other way
about: all strings are told but those that are known to be no text, which are names, numbers of things, addresses, and
the bytes of pictures, sounds and files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from harmwatch_client.conversation import LEFT_OUT, MAX_ENTRIES, Room, listed
from harmwatch_client.plain import MAX_NAME, field, scalar

__all__ = ["said"]

#: Pictures, sounds and files. What was written beside them, or down from them, is a text.
_BINARY = frozenset({
    "audio", "audio_url", "base64", "blob", "container_upload", "file", "image", "image_embeds", "image_file",
    "image_url", "input_audio", "input_file", "input_image", "input_video", "output_audio", "output_image",
    "redacted_thinking", "uri", "url", "video", "video_url",
})  # fmt: skip
_BESIDE = ("text", "transcript", "content")
#: What says which part it is, and of what kind and state: where it is a short text, as such things are.
_NAMES = frozenset({
    "call_id", "detail", "filename", "format", "id", "index", "media_type", "mime_type", "mimeType", "modality",
    "name", "object", "role", "status", "type",
})  # fmt: skip
#: Where addresses and bytes stand in parts of other types.
_NO_TEXT = frozenset({
    "audio", "b64_json", "bytes", "cache_control", "encrypted_content", "encrypted_index", "file", "file_data",
    "file_url", "image", "image_url", "input_audio", "multimodal_data", "signature", "uri", "url", "video", "video_url",
})  # fmt: skip
_KINDS_OF_BYTES = ("media_type", "mime_type", "mimeType")
#: What each thing that is looked at costs, beside its characters.
_LOOK = 32


def said(value: object, room: Room) -> str:
    """The strings of a value, one a line, names of fields left out. What cannot be read marks the room as cut.

    Of more than there is room for the beginning and the end, as much of each: who cuts it has both.
    """
    found: list[str] = []
    length = 0
    stack: list[Iterator[object]] = [iter((value,))]  # no recursion: neither depth nor cycles matter
    while stack:
        item = next(stack[-1], stack)
        if item is stack:
            stack.pop()
            continue
        if not room.spend(_LOOK):
            break
        text = _text(item)
        if text is None:
            stack.append(_members(item, room))
        elif text:
            found.append(text)
            length += len(text) + 1
    if length <= room.room + 1:
        return "\n".join(found)
    beginning = _up_to(found, room.room)
    ending = _up_to((text[::-1] for text in _ends(found, room.room)), room.room)[::-1]
    return f"{beginning}\n{ending}"


def _text(item: object) -> str | None:
    """The text that something is, "" for a number or what else is none, None for what may hold others."""
    kind = type(item)
    if kind is list or kind is dict or kind is tuple:
        return None
    if kind is not str:
        if item is None or isinstance(item, (bytes, bytearray, memoryview)):
            return ""
        plain = scalar(item)
        if plain is None:
            return "" if isinstance(item, float) else None
        item = plain if isinstance(item, str) else ""
    assert isinstance(item, str)
    return "" if item.startswith("data:") and ";base64," in item[:256] else item


def _members(holder: object, room: Room) -> Iterator[object]:
    """What something holds, as far as it is text."""
    if holder is LEFT_OUT:
        room.cut = True
        return
    if not isinstance(holder, (dict, Mapping)):
        several = listed(holder, MAX_ENTRIES)
        if several is not None:
            yield from several
            return
    entries = _entries(holder)
    if entries is None:
        room.cut = True  # a thing of no known shape, or an iterator, which to look at would be to use up
        return
    kind = field(holder, "type")
    if isinstance(kind, str) and kind in _BINARY:
        yield from (field(holder, name) for name in _BESIDE)
        return
    for name, value in entries:
        if name in _NO_TEXT or (_is_name(name) and isinstance(value, str) and len(value) <= MAX_NAME):
            room.spend(1)
        elif not (isinstance(value, str) and _is_of_bytes(holder, kind, name)):
            yield value


def _is_name(name: object) -> bool:
    return name in _NAMES or (isinstance(name, str) and name.endswith("_id"))


def _is_of_bytes(holder: object, kind: object, name: object) -> bool:
    if name == "data":
        kinds = (field(holder, key) for key in _KINDS_OF_BYTES)
        return any(isinstance(each, str) and not each.startswith("text/") for each in kinds)
    return name == "result" and kind == "image_generation_call"


def _entries(holder: object) -> Iterable[tuple[object, object]] | None:
    """Names and values, of an object those that it has itself: the openai package's have further ones of their own."""
    if isinstance(holder, Mapping):
        return holder.items()
    if isinstance(holder, Iterator):
        return None
    own = getattr(holder, "__dict__", None)
    extra = getattr(holder, "__pydantic_extra__", None)
    entries = {**(own if isinstance(own, dict) else {}), **(extra if isinstance(extra, dict) else {})}
    return [(name, value) for name, value in entries.items() if not str(name).startswith("_")] or None


def _up_to(texts: Iterable[str], most: int) -> str:
    """The beginning of texts, of no more of them than it takes."""
    found: list[str] = []
    for text in texts:
        if most <= 0:
            break
        found.append(text[:most])
        most -= len(text) + 1
    return "\n".join(found)


def _ends(texts: list[str], most: int) -> Iterator[str]:
    return (text[-most:] if most else "" for text in reversed(texts))
