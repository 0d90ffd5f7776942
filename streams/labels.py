"""Delayed ground truth: the value of ``inference.labels``."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from agent.errors import DecodeError
from streams.formats.base import bounded_id, bounded_name, label_text

__all__ = ["Label", "ReadLabel", "read_label"]

_MAX_BYTES = 64 * 1024


class Label(msgspec.Struct, frozen=True):
    """Ground truth of one inference. Numbers and booleans are taken as text, as in events: 1 is "1", true is "true"."""

    id: str | int
    label: str | bool | int | float
    source: str | None = None


class ReadLabel(NamedTuple):
    """A label as events write theirs, so that the two meet."""

    id: str
    source: str
    label: str


_decoder = msgspec.json.Decoder(Label)


def read_label(value: bytes | None) -> ReadLabel:
    """Decode one label.

    Raises
    ------
    DecodeError
        ``empty_value``, ``too_large``, ``wrong_type``, ``missing_field`` or ``field_too_long``.
    """
    if not value:
        raise DecodeError("empty_value")
    if len(value) > _MAX_BYTES:
        raise DecodeError("too_large")
    try:
        said = _decoder.decode(value)
    except (ValueError, RecursionError):
        raise DecodeError("wrong_type", "a label is {id, source, label}") from None
    read = ReadLabel(
        bounded_id(said.id, "id"), bounded_name(said.source, "source"), label_text(said.label, "label") or ""
    )
    if not read.id or not read.label:
        raise DecodeError("missing_field", "label" if read.id else "id")
    return read
