"""What the reports of all probes have in common: how questions were answered, what changed, how figures are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.report import Block, Cell, Note, Section, Table, Words

__all__ = [
    "SMALLEST_P",
    "answers_section",
    "bounds_of",
    "changes_section",
    "heading",
    "incomplete_note",
    "number",
    "p_value",
    "range_of",
    "score_cell",
    "score_name",
]

SMALLEST_P = 0.0001
_STATUSES = ("answered", "unparsed", "refused", "failed", "not_asked")


def score_name(key: str, words: Words) -> str:
    """What a score is called; names of attacks are the same in all languages."""
    return words(f"score_{key}") if f"score_{key}" in words else key


def incomplete_note(figures: Mapping[str, Any], words: Words) -> list[Block]:
    """How much was asked, when that is not everything; else nothing."""
    if figures["complete"]:
        return []
    counts = [found["questions"] for found in figures["sets"].values()]
    everything = sum(count["all"] for count in counts)
    asked = everything - sum(count["not_asked"] for count in counts)
    return [Note(words("incomplete", asked=f"{asked:,}", all=f"{everything:,}"), strong=True)]


def heading(figures: Mapping[str, Any], words: Words) -> str:
    """What was probed, how, and when."""
    return words(
        "heading",
        target=figures["target"]["name"],
        model=figures["target"].get("model", "-"),
        sets=len(figures["sets"]),
        requests=f"{figures['run']['requests']:,}",
        created=figures["run"]["created"],
        **figures.get("limits", {}),
    )


def answers_section(figures: Mapping[str, Any], words: Words) -> Section:
    """How questions were answered, by set."""
    rows = []
    reasons: dict[str, int] = {}
    for name, found in figures["sets"].items():
        count = found["questions"]
        rows.append(
            [
                Cell(name),
                Cell(f"{count['all']:,}"),
                *(_part(count[status], count["all"]) for status in _STATUSES),
            ]
        )
        for reason, failed in count["failures"].items():
            reasons[reason] = reasons.get(reason, 0) + failed
    blocks: list[Block] = [Table("", [words(key) for key in ("set", "questions", *_STATUSES)], rows)]
    if "takes" in figures["target"]:
        blocks.append(Note(words(f"takes_{figures['target']['takes']}")))
    if reasons:
        listed = ", ".join(f"{reason} {failed:,}" for reason, failed in sorted(reasons.items()))
        blocks.append(Note(words("failures_line", reasons=listed)))
    return Section(words("answers"), [*blocks, Note(words("answers_note"))])


def changes_section(changes: Mapping[str, Any], words: Words) -> Section:
    """What changed since an earlier report."""
    target = changes["target"] if isinstance(changes["target"], dict) else {}
    line = words(
        "changes_line",
        target=str(target.get("name", "-")),
        model=str(target.get("model", "-")),
        created=str(changes["created"] or "-"),
    )
    rows: list[Sequence[Cell]] = [
        (
            Cell(name),
            Cell(score_name(key, words)),
            Cell(number(change["earlier"])),
            Cell(number(change["now"])),
            Cell(
                number(change["difference"]["value"]) + ("*" if change["significant"] else ""),
                range_of(change["difference"]["interval"]),
            ),
            Cell(p_value(change["p_adjusted"])),
        )
        for name, found in changes["sets"].items()
        for key, change in found["scores"].items()
    ]
    head = [words(key) for key in ("set", "score", "earlier", "now", "difference", "p_adjusted")]
    blocks: list[Block] = [Note(line)]
    if "sanitised" in changes:
        blocks.append(Note(words("earlier_sanitised" if changes["sanitised"] else "earlier_unsanitised")))
    blocks.append(Table("", head, rows, texts=(1,)))
    if changes["left_out"]:
        blocks.append(Note(words("left_out", sets=", ".join(changes["left_out"]))))
    return Section(words("changes"), [*blocks, Note(words("changes_note", tests=changes["tests"]))])


def score_cell(score: Mapping[str, Any] | None) -> Cell:
    """A score with its interval, and a star where chance does not explain it."""
    if score is None or score["value"] is None:
        return Cell("-")
    star = "*" if score.get("significant") else ""
    return Cell(number(score["value"]) + star, range_of(score["interval"]))


def bounds_of(score: Mapping[str, Any]) -> tuple[float, float] | None:
    """The interval of a score."""
    return None if score["interval"] is None else (score["interval"][0], score["interval"][1])


def number(value: float | None) -> str:
    """A figure; ``-`` where there is none."""
    return "-" if value is None else f"{value:.3f}"


def range_of(interval: Sequence[float] | None) -> str:
    """An interval in small letters."""
    return "" if interval is None else f"{interval[0]:.3f} – {interval[1]:.3f}"


def p_value(p: float | None) -> str:
    """A p-value."""
    return "-" if p is None else f"< {SMALLEST_P:.4f}" if p < SMALLEST_P else f"{p:.4f}"


def _part(count: int, everything: int) -> Cell:
    return Cell(f"{count:,}", f"{100.0 * count / everything:.1f} %") if count else Cell("0")
