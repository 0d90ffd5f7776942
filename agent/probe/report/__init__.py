"""What people read of a probe: sections for terminal and page, in English or Chinese."""

from agent.probe.report.adversarial import adversarial_sections
from agent.probe.report.adversarial_words import ADVERSARIAL_TEXTS
from agent.probe.report.sections import sections_of
from agent.probe.report.shared import heading
from agent.probe.report.words import TEXTS

__all__ = ["ADVERSARIAL_TEXTS", "TEXTS", "adversarial_sections", "heading", "sections_of"]
