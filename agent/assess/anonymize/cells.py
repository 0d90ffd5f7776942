"""The texts in a row: strings, also inside lists and objects, and whole numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from agent.assess.tables import plain_text, readable_text
from agent.scores import TextSpan

__all__ = ["Leaf", "leaves", "names", "value_text"]

_MOST = 10**40
# What spreadsheets and data frames make of whole numbers: 13912345678.0 and 1.3912345678E+10.
_NUMBER = re.compile(r"\s*\+?(\d{1,40}\.0{1,6}|\d\.\d{6,20}[eE]\+?\d{1,2})\s*", re.ASCII)
# Titles of fractions that may tell where somebody lives; the scorer decides, and need not look at all others.
_DEGREES = re.compile("lat|lon|lng|[纬緯经經]", re.IGNORECASE)
_PAIRS = re.compile("coord|geo|gps|location|position|[经經][纬緯]度|定位", re.IGNORECASE)


@dataclass(slots=True)
class Leaf:
    """One text of a row.

    Attributes
    ----------
    holder, slot
        Where it stands: ``holder[slot]``.
    column
        The column of the row.
    label
        The nearest name: the key of an object, else the column.
    text
        As it is scanned.
    numeric
        Whether the cell is a number, or looks like one.
    binary
        Whether the cell is bytes.
    spans
        What was found.
    """

    holder: Any
    slot: Any
    column: str
    label: str
    text: str
    numeric: bool
    binary: bool = False
    spans: Sequence[TextSpan] = ()

    def put(self, text: str) -> None:
        """Replace the cell."""
        self.holder[self.slot] = text.encode("utf-8", "surrogatepass") if self.binary else text


def leaves(row: dict[str, Any], column: str, declared: bool = False) -> Iterator[Leaf]:
    """The texts of one cell, which are changed in the row itself.

    Parameters
    ----------
    declared
        Whether the column is, so that every cell counts, whatever it holds: also numbers that are not whole, truth
        values, and bytes that are no UTF-8. Its bytes become text.

    Notes
    -----
    Whole numbers count whatever their length: under a title such as ``qq`` six digits tell who it is. Of others those
    count that may be degrees of latitude or longitude, by their title; a pair of them in a list is one text.
    Keys of objects are names, not texts (`names`). Of pyarrow's maps, which are lists of pairs, keys are texts too.
    """
    stack: list[tuple[Any, Any, str]] = [(row, column, column)]
    while stack:
        holder, slot, label = stack.pop()
        value = holder[slot]
        if isinstance(value, tuple):
            pair = _Pair(holder, slot)
            stack += ((pair, place, str(value[0])) for place in reversed(range(len(value))))
        elif isinstance(value, list) and not declared and _PAIRS.search(label) and _may_be_position(value):
            yield Leaf(holder, slot, column, label, ", ".join(map(str, value)), True)
        elif isinstance(value, list):
            stack += ((value, place, label) for place in reversed(range(len(value))))
        elif isinstance(value, dict):
            stack += ((value, key, str(key)) for key in reversed(value))
        elif isinstance(value, bytes) and declared:
            yield Leaf(holder, slot, column, label, readable_text(value), False)
        elif isinstance(value, bytes):
            try:
                yield Leaf(holder, slot, column, label, value.decode("utf-8"), False, binary=True)
            except UnicodeDecodeError:
                continue  # no text
        elif isinstance(value, str):
            number = _NUMBER.fullmatch(value)
            whole = _whole(Decimal(number[1])) if number else None
            yield Leaf(holder, slot, column, label, value if whole is None else whole, whole is not None)
        elif (whole := value_text(value) if declared or _may_be_degrees(value, label) else _whole(value)) is not None:
            yield Leaf(holder, slot, column, label, whole, True)


class _Pair:
    """A tuple whose items can be replaced, in the list that holds it."""

    def __init__(self, holder: Any, slot: Any) -> None:
        self._holder, self._slot = holder, slot

    def __getitem__(self, place: int) -> Any:
        return self._holder[self._slot][place]

    def __setitem__(self, place: int, value: Any) -> None:
        pair = self._holder[self._slot]
        self._holder[self._slot] = (*pair[:place], value, *pair[place + 1 :])


def names(value: Any) -> Iterator[str]:
    """The keys of all objects in a cell."""
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            yield from map(str, value)
            stack += value.values()
        elif isinstance(value, list):
            stack += value


def _may_be_degrees(value: Any, label: str) -> bool:
    return isinstance(value, float | Decimal) and _DEGREES.search(label) is not None


def _may_be_position(values: Sequence[Any]) -> bool:
    """Longitude and latitude in either order, as in GeoJSON (RFC 7946), with a height or without."""
    return 2 <= len(values) <= 3 and all(isinstance(value, float) and math.isfinite(value) for value in values[:2])


def _whole(value: Any) -> str | None:
    """The digits of a whole number, which may be an identifier; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    if not isinstance(value, int) and not math.isfinite(value):  # which an int may be too large to be asked
        return None
    size: Any = abs(value)
    return str(int(value)) if size < _MOST and value == int(value) else None


def value_text(value: Any) -> str | None:
    """A cell of a declared column as text; None for what holds nothing: null, and what is no number."""
    if value is None:
        return None
    if isinstance(value, bool):
        return plain_text(value)
    if isinstance(value, float | Decimal):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value == int(value) else str(value)
    return str(value)
