"""Cells as numbers."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any

__all__ = ["like_cell", "number_in"]


def number_in(cell: Any) -> float | None:
    """The number in a cell, None when the cell is missing.

    Raises
    ------
    ValueError
        When there is something else, or what is not finite. The message holds nothing of the cell.
    """
    if isinstance(cell, str):
        text = cell.strip()
        if not text:
            return None
        # Python also reads 1_000, which no other tool takes for a number.
        number = _parsed(text)
    elif cell is None or (isinstance(cell, float) and cell != cell):
        return None
    elif isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        number = float(cell) if -1e300 < cell < 1e300 else float("inf")
    else:
        number = float("inf")
    if not isfinite(number):
        raise ValueError("no number")
    return number


def _parsed(text: str) -> float:
    try:
        return float(text) if "_" not in text and text.isascii() else float("inf")
    except ValueError:  # whose message quotes the text
        return float("inf")


def like_cell(number: float, cell: Any) -> Any:
    """The number in the form of the cell that it replaces: the same cell when it is the same number, text for text."""
    if number == number_in(cell):
        return cell
    if isinstance(cell, str):
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    return number
