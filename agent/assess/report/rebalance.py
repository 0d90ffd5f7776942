"""Section on rebalanced data: labels, weights and a simple model before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.assess.report.words import Words
from agent.report.blocks import Block, Cell, Note, Section, Table, percent, share_cell, whole

__all__ = ["rebalance_section"]

_TIMES = ("before", "after")


def rebalance_section(figures: Mapping[str, Any], words: Words) -> Section:
    """What was written, and what it costs."""
    blocks: list[Block] = [
        Note(
            words(
                "rebalance_line",
                method=figures["method"],
                rows=f"{figures['rows']:,}",
                written=f"{figures['rows_written']:,}",
                out=figures["out"],
                left_out=f"{figures['rows_left_out']:,}",
                added=f"{figures['rows_added']:,}",
            ),
            strong=True,
        ),
        Note(
            words(
                "rebalance_weights",
                largest=f"{figures['largest_weight']:.3g}",
                effective=f"{figures['effective_rows']:,.0f}",
            )
        ),
    ]
    blocks += _labels(figures["labels"], words)
    if "repaired" in figures:
        blocks.append(_repaired(figures["repaired"], words))
    model = figures["model"]
    if model is None:
        blocks.append(Note(words("rebalance_none")))
    else:
        blocks += _model(model, words)
        blocks.append(Note(words("rebalance_note", rows=f"{model['rows']:,}")))
    if "repaired" in figures:
        blocks.append(Note(words("repair_note")))
    return Section(words("rebalance"), blocks)


def _labels(labels: Mapping[str, Any], words: Words) -> Iterator[Block]:
    head = (words("group"), words("rows"), *(words(when) for when in _TIMES))
    for attribute, before in labels["before"].items():
        sides = (before, labels["after"][attribute])
        rows: list[Sequence[Cell]] = [
            (
                Cell(group),
                whole(rate["rows"]),
                _rate(rate),
                _rate(sides[1]["groups"].get(group)),
            )
            for group, rate in before["groups"].items()
        ]
        rows += [
            (Cell(words(measure)), Cell(""), *(_disparity(side.get(measure), measure) for side in sides))
            for measure in ("spd", "dir")
            if measure in before
        ]
        if rows:
            yield Table(words("label_rates", attribute=attribute), head, rows)


def _model(model: Mapping[str, Any], words: Words) -> Iterator[Block]:
    repaired = "after_repaired_inputs" in model
    times = (*_TIMES, *(("after_repaired_inputs",) if repaired else ()))
    changes = (None, model["change"], *((model["change_repaired_inputs"],) if repaired else ()))
    names = (words("before"), words("after"), *((words("after_repaired"),) if repaired else ()))
    yield Table(
        words("cost"),
        (words("figure"), *names),
        [
            *(
                (Cell(words(figure)), *(share_cell(model[when][figure]) for when in times))
                for figure in ("accuracy", "balanced_accuracy")
            ),
            (Cell(words("accuracy_change")), *(_points(change) for change in changes)),
        ],
    )
    for attribute in model["before"]["disparities"]:
        rows: list[Sequence[Cell]] = [
            (
                Cell(words(measure)),
                *(_disparity(model[when]["disparities"][attribute].get(measure), measure) for when in times),
            )
            for measure in ("spd", "dir", "eod")
        ]
        rows.append((Cell(words("spd_reduction")), *(_reduction(change, attribute) for change in changes)))
        yield Table(words("model_of", attribute=attribute), (words("figure"), *names), rows)


def _repaired(repaired: Mapping[str, Any], words: Words) -> Table:
    return Table(
        words("repaired_columns"),
        (words("column"), words("before"), words("after")),
        [
            (Cell(column), Cell(f"{part['distance_before']:.3f}"), Cell(f"{part['distance_after']:.3f}"))
            for column, part in repaired.items()
        ],
    )


def _rate(rate: Mapping[str, Any] | None) -> Cell:
    if rate is None:
        return Cell("-")
    low, high = rate["interval"]
    return Cell(percent(rate["value"]), f"{percent(low)} – {percent(high)}")


def _disparity(found: Mapping[str, Any] | None, measure: str) -> Cell:
    if found is None:
        return Cell("-")
    low, high = found["interval"]
    # Rounding errors of weights that sum to equal rates are no disparity.
    value = found["value"] if abs(found["value"]) > 1e-9 else 0.0
    return Cell(f"{value:.3f}", f"{low:.3f} – {high:.3f}")


def _points(change: Mapping[str, Any] | None) -> Cell:
    if change is None:
        return Cell("")
    low, high = change["accuracy"]["interval"]
    return Cell(f"{100.0 * change['accuracy']['value']:+.2f}", f"{100.0 * low:+.2f} – {100.0 * high:+.2f}")


def _reduction(change: Mapping[str, Any] | None, attribute: str) -> Cell:
    if change is None:
        return Cell("")
    found = change["spd_reduction"][attribute]
    if found is None:
        return Cell("-")
    low, high = found["interval"]
    return Cell(f"{100.0 * found['value']:.1f} %", f"{100.0 * low:.1f} – {100.0 * high:.1f} %")
