"""The sections of a report on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from agent.report import Block, Cell, Note, Section, Table
from streams.commands.evaluate_table import widened
from streams.commands.printable import printable

__all__ = ["render", "render_blocks"]


def render(sections: Sequence[Section], heading: str, console: Console) -> None:
    """Print tables and notes; pictures are for the page."""
    widened(console)
    console.print(Text(printable(heading), style="dim"))
    for section in sections:
        console.print(Text(f"\n{printable(section.title)}", style="bold underline"))
        render_blocks(section.blocks, console)


def render_blocks(blocks: Iterable[Block], console: Console) -> None:
    """Print tables and notes without a heading."""
    for block in blocks:
        match block:
            case Note():
                console.print(Text(printable(block.text), style="bold" if block.strong else "dim"))
            case Table():
                console.print(_table(block))


def _table(block: Table) -> RichTable:
    table = RichTable(
        title=Text(printable(block.title)) if block.title else None,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
    )
    for place, name in enumerate(block.head):
        table.add_column(
            Text(printable(name)), justify="left" if place == 0 or place in block.texts else "right", overflow="fold"
        )
    for row in block.rows:
        table.add_row(*map(_cell, row))
    return table


def _cell(cell: Cell) -> Text:
    text = Text(printable(cell.text))
    return text.append(f" {printable(cell.small)}", style="dim") if cell.small else text
