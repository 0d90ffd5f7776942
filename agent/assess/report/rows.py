"""Sections on what is missing, and on rows and texts that come more than once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.assess.report.words import Words
from agent.report.blocks import (
    Bar,
    Bars,
    Block,
    Cell,
    Note,
    Section,
    Table,
    percent,
    share_bar,
    share_cell,
    whole,
)

__all__ = ["missing_section", "repeats_section"]

_MOST_ROWS = 15
_MOST_PICTURES = 3


def missing_section(figures: Mapping[str, Any], words: Words) -> Section:
    """Columns that miss cells, and differences between groups."""
    missing = {column: part for column, part in figures["columns"].items() if part["missing"]}
    ranked = sorted(missing.items(), key=lambda item: -item[1]["missing"])[:_MOST_ROWS]
    found = [gap for gap in figures["gaps"] if gap["significant"]]
    blocks: list[Block] = [Note(words("missing_line", columns=len(missing), gaps=len(found)), strong=bool(found))]
    if ranked:
        blocks.append(
            Table(
                words("missing_columns"),
                (words("column"), words("missing_rows"), words("share")),
                [(Cell(column), whole(part["missing"]), Cell(percent(part["share"]))) for column, part in ranked],
            )
        )
    if figures["gaps"]:
        head = ("column", "attribute", "difference", "most_missing", "least_missing")
        blocks.append(
            Table(
                words("missing_gaps"),
                [words(key) for key in head],
                [
                    (
                        Cell(gap["column"]),
                        Cell(gap["attribute"]),
                        share_cell(gap["difference"]),
                        Cell(gap["most_missing"]),
                        Cell(gap["least_missing"]),
                    )
                    for gap in figures["gaps"][:_MOST_ROWS]
                ],
            )
        )
    blocks += [
        Bars(
            words("missing_bars", column=gap["column"], attribute=gap["attribute"]),
            [share_bar(group, rate) for group, rate in gap["rates"].items()],
        )
        for gap in found[:_MOST_PICTURES]
    ]
    return Section(words("missing_values"), [*blocks, Note(words("missing_note", least=figures["least_rows"]))])


def repeats_section(figures: Mapping[str, Any], words: Words) -> Section:
    """Copies, equal rows with different labels, leakage."""
    parts = {words("whole_rows"): figures["rows"]}
    parts |= {words("text_of", column=column): part for column, part in figures["texts"].items()}
    labelled, split = "label_noise" in figures["rows"], "leakage" in figures["rows"]
    leaks = [
        (name, pair) for name, part in parts.items() if split for pair in part["leakage"]["pairs"] if pair["rows"]
    ]  # fmt: skip
    blocks: list[Block] = []
    if leaks:
        worst = max((pair for _, pair in leaks), key=lambda pair: pair["share"])
        line = words(
            "leak_line",
            rows=f"{worst['rows']:,}",
            share=percent(worst["share"]),
            split=worst["split"],
            other=worst["stands_in"],
        )
        blocks.append(Note(line, strong=True))
    elif split:
        blocks.append(Note(words("no_leak")))
    head = ["compared_as", "rows", "copies"]
    if labelled:
        head += ["copies_same_label", "conflicting", "least_wrong"]
    rows = []
    for name, part in parts.items():
        copies = part["copies"]
        row = [Cell(name), whole(copies["rows"]), _part(copies["copies"])]
        if labelled:
            noise = part["label_noise"]
            row += [
                _part(copies["copies_with_the_same_label"]),
                _part(noise["conflicting"]),
                _part(noise["least_wrong"]),
            ]
        rows.append([*row, whole(copies["most_alike"])])
    blocks.append(Table("", [*(words(key) for key in head), words("most_alike")], rows))
    if leaks:
        blocks.append(
            Table(
                words("leakage"),
                [words(key) for key in ("compared_as", "rows", "share", "of_split", "stands_in")],
                [
                    (
                        Cell(name),
                        whole(pair["rows"]),
                        Cell(percent(pair["share"])),
                        Cell(pair["split"]),
                        Cell(pair["stands_in"]),
                    )
                    for name, pair in leaks
                ],
            )
        )
    if labelled and figures["rows"]["label_noise"]["conflicting"]["rows"]:
        blocks += [
            Bars(
                words("noise_bars", name=name),
                [Bar(group, found["conflicting"]["share"]) for group, found in groups.items()][:_MOST_ROWS],
            )
            for name, groups in figures["rows"]["label_noise"]["by_attribute"].items()
            if groups
        ]
    left_out = ", ".join(figures["left_out"]) or "-"
    return Section(words("repeats"), [*blocks, Note(words("repeats_note", left_out=left_out))])


def _part(part: Mapping[str, Any]) -> Cell:
    return Cell(f"{part['rows']:,}", percent(part["share"])) if part["rows"] else Cell("0")
