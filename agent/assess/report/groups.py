"""Section on the groups of protected attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.assess.report.words import Words
from agent.report.blocks import Block, Cell, Note, Section, Table, share_cell, whole

__all__ = ["assumed_notes", "groups_section"]


def groups_section(figures: Mapping[str, Any], words: Words) -> Section:
    """Sizes by group, and the rate of the positive label."""
    rated = "positive_rate" in figures
    blocks: list[Block] = []
    if rated:
        rate = share_cell(figures["positive_rate"])
        blocks.append(Note(words("positive_rate_line", value=rate.text, interval=rate.small)))
        blocks += assumed_notes(figures, words)
    head = (words("group"), words("rows"), words("share"), *([words("positive_rate")] if rated else []))
    for column, found in figures["by_attribute"].items():
        named = [*found["by_group"].items(), (words("other_groups"), found["other"])]
        blocks.append(
            Table(
                column,
                head,
                [
                    (
                        Cell(group),
                        whole(part["rows"]),
                        share_cell(part["share"]),
                        *([share_cell(part["positive_rate"])] if rated else []),
                    )
                    for group, part in named
                    if part["rows"]
                ],
            )
        )
    blocks.append(Note(words("groups_note", least=figures["least_rows"])))
    return Section(words("groups"), blocks)


def assumed_notes(figures: Mapping[str, Any], words: Words) -> list[Note]:
    """Says of figures that rest on a positive label which nobody named; nothing of others."""
    if not figures["positive_assumed"]:
        return []
    value = figures["positive"]
    return [Note(words("positive_assumed_rare") if value is None else words("positive_assumed", value=value))]
