"""What people read of an assessment: sections of tables, bars and notes, in English or Chinese.

A section is a function from figures and words to a `Section`, and a line in `SECTIONS`. `agent.report` shows every
section, on the terminal and on the page, and knows what is in none.
"""

from agent.assess.report.sections import SECTIONS, sections_of
from agent.assess.report.words import Words

__all__ = ["SECTIONS", "Words", "sections_of"]
