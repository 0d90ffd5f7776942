"""The figures of kinds, judge beside judge, as tables that a terminal and a page show alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from agent.report.blocks import Block, Cell, Note, Table, whole

__all__ = ["kind_blocks", "worth_showing"]

_Figures: TypeAlias = Mapping[str, Any]
_SIDES = {"benign": "Benign texts", "hard_negatives": "Hard negatives"}
_WORDS = {"adversarial": ("technique", "attacks")}
_OTHER_WORDS = ("kind", "positives")


def worth_showing(figures: _Figures) -> bool:
    """Whether the tables say more than those by file and language do."""
    kinds = any(len(found["kinds"]) > 1 for found in figures["by_kind"].values())
    return kinds or "files" in figures or bool(figures["false_positives"]["hard_negatives"]["by_file"])


def kind_blocks(figures: _Figures, *, intervals: bool = True, fewest: int = 1) -> list[Block]:
    """A table for each language with positives and negatives, one for each side of the negatives, and what is missing.

    Parameters
    ----------
    figures
        Of an evaluation, those of other judges under ``beside``.
    intervals
        Whether there is room for them.
    fewest
        Categories of fewer positives are left out, which a note says.
    """
    judges = [figures, *figures.get("beside", {}).values()]
    names = [found["scorer"] for found in judges]
    technique, positives = _WORDS.get(figures["task"], _OTHER_WORDS)
    blocks: list[Block] = []
    few, unranked = 0, []
    for lang, first in figures["by_kind"].items():
        if first["all"]["auroc"] is None:
            unranked.append(f"{lang} ({first['all']['n']})")
            continue
        parts = [found["by_kind"][lang] for found in judges]
        shown = [place for place, kind in enumerate(first["kinds"]) if kind["category"] is None or kind["n"] >= fewest]
        few += len(first["kinds"]) - len(shown)
        beside = [_row("all", [part["all"] for part in parts], _ranked, intervals)]
        if first["hard_negatives"]:
            both = [part["all"] | part["all"]["with_hard_negatives"] for part in parts]
            beside.append(_row("all, hard negatives too", both, _ranked, intervals))
        beside += [
            _row(_name(first["kinds"][place]), [part["kinds"][place] for part in parts], _ranked, intervals)
            for place in shown
        ]
        hard = f" ({first['hard_negatives']} hard negatives)" if first["hard_negatives"] else ""
        title = f"{lang}: each {technique} against {first['benign']} benign texts{hard}"
        blocks.append(Table(title, (technique, positives, *names), beside))
    if blocks:
        small = "; small: 95 % interval of AUROC" if intervals else ""
        blocks.append(Note(f"AUROC, recall at 1 % false positives, recall at the threshold{small}."))
    if unranked:
        blocks.append(Note(f"Too few benign texts, or {positives}, to rank: {', '.join(unranked)}."))
    if few:
        blocks.append(Note(f"{few} categories of fewer than {fewest} {positives} are left out here, not of --json."))
    return blocks + _flagged_tables(judges, names, intervals)


def _flagged_tables(judges: Sequence[_Figures], names: Sequence[str], intervals: bool) -> list[Block]:
    blocks: list[Block] = []
    for side, what in _SIDES.items():
        first, *_ = parts = [found["false_positives"][side] for found in judges]
        rows = [
            _row(f"all, {name}" if by == "by_lang" else name, [part[by][name] for part in parts], _share, intervals)
            for by in ("by_lang", "by_file")
            for name in first[by]
        ]
        if rows:
            blocks.append(Table(f"{what}: share flagged at the threshold", ("file", "texts", *names), rows))
    return blocks


def _row(
    name: str, found: Sequence[_Figures], cell: Callable[[_Figures, bool], Cell], intervals: bool
) -> tuple[Cell, ...]:
    return (Cell(name), whole(found[0]["n"]), *(cell(figures, intervals) for figures in found))


def _name(kind: _Figures) -> str:
    return kind["file"] if kind["category"] is None else f"{kind['file']}/{kind['category']}"


def _ranked(figures: _Figures, intervals: bool) -> Cell:
    parts = [_said(figures["auroc"], 3), _said(figures["recall_at_1pct_fpr"], 2), _said(figures.get("recall"), 2)]
    bounds = figures["intervals"]["auroc"]
    # As wide without one, so that the figures stand under each other.
    small = f"{bounds[0]:.3f} to {bounds[1]:.3f}" if bounds else "-".rjust(len("0.000 to 1.000"))
    return Cell("  ".join(parts), small if intervals else "")


def _said(value: float | None, digits: int) -> str:
    return "-".rjust(digits + 2) if value is None else f"{value:.{digits}f}"


def _share(figures: _Figures, intervals: bool) -> Cell:
    low, high = figures["interval"]
    small = f"{100 * low:.1f} to {100 * high:.1f}" if intervals else ""
    return Cell(f"{100 * figures['fpr']:.1f} %", small)
