"""Which sections there are, in which order they are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from agent.assess.report.anonymity import anonymity_section, risk_section
from agent.assess.report.bias import labels_section, proxies_section, representation_section
from agent.assess.report.groups import groups_section
from agent.assess.report.personal import quasi_section, sensitivity_section
from agent.assess.report.rebalance import rebalance_section
from agent.assess.report.release import release_section
from agent.assess.report.rows import missing_section, repeats_section
from agent.assess.report.words import Words
from agent.report.blocks import Section

__all__ = ["SECTIONS", "sections_of"]

_Maker: TypeAlias = Callable[[Mapping[str, Any], Words], Section]

#: Key in the JSON and what makes a section of what stands there. One line adds a section.
SECTIONS: tuple[tuple[str, _Maker], ...] = (
    ("sensitivity", sensitivity_section),
    ("groups", groups_section),
    ("representation", representation_section),
    ("labels", labels_section),
    ("proxies", proxies_section),
    ("missing_values", missing_section),
    ("repeats", repeats_section),
    ("quasi_identifiers", quasi_section),
    ("anonymity", anonymity_section),
    ("anonymity", risk_section),
    ("rebalance", rebalance_section),
    ("release", release_section),
)


def sections_of(figures: Mapping[str, Any], words: Words) -> list[Section]:
    """The sections of what was measured."""
    return [make(figures[key], words) for key, make in SECTIONS if key in figures]
