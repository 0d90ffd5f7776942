"""Cells that one format has and another has not: how they are written there."""

from __future__ import annotations

import base64
import datetime
import json
from typing import Any

__all__ = ["plain_json", "plain_text", "readable_text"]


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


def readable_text(value: Any) -> str:
    """A cell as somebody reads it: as `plain_text`, but bytes that are UTF-8 as the text that they are.

    Hive, Impala and others write texts to Parquet as bytes, without saying that they are texts.
    """
    if isinstance(value, bytes):
        return str(_readable_json(value))
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=_readable_json)
    return plain_text(value)


def _readable_json(value: Any) -> Any:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return plain_json(value)
