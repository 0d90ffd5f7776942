"""What people read of a probe: sections for terminal and page, in English or Chinese."""

from agent.probe.report.sections import sections_of
from agent.probe.report.words import TEXTS

__all__ = ["TEXTS", "sections_of"]
