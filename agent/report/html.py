"""Sections as a page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from agent.report.blocks import Bars, Block, Cell, Note, Section, Table
from agent.report.chart import svg_bars
from agent.report.page import page, table
from agent.report.words import Words

__all__ = ["block_html", "html_report"]

_STYLE = """
th:nth-child(2),td:nth-child(2){text-align:right} svg{max-width:100%;height:auto} .strong{font-size:1.15em}
"""


def html_report(sections: Sequence[Section], heading: str, words: Words) -> str:
    """One file with everything in it, nothing fetched from anywhere."""
    parts = [f"<p>{escape(heading)}</p>"]
    for section in sections:
        parts.append(f"<h2>{escape(section.title)}</h2>")
        parts += map(block_html, section.blocks)
    return page(escape(words("title")), parts, words.lang, _STYLE)


def block_html(block: Block) -> str:
    """One block, for a page that is made of other things too."""
    match block:
        case Note():
            return f'<p class="{"strong" if block.strong else "note"}">{escape(block.text)}</p>'
        case Bars():
            return f"<figure><figcaption>{escape(block.title)}</figcaption>{svg_bars(block)}</figure>"
        case Table():
            title = f"<h3>{escape(block.title)}</h3>" if block.title else ""
            return title + table(block.head, [[_cell(cell) for cell in row] for row in block.rows], block.texts)


def _cell(cell: Cell) -> str:
    return escape(cell.text) + (f" <small>{escape(cell.small)}</small>" if cell.small else "")
