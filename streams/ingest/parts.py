"""A batch into its parts, whose bytes stay as they came."""

from __future__ import annotations

from typing import Final

import msgspec

from agent.errors import DecodeError
from streams.formats.base import MAX_EVENTS

__all__ = ["json_elements", "json_lines"]

_read_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_SPACE: Final = b" \t\r\n"


def json_elements(body: bytes) -> list[bytes]:
    """The elements of a JSON array; anything else, and an array that only a lenient parser reads, as it is.

    Raises
    ------
    DecodeError
        ``too_large`` for more than a record may hold events, ``empty``.
    """
    if body.lstrip(_SPACE)[:1] != b"[":
        return [body]
    try:
        elements = _read_list(body)
    except (ValueError, RecursionError):  # the decoder of the format says what is wrong, or takes it all the same
        return [body]
    if len(elements) > MAX_EVENTS:
        raise DecodeError("too_large", "parts of a batch")
    return [bytes(element) for element in elements]


def json_lines(body: bytes) -> list[bytes]:
    """The lines of NDJSON, empty ones left out; one JSON document, of however many lines, as it is.

    Raises
    ------
    DecodeError
        ``too_large`` for more lines than a record may hold events.
    """
    first, newline, rest = body.strip(_SPACE).partition(b"\n")
    if not newline or not rest or not _is_document(first):
        return [body]
    if rest.count(b"\n") >= 2 * MAX_EVENTS:
        raise DecodeError("too_large", "parts of a batch")
    lines = [first, *(line for line in rest.split(b"\n") if line.strip(_SPACE))]
    if len(lines) > MAX_EVENTS:
        raise DecodeError("too_large", "parts of a batch")
    return lines


def _is_document(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (ValueError, RecursionError):
        # What only a lenient parser reads still begins and ends like a document; an indented one's first line does not.
        return line.strip(_SPACE).endswith(b"}") and line.lstrip(_SPACE)[:1] == b"{"
    return True
