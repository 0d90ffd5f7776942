"""Sections on class sizes and on re-identification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.assess.report.words import Words
from agent.report.blocks import Bar, Bars, Block, Cell, Note, Section, Table, percent, whole

__all__ = ["anonymity_section", "risk_section"]


def anonymity_section(figures: Mapping[str, Any], words: Words) -> Section:
    """k, class sizes, diversity of sensitive columns."""
    below = figures["rows_below"]
    blocks: list[Block] = [
        Note(
            words(
                "k_line",
                k=f"{figures['k']:,}",
                classes=f"{figures['classes']:,}",
                quasi=", ".join(figures["quasi_identifiers"]),
            ),
            strong=True,
        ),
        Note(words("below_line", two=percent(below["2"]), five=percent(below["5"]), ten=percent(below["10"]))),
        Table(
            words("class_sizes"),
            (words("size"), words("classes"), words("rows"), words("share")),
            [
                (
                    Cell(_range(part)),
                    whole(part["classes"]),
                    whole(part["rows"]),
                    Cell(percent(part["rows"] / figures["rows"])),
                )
                for part in figures["class_sizes"]
            ],
        ),
        Bars(
            words("class_sizes_bars"),
            [Bar(_range(part), part["rows"] / figures["rows"]) for part in figures["class_sizes"]],
        ),
        Note(
            words("smallest")
            + ", ".join(f"{part['size']:,} (×{part['classes']:,})" for part in figures["smallest_classes"])
        ),
    ]
    if figures["sensitive"]:
        head = ("column", "values", "distinct_l", "entropy_l", "uniform", "t", "mean_t")
        blocks.append(
            Table(
                words("diversity"),
                tuple(words(name) for name in head),
                [(Cell(column), *_diversity(part)) for column, part in figures["sensitive"].items()],
            )
        )
        blocks.append(Note(words("diversity_note")))
    return Section(words("anonymity"), [*blocks, Note(words("anonymity_note"))])


def risk_section(figures: Mapping[str, Any], words: Words) -> Section:
    """Prosecutor, journalist, marketer; uniques of sample and population."""
    risk = figures["risk"]
    prosecutor, population = risk["prosecutor"], risk["population"]
    over = prosecutor["rows_over"]
    rows = [
        (Cell(words("prosecutor_average")), Cell(percent(prosecutor["average"]))),
        (Cell(words("prosecutor_maximum")), Cell(percent(prosecutor["maximum"]))),
        *((Cell(words("rows_over", limit=limit)), Cell(percent(share))) for limit, share in over.items()),
        (Cell(words("journalist")), Cell(percent(risk["journalist"]["average"]))),
        (Cell(words("marketer")), Cell(percent(risk["marketer"]["average"]))),
        (Cell(words("sample_uniques")), whole(risk["sample_uniques"])),
        (
            Cell(words("population_uniques")),
            Cell("-") if population["uniques"] is None else whole(population["uniques"]),
        ),
    ]
    assumed = "population_given" if population["given"] else "population_assumed"
    fit = population["fit"]
    return Section(
        words("risk"),
        [
            Note(words("overall", value=percent(risk["overall"])), strong=True),
            Table("", (words("figure"), words("value")), rows),
            Note(words(assumed, rows=f"{population['rows']:,}", fit="-" if fit is None else f"{fit:.2f}")),
            Note(words("risk_note")),
        ],
    )


def _range(part: Mapping[str, Any]) -> str:
    low, high = part["from"], part["to"]
    return f"{low}+" if high is None else str(low) if low == high else f"{low}–{high}"


def _diversity(part: Mapping[str, Any]) -> tuple[Cell, ...]:
    return (
        Cell("-") if part["values"] is None else whole(part["values"]),
        whole(part["distinct_l"]),
        Cell(f"{part['entropy_l']:.2f}"),
        Cell(percent(part["rows_in_uniform_classes"])),
        Cell("-" if part["t"] is None else f"{part['t']:.3f}"),
        Cell("-" if part["mean_t"] is None else f"{part['mean_t']:.3f}"),
    )
