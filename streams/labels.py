"""Delayed ground truth: the value of ``inference.labels``."""

from __future__ import annotations

import msgspec

from agent.errors import DecodeError

__all__ = ["Label", "read_label"]

_MAX_BYTES = 64 * 1024


class Label(msgspec.Struct, frozen=True):
    """Ground truth of one inference."""

    id: str
    label: str
    source: str = ""


_decoder = msgspec.json.Decoder(Label)


def read_label(value: bytes | None) -> Label:
    """Decode one label.

    Raises
    ------
    DecodeError
        ``empty_value``, ``too_large`` or ``wrong_type``.
    """
    if not value:
        raise DecodeError("empty_value")
    if len(value) > _MAX_BYTES:
        raise DecodeError("too_large")
    try:
        label = _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise DecodeError("wrong_type", "a label is {id, source, label}") from None
    if not label.label:
        raise DecodeError("wrong_type", "label is empty")
    return label
