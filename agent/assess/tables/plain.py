"""Cells that one format has and another has not: how they are written there."""

from __future__ import annotations

import base64
import datetime
import json
from typing import Any

__all__ = ["plain_json", "plain_text"]


def plain_json(value: Any) -> Any:
    """What JSON has no form for: dates and times in ISO 8601, bytes in Base64, anything else as Python prints it."""
    if isinstance(value, datetime.date | datetime.time):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return str(value)


def plain_text(value: Any) -> str:
    """A cell of CSV: nothing for None, JSON for lists, objects and truth values, else as `plain_json`."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False, default=plain_json)
    return str(plain_json(value))
