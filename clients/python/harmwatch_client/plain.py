"""Any Python object as the scalars and names that harmwatch's native event takes, whatever the object."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import TypeAlias
from uuid import UUID

__all__ = ["MAX_ID", "MAX_NAME", "Plain", "Scalar", "compact_json", "field", "name_of", "number", "scalar"]

#: Bounds of the native event, in characters.
MAX_NAME = 256
MAX_ID = 512

Scalar: TypeAlias = "str | int | float | bool | None"
Plain: TypeAlias = "dict[str, object]"

_LARGEST_INT = 2**63 - 1

compact_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False).encode


def field(holder: object, name: str) -> object:
    """An entry of a mapping or an attribute of an object (as the openai package has them); None when absent."""
    if type(holder) is dict:
        return holder.get(name)
    try:
        if isinstance(holder, Mapping):
            return holder.get(name)
        return getattr(holder, name, None)
    except Exception:
        return None


def scalar(value: object) -> Scalar:
    """A JSON scalar that harmwatch takes, or None where there is none: NaN is none, a huge integer is its digits."""
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is str:
        return value  # type: ignore[return-value]
    if kind is float:
        return value if math.isfinite(value) else None  # type: ignore[return-value, arg-type]
    if kind is int:
        return value if -_LARGEST_INT <= value <= _LARGEST_INT else _digits(value)  # type: ignore[return-value, operator, arg-type]
    try:
        return _odd_scalar(value)
    except Exception:
        # Properties of strange objects may raise anything.
        return None


def _digits(value: int) -> str:
    # Writing out more digits costs the square of their number; harmwatch takes 256 bits.
    return str(value) if value.bit_length() <= 256 else "huge"


def _odd_scalar(value: object) -> Scalar:
    if isinstance(value, Enum):
        inner = value.value
        return None if isinstance(inner, Enum) else scalar(inner)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        return scalar(int.__int__(value))
    if isinstance(value, float):
        return scalar(float.__float__(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, (Decimal, UUID, datetime, date, time)):
        return str(value)
    if getattr(value, "ndim", None) == 0 or type(value).__module__ == "numpy":
        item = getattr(value, "item", None)
        inner = item() if callable(item) else None
        return scalar(inner) if type(inner) in (str, int, float, bool) else None
    return None


def number(value: object) -> float | None:
    """A finite float, or None."""
    plain = scalar(value)
    if plain is None or isinstance(plain, bool):
        return None
    try:
        result = float(plain)
    except ValueError:
        return None
    return result if math.isfinite(result) else None


def name_of(value: object, limit: int = MAX_NAME) -> str:
    """A name (of a model, a source, a group): text of at most ``limit`` characters, "" where there is none."""
    if type(value) is str and len(value) <= limit:
        return value
    plain = scalar(value)
    if plain is None:
        return ""
    text = plain if isinstance(plain, str) else compact_json(plain)
    return text if len(text) <= limit else text[: limit - 1] + "…"
