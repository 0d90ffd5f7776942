"""Cells as text: one form for whatever a format gives, so that 35 in Parquet and "35" in CSV are the same value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from agent.assess.tables.plain import readable_text
from agent.errors import legible

__all__ = ["cell_text", "number_of", "shown_columns"]

_MOST_SHOWN = 20
_LONGEST_SHOWN = 64

_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d+)?", re.ASCII)
_LARGEST = 1e300


def cell_text(value: Any) -> str:
    """The cell without white space around it; empty for a missing one.

    Whole numbers lose their ``.0``: a column of identifiers with a gap is read as floats by many tools. NaN is missing.
    Bytes are the text that they are in UTF-8, else Base64.
    """
    if type(value) is str:
        return value.strip()
    if isinstance(value, float):
        if value != value:
            return ""
        if value.is_integer():
            return str(int(value))
    return readable_text(value).strip()


def number_of(text: str) -> float | None:
    """The number that a text is, with a point before its fraction, and commas, if any, before every three digits.

    None for anything else: ``1,5`` is a number in one country and another in the next, ``1_000`` one in Python alone,
    digits of other scripts for few tools. None too for what is not finite, or beyond 1e300.
    """
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    try:
        number = float(text.replace(",", ""))
    except ValueError:  # no digit before the exponent
        return None
    return number if abs(number) <= _LARGEST else None


def shown_columns(columns: Sequence[str]) -> str:
    """Names of columns for a message: twenty at most, of a long one the beginning, nothing that a terminal obeys."""
    shown = ", ".join(legible(name, _LONGEST_SHOWN) for name in columns[:_MOST_SHOWN])
    return shown + (", ..." if len(columns) > _MOST_SHOWN else "")
