"""The tables that ``harmwatch evaluate`` shows without ``--json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.quality.evaluate import flat
from agent.quality.report import number

__all__ = ["WIDE", "beside_table", "render", "widened"]

_TEXT = (
    ("AUROC", "auroc"), ("AP", "average_precision"), ("R@1%FPR", "recall_at_1pct_fpr"), ("F1", "f1"),
    ("precision", "precision"), ("recall", "recall"), ("FPR", "fpr"),
)  # fmt: skip
_SPANS = (("precision", "precision"), ("recall", "recall"), ("F1", "f1"), ("strict F1", "strict_f1"))
WIDE = 180

_Rows: TypeAlias = Sequence[tuple[str, str, Mapping[str, Any]]]


def widened(console: Console) -> Console:
    """A pipe or a file has no width of its own: nothing is folded there."""
    if not console.is_terminal:
        console.width = max(console.width, WIDE)
    return console


def render(figures: Mapping[str, Any], console: Console) -> None:
    """Print the figures of each judge; by category or type where one file was measured.

    Intervals are shown where the terminal is wide enough for them.
    """
    wide = widened(console).width >= WIDE
    pii = figures["task"] == "pii"
    for found in (figures, *figures.get("beside", {}).values()):
        title = f"{found['scorer']} ({found['scorer_version']}), {found['task']}"
        console.print(_span_table(title, flat(found), wide) if pii else _text_table(title, flat(found), wide))
    if pii:
        types = [("all", kind, {"n": figures["n"], "micro": item}) for kind, item in figures["by_type"].items()]
        console.print(_span_table("by type", types, wide, "type"))
        if "beside" in figures:
            console.print(beside_table([figures, *figures["beside"].values()], wide))
    elif "files" not in figures:
        pure = figures["by_functionality"]
        mixed = [("all", name, found) for name, found in figures["by_category"].items() if name not in pure]
        if mixed:
            console.print(_text_table("by category", mixed, wide, "category"))
        if pure:
            console.print(_functional_table(pure))
    console.print(Text(_explanation(figures, pii, wide), style="dim"))


def _explanation(figures: Mapping[str, Any], pii: bool, wide: bool) -> str:
    lines = [f"{figures['unlabelled']} rows without {'annotation' if pii else 'label'} left out."]
    if figures["left_out"]:
        lines.append(f"{figures['left_out']} left out as asked.")
    if figures.get("hard_negatives"):
        lines.append(f"{figures['hard_negatives']} hard negatives count as negatives in these tables.")
    samples = figures["bootstrap"]["samples"]
    if samples:
        of_which = "" if pii else "recall and FPR Wilson's, others "
        drawn = f"{of_which}{samples} bootstrap samples"
        lines.append(f"Intervals: 95 %, {drawn}{'' if wide else ' (wider terminal, or --json)'}.")
    if "cascade" in figures:
        seen = figures["cascade"]
        of_langs = ", ".join(f"{lang} {one['share_seen']:.1%}" for lang, one in sorted(seen["by_lang"].items()))
        lines.append(f"Behind the screen {seen['share_seen']:.1%} of the texts were seen ({of_langs}).")
    lines += [f"{limit[:1].upper()}{limit[1:]}." for limit in figures["limits"]]
    if not pii:
        threshold = figures["threshold"]
        own = "of each category" if threshold is None else f"{threshold:.4f}"
        lines.append(f"F1, precision, recall and FPR at the threshold {own}.")
    return " ".join(lines)


def _figure(found: Mapping[str, Any], name: str, wide: bool) -> Text:
    bounds = found["intervals"][name]
    text = Text(number(found[name]))
    if wide and found[name] is not None:
        # The same width with and without, so that the figures stand under each other.
        spread = " " * 10 if bounds is None else f" {_short(bounds[0])}-{_short(bounds[1])}"
        text.append(f"{spread:<10}", style="dim")
    return text


def _short(share: float) -> str:
    return f"{share:.3f}".removeprefix("0") if share < 0.9995 else "1"


def _table(title: str, names: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(names[0], overflow="fold", min_width=16)
    for name in names[1:]:
        table.add_column(name, overflow="fold", min_width=len(name))
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _text_table(title: str, rows: _Rows, wide: bool, second: str = "language") -> Table:
    table = _table(title, ("file", second), ("n", "pos", *(head for head, _ in _TEXT), "texts/s"))
    for name, lang, found in rows:
        speed = found["texts_per_second"]
        table.add_row(
            Text(name), Text(lang), str(found["n"]), str(found["positives"]),
            *(_figure(found, key, wide) for _, key in _TEXT), "-" if speed is None else f"{speed:,.0f}",
            style="bold" if name == "pooled" else None,
        )  # fmt: skip
    return table


def _span_table(title: str, rows: _Rows, wide: bool, second: str = "language") -> Table:
    table = _table(title, ("file", second), ("texts", "spans", *(head for head, _ in _SPANS)))
    for name, lang, found in rows:
        micro = found["micro"]
        table.add_row(
            Text(name), Text(lang), str(found["n"]), str(micro["support"]),
            *(_figure(micro, key, wide) for _, key in _SPANS), style="bold" if name == "pooled" else None,
        )  # fmt: skip
    return table


def beside_table(judges: Sequence[Mapping[str, Any]], wide: bool) -> Table:
    """F1 of each type that a file annotates, judge beside judge; under them all types together, and the speed."""
    table = _table("F1 by type, beside each other", ("file", "type"), ("spans", *(found["scorer"] for found in judges)))
    names = list(judges[0].get("files") or {judges[0].get("file", ""): None})
    parts = [(name, [found["files"][name] if "files" in found else found for found in judges]) for name in names]
    if "files" in judges[0]:
        parts.append(("pooled", list(judges)))
    for name, found in parts:
        for kind, first in found[0]["by_type"].items():
            cells = [_figure(judged["by_type"][kind], "f1", wide) for judged in found]
            table.add_row(Text(name), Text(kind), str(first["support"]), *cells)
        if found[0]["by_type"]:
            cells = [_figure(judged["micro"], "f1", wide) for judged in found]
            table.add_row(Text(name), "all", str(found[0]["micro"]["support"]), *cells, style="bold")
        speeds = [judged["texts_per_second"] for judged in found]
        table.add_row(Text(name), "texts/s", "", *("-" if speed is None else f"{speed:,.0f}" for speed in speeds),
                      style="dim", end_section=True)  # fmt: skip
    return table


def _functional_table(rows: Mapping[str, Mapping[str, Any]]) -> Table:
    table = _table("by functionality", ("functionality", "figure"), ("n", "right", "95 % interval"))
    for name, found in rows.items():
        low, high = found["interval"]
        table.add_row(Text(name), found["figure"], str(found["n"]), number(found["value"]), f"{low:.3f} to {high:.3f}")
    return table
