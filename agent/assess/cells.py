"""Cells as text: one form for whatever a format gives, so that 35 in Parquet and "35" in CSV are the same value."""

from __future__ import annotations

from typing import Any

from agent.assess.tables.plain import plain_text

__all__ = ["cell_text"]


def cell_text(value: Any) -> str:
    """The cell without white space around it; empty for a missing one.

    Whole numbers lose their ``.0``: a column of identifiers with a gap is read as floats by many tools. NaN is missing.
    """
    if type(value) is str:
        return value.strip()
    if isinstance(value, float):
        if value != value:
            return ""
        if value.is_integer():
            return str(int(value))
    return plain_text(value).strip()
