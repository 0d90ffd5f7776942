"""What people read of a measurement: sections of tables, bars and notes, which a terminal and an HTML page show alike.

Who measures makes the sections, in the words of a `Words`; nothing here knows what is in them.
"""

from agent.report.blocks import Bar, Bars, Block, Cell, Note, Section, Table
from agent.report.html import html_report
from agent.report.words import LANGUAGES, Words

__all__ = [
    "LANGUAGES",
    "Bar",
    "Bars",
    "Block",
    "Cell",
    "Note",
    "Section",
    "Table",
    "Words",
    "html_report",
]
