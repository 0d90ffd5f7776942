"""Cells as numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from agent.assess.cells import number_of
from agent.assess.rebalance.readings import table_changed

__all__ = ["like_cell", "number_again", "number_in"]


def number_in(cell: Any) -> float | None:
    """The number in a cell, None when the cell is missing. Texts are read by `agent.assess.cells.number_of`.

    Raises
    ------
    ValueError
        When there is something else, or what is not finite. The message holds nothing of the cell.
    """
    number: float | None = None
    if isinstance(cell, str):
        if not cell.strip():
            return None
        number = number_of(cell)
    elif cell is None or (isinstance(cell, float) and cell != cell):
        return None
    elif isinstance(cell, int | float | Decimal) and not isinstance(cell, bool) and -1e300 < cell < 1e300:
        number = float(cell)
    if number is None:
        raise ValueError("no number")
    return number


def number_again(cell: Any) -> float | None:
    """The number in a cell of a column that held nothing but numbers when it was read before.

    Raises
    ------
    DataError
        When there is something else now.
    """
    try:
        return number_in(cell)
    except ValueError:
        raise table_changed() from None


def like_cell(number: float, cell: Any) -> Any:
    """The number in the form of the cell that it replaces: the same cell when it is the same number, text for text."""
    if number == number_in(cell):
        return cell
    if isinstance(cell, str):
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    return number
