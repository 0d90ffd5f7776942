"""What sections are made of, independent of where they are shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Bar", "Bars", "Block", "Cell", "Note", "Section", "Table", "percent", "share_bar", "share_cell", "whole"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure, and its interval or what else is said in small letters."""

    text: str
    small: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The first column names the row; all others hold figures.

    Attributes
    ----------
    texts
        Columns, from 0, that hold words: they begin at the left, and break into lines where they are long.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    texts: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure, mostly a share in [0, 1], with its interval when it has one; below 0 it goes to the left.

    Attributes
    ----------
    mark
        What it should be, where that is known.
    """

    name: str
    value: float
    interval: tuple[float, float] | None = None
    mark: float | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """A picture for the page; a terminal leaves it out, since a table says the same.

    Attributes
    ----------
    percent
        Whether figures are shown in per cent.
    """

    title: str
    bars: Sequence[Bar]
    percent: bool = True


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence or two. `strong` for what the section comes to."""

    text: str
    strong: bool = False


Block: TypeAlias = Table | Bars | Note


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: Sequence[Block]


def whole(count: float) -> Cell:
    """A count."""
    return Cell(f"{count:,.0f}")


def percent(share: float | None) -> str:
    """A share, ``-`` when it is not known. Small ones keep two digits that say something."""
    if share is None:
        return "-"
    return f"{100.0 * share:.3g} %" if 0.0 < share < 0.001 else f"{100.0 * share:.2f} %"


def share_cell(share: Mapping[str, Any], bounds: str = "interval") -> Cell:
    """A share as `agent.assess.sensitivity.share_of` gives it."""
    low, high = share[bounds]
    return Cell(percent(share["value"]), f"{percent(low)} – {percent(high)}")


def share_bar(name: str, share: Mapping[str, Any], bounds: str = "interval") -> Bar:
    """The same as a bar."""
    low, high = share[bounds]
    return Bar(name, share["value"] or 0.0, (low, high))
