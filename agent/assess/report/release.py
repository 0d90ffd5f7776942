"""Section on a differentially private release. It has nothing but noisy figures to go by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.assess.report.words import Words
from agent.report.blocks import Bars, Block, Cell, Note, Section, Table, share_bar, share_cell

__all__ = ["release_section"]


def release_section(figures: Mapping[str, Any], words: Words) -> Section:
    """Figures with their accuracy, how they were made, what the ledger says."""
    account, ledger = figures["account"], figures["ledger"]
    p_privacy = figures["p_privacy"]
    value, data = share_cell(p_privacy), share_cell(p_privacy, "interval_data")
    by_type = figures["by_type"]
    blocks: list[Block] = [
        Note(
            words(
                "dp_line",
                epsilon=f"{account['epsilon']:g}",
                unit=words("dp_unit_row") if account["unit"] == "row" else account["unit"],
                rows=account["rows_per_unit"],
            ),
            strong=True,
        ),
        Note(words("dp_p_privacy", value=value.text, data=data.small, interval=value.small), strong=True),
        Table(
            words("dp_counts"),
            (words("figure"), words("count")),
            [
                (Cell(words("rows")), _count(figures["rows"])),
                (Cell(words("rows_with_personal_data")), _count(figures["rows_with_personal_data"])),
            ],
        ),
        Table(
            words("by_type"),
            (words("type"), words("rows"), words("share")),
            [(Cell(kind), _count(part), share_cell(part["share"])) for kind, part in by_type.items()],
        ),
        Bars(words("by_type"), [share_bar(kind, part["share"]) for kind, part in by_type.items()]),
    ]
    for column, found in figures.get("groups", {}).items():
        named = [*found["by_group"].items(), (words("other_groups"), found["other"])]
        blocks.append(_groups(column, named, words))
    if "label" in figures:
        blocks.append(_groups(words("label"), [(words("all_rows"), figures["label"])], words))
    head = ("query", "counts", "sensitivity_l1", "scale", "epsilon")
    blocks.append(
        Table(
            words("dp_account"),
            tuple(words(name) for name in head),
            [
                tuple(
                    Cell(text)
                    for text in (
                        query["name"],
                        str(query["counts"]),
                        str(query["l1_sensitivity"]),
                        f"{query['scale']:.4g}",
                        f"{query['epsilon']:.4g}",
                    )
                )
                for query in account["queries"]
            ],
        )
    )
    blocks.append(Note(words("dp_note", mechanism=account["mechanism"])))
    if ledger is None:
        blocks.append(Note(words("dp_no_ledger")))
    else:
        shown = {name: ledger[name] for name in ("spent", "total", "left", "entry")}
        blocks.append(Note(words("dp_ledger", **shown, hash=ledger["hash"][:16])))
    return Section(words("release"), blocks)


def _groups(title: str, named: list[tuple[str, Any]], words: Words) -> Table:
    rated = "positive_rate" in named[0][1]
    return Table(
        title,
        (words("group"), words("rows"), *([words("positive_rate")] if rated else [])),
        [
            (Cell(group), _count(part["rows"]), *([share_cell(part["positive_rate"])] if rated else []))
            for group, part in named
        ],
    )


def _count(figure: Mapping[str, Any]) -> Cell:
    return Cell(f"{figure['value']:,}", f"± {figure['accuracy']:,}")
