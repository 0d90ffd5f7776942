"""Sections on who is in the data, how labels differ, and what gives a protected attribute away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.assess.report.groups import assumed_notes
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

__all__ = ["labels_section", "proxies_section", "representation_section"]

_MOST_BARS = 12
_MOST_COLUMNS = 15


def representation_section(figures: Mapping[str, Any], words: Words) -> Section:
    """Shares by attribute and intersection, beside those of the population."""
    blocks: list[Block] = []
    for name, part in {**figures["by_attribute"], **figures["intersections"]}.items():
        blocks += _represented(name, part, figures["tests"], words)
        if part.get("rare"):
            blocks.append(
                Table(
                    words("rare_pairs", least=figures["least_rows"]),
                    (words("group"), words("rows_if_independent")),
                    [(Cell(rare["group"]), whole(rare["rows_if_independent"])) for rare in part["rare"]],
                )
            )
    return Section(words("representation"), [*blocks, Note(words("representation_note"))])


def _represented(name: str, part: Mapping[str, Any], tests: int, words: Words) -> list[Block]:
    compared = part["rows_outside_reference"] is not None
    head = ("group", "rows", "share", *(("expected", "ratio") if compared else ()))
    rows: list[Sequence[Cell]] = []
    for group, found in part["groups"].items():
        few = found["rows"] is None
        count = Cell(words("fewer_than", rows=found["fewer_than"])) if few else whole(found["rows"])
        row = [Cell(group), count, Cell("-") if few else share_cell(found["share"])]
        if compared:
            row += [
                Cell(percent(found.get("expected_share"))),
                _number(found.get("ratio"), found.get("ratio_interval")),
            ]
        rows.append(row)
    if part["other_rows"]:
        others = Cell(percent(part["other_rows"] / part["rows"]))
        rows.append([Cell(words("other_groups")), whole(part["other_rows"]), others, *[Cell("-")] * (len(head) - 3)])
    blocks: list[Block] = [
        Table(words("representation_title", name=name, rows=f"{part['rows']:,}"), [words(key) for key in head], rows)
    ]
    bars = [
        Bar(group, found["share"]["value"], tuple(found["share"]["interval"]), found.get("expected_share"))
        if found["rows"] is not None
        else Bar(group, 0.0, None, found.get("expected_share"))
        for group, found in part["groups"].items()
    ]
    if bars:
        blocks.append(
            Bars(
                words("representation_bars_marked" if compared else "representation_bars", name=name), bars[:_MOST_BARS]
            )
        )
    if part["evenness"] is not None:
        ratio = part["imbalance_ratio"]
        blocks.append(Note(words("evenness_line", evenness=f"{part['evenness']:.2f}", ratio=f"{ratio:,.1f}")))
    if part["test"] is not None:
        test = part["test"]
        blocks.append(
            Note(
                words(
                    "unlike_population" if test["significant"] else "like_population",
                    statistic=f"{test['statistic']:.1f}",
                    freedom=test["freedom"],
                    p=_p_text(test["p_adjusted"]),
                    tests=tests,
                    w=f"{test['cohens_w']:.2f}",
                ),
                strong=test["significant"],
            )
        )
    if part["rows_outside_reference"]:
        blocks.append(Note(words("outside_reference", rows=f"{part['rows_outside_reference']:,}")))
    return blocks


def labels_section(figures: Mapping[str, Any], words: Words) -> Section:
    """Classes of the label, and how groups differ in it."""
    classes = figures["classes"]
    blocks: list[Block] = []
    disparities = figures.get("disparities")
    if disparities is not None:
        p_bias = disparities["p_bias"]
        if p_bias["sufficient"]:
            found = share_cell(p_bias)
            blocks.append(Note(words("p_bias_line", value=found.text, interval=found.small), strong=True))
        else:
            blocks.append(Note(words("p_bias_none", least=figures["least_rows"])))
        blocks += assumed_notes(disparities, words)
    elif figures["tests"]:
        blocks.append(Note(words("no_positive")))
    if classes["by_class"]:
        blocks.append(
            Table(
                words("label_classes"),
                (words("label"), words("rows"), words("share")),
                [
                    (Cell(name), whole(part["rows"]), share_cell(part["share"]))
                    for name, part in classes["by_class"].items()
                ]
                + (
                    [(Cell(words("other_groups")), whole(classes["other_rows"]), Cell(""))]
                    if classes["other_rows"]
                    else []
                ),
            )
        )
        blocks.append(
            Bars(
                words("label_classes"),
                [share_bar(name, part["share"]) for name, part in classes["by_class"].items()][:_MOST_BARS],
            )
        )
    if classes["evenness"] is not None:
        blocks.append(
            Note(
                words(
                    "label_imbalance",
                    evenness=f"{classes['evenness']:.2f}",
                    ratio=f"{classes['imbalance_ratio']:,.1f}",
                    unlabelled=f"{classes['rows_without_label']:,}",
                )
            )
        )
    if disparities is not None:
        blocks += _disparities({**disparities["by_attribute"], **disparities["intersections"]}, words)
    if figures["tests"]:
        blocks.append(
            Table(
                words("label_association"),
                (words("attribute"), words("cramers_v"), words("p_adjusted")),
                [
                    (Cell(name), Cell(f"{test['cramers_v']:.3f}"), Cell(_p_text(test["p_adjusted"])))
                    for name, test in figures["tests"].items()
                ],
            )
        )
    return Section(words("labels"), [*blocks, Note(words("labels_note", least=figures["least_rows"]))])


def _disparities(parts: Mapping[str, Mapping[str, Any]], words: Words) -> list[Block]:
    compared = {name: part for name, part in parts.items() if "spd" in part}
    if not compared:
        return []
    rows = []
    for name, part in compared.items():
        spd, ratio = part["spd"], part.get("dir")
        rows.append(
            (
                Cell(name),
                share_cell(spd),
                Cell("-") if ratio is None else _number(ratio["value"], ratio["interval"]),
                Cell(spd["favoured"]),
                Cell(spd["disfavoured"]),
            )
        )
    head = ("attribute", "spd", "dir", "favoured", "disfavoured")
    blocks: list[Block] = [Table(words("label_disparities"), [words(key) for key in head], rows)]
    for name, part in compared.items():
        ranked = sorted(part["groups"].items(), key=lambda group: -group[1]["value"])
        if len(ranked) > _MOST_BARS:
            ranked = [*ranked[: _MOST_BARS // 2], *ranked[-_MOST_BARS // 2 :]]
        blocks.append(Bars(words("label_rates_bars", name=name), [share_bar(group, found) for group, found in ranked]))
    return blocks


def proxies_section(figures: Mapping[str, Any], words: Words) -> Section:
    """Columns by how strongly they go with an attribute, and what all of them foretell together."""
    blocks: list[Block] = []
    for name, part in figures["by_attribute"].items():
        blocks += _model(name, part["model"], words)
        columns = part["columns"]
        if columns:
            blocks += _columns(name, columns, words)
    if figures["label_told_by"]:
        blocks.append(Note(words("label_told_by", columns=", ".join(figures["label_told_by"])), strong=True))
    note = words(
        "proxies_note",
        rows=f"{figures['sample_rows']:,}",
        notable=figures["notable_v"],
        tests=figures["tests"],
        left_out=", ".join(figures["left_out"]) or "-",
    )
    return Section(words("proxies"), [*blocks, Note(note)])


def _model(name: str, model: Mapping[str, Any] | None, words: Words) -> list[Block]:
    if model is None:
        return [Note(words("model_none", name=name))]
    blocks: list[Block] = []
    if "balanced_accuracy" in model:
        found = share_cell(model["balanced_accuracy"])
        line = words(
            "model_line", name=name, value=found.text, interval=found.small, chance=percent(model["chance"])
        )  # fmt: skip
        blocks.append(Note(line, strong=model["better_than_chance"]))
    if model["tells_outright"]:
        blocks.append(Note(words("tells_outright", columns=", ".join(model["tells_outright"])), strong=True))
    return blocks


def _columns(name: str, columns: Mapping[str, Mapping[str, Any]], words: Words) -> list[Block]:
    shown = list(columns.items())[:_MOST_COLUMNS]
    labelled = any(part["cramers_v_with_label"] is not None for _, part in shown)
    head = ("column", "kind", "cramers_v", "p_adjusted", *(("with_label",) if labelled else ()), "verdict")
    rows: list[Sequence[Cell]] = [
        (
            Cell(column),
            Cell(words(f"kind_{part['kind']}")),
            Cell(f"{part['cramers_v']:.3f}"),
            Cell(_p_text(part["p_adjusted"])),
            *([Cell(f"{part['cramers_v_with_label']:.3f}")] if labelled else []),
            Cell(words("is_proxy" if part["proxy"] else "is_weak" if part["significant"] else "is_nothing")),
        )
        for column, part in shown
    ]
    blocks: list[Block] = [
        Table(words("proxies_title", name=name), [words(key) for key in head], rows),
        Bars(
            words("proxies_bars", name=name),
            [Bar(column, part["cramers_v"]) for column, part in shown[:_MOST_BARS]],
            percent=False,
        ),
    ]
    if len(columns) > len(shown):
        blocks.insert(1, Note(words("proxies_more", count=len(columns) - len(shown))))
    return blocks


def _p_text(p: float | None) -> str:
    """A p-value; small ones as a bound."""
    if p is None:
        return "-"
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def _number(value: float | None, interval: Sequence[float] | None) -> Cell:
    if value is None or interval is None:
        return Cell("-")
    return Cell(f"{value:.2f}", f"{interval[0]:.2f} – {interval[1]:.2f}")
