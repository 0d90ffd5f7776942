"""Sections on personal data in the cells, and on columns that tell people apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.assess.report.words import Words
from agent.report.blocks import Bars, Block, Cell, Note, Section, Table, percent, share_bar, share_cell, whole

__all__ = ["quasi_section", "sensitivity_section"]

_SHOWN_ROLES = ("used", "candidate", "identifier")


def sensitivity_section(figures: Mapping[str, Any], words: Words) -> Section:
    """P_privacy, by type and by column."""
    p_privacy = share_cell(figures["p_privacy"])
    found = {kind: part for kind, part in figures["by_type"].items() if part["rows"]}
    absent = [kind for kind in figures["by_type"] if kind not in found]
    columns = {column: part for column, part in figures["by_column"].items() if part["rows"]}
    blocks: list[Block] = [
        Note(words("p_privacy", value=p_privacy.text, interval=p_privacy.small), strong=True),
    ]
    if found:
        blocks += [
            Table(
                words("by_type"),
                (words("type"), words("rows"), words("share")),
                [(Cell(kind), whole(part["rows"]), share_cell(part)) for kind, part in found.items()],
            ),
            Bars(words("by_type"), [share_bar(kind, part) for kind, part in found.items()]),
            Table(
                words("by_column"),
                (words("column"), words("cells"), words("rows"), words("share"), words("types")),
                [
                    (
                        Cell(column),
                        whole(part["cells"]),
                        whole(part["rows"]),
                        share_cell(part),
                        Cell(", ".join(f"{kind} {count:,}" for kind, count in part["by_type"].items())),
                    )
                    for column, part in columns.items()
                ],
            ),
        ]
    clean = len(figures["by_column"]) - len(columns)
    blocks.append(Note(words("sensitivity_note", absent=", ".join(absent) or "-", clean=clean)))
    return Section(words("sensitivity"), blocks)


def quasi_section(figures: Mapping[str, Any], words: Words) -> Section:
    """Columns by role; those without one are counted."""
    shown = [
        (column, part) for role in _SHOWN_ROLES for column, part in figures["columns"].items() if part["role"] == role
    ]
    rows = [
        (
            Cell(column),
            Cell(words(f"role_{part['role']}")),
            Cell(words.kind(part["kind"])),
            Cell(percent(part["distinctness"])),
            Cell(percent(part["separation"])),
        )
        for column, part in shown
    ]
    blocks: list[Block] = []
    if rows:
        head = ("column", "role", "kind", "distinctness", "separation")
        blocks.append(Table("", tuple(words(name) for name in head), rows))
    blocks.append(Note(words("quasi_note", rows=figures["sample_rows"], others=len(figures["columns"]) - len(shown))))
    if not figures["used"]:
        blocks.append(Note(words("quasi_none"), strong=True))
    return Section(words("quasi_identifiers"), blocks)
