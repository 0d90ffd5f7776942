"""What people read of an assessment: sections of tables, bars and notes, in English or Chinese.

A section is a function from figures and words to a `Section`, and a line in `SECTIONS`. The terminal and the HTML page
show every section; neither knows what is in it.
"""

from agent.assess.report.blocks import Bar, Bars, Block, Cell, Note, Section, Table
from agent.assess.report.html import html_report
from agent.assess.report.sections import SECTIONS, sections_of
from agent.assess.report.words import LANGUAGES, Words

__all__ = [
    "LANGUAGES",
    "SECTIONS",
    "Bar",
    "Bars",
    "Block",
    "Cell",
    "Note",
    "Section",
    "Table",
    "Words",
    "html_report",
    "sections_of",
]
