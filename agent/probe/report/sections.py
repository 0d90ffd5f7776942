"""The sections of a probe of bias. One maker for all benchmarks: a new one needs words alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent.probe.report.shared import (
    SMALLEST_P,
    answers_section,
    bounds_of,
    changes_section,
    incomplete_note,
    number,
    p_value,
    range_of,
    score_cell,
)
from agent.probe.score import FEWEST
from agent.report import Bar, Bars, Block, Cell, Note, Section, Table, Words

__all__ = ["sections_of"]

_MOST_FINDINGS = 10
_MOST_CATEGORIES = 60
_MOST_BARS = 30


def sections_of(figures: Mapping[str, Any], words: Words) -> list[Section]:
    """What was found, how questions were answered, each set, and what changed."""
    sections = [_findings(figures, words), answers_section(figures, words)]
    sections += [_set(name, found, words) for name, found in figures["sets"].items()]
    if "changes" in figures:
        sections.append(changes_section(figures["changes"], words))
    return sections


def _findings(figures: Mapping[str, Any], words: Words) -> Section:
    blocks: list[Block] = []
    blocks += incomplete_note(figures, words)
    significant = [
        (name, category, key, score)
        for name, found in figures["sets"].items()
        for category, key, score in _all_scores(found)
        if score.get("significant")
    ]
    # What holds of a whole set first, so that one set's categories do not hide the other sets.
    significant.sort(key=lambda each: bool(each[1]))
    lines = [
        words(
            "significant_line",
            set=name,
            category=category or words("overall"),
            score=words(f"score_{key}"),
            value=number(score["value"]),
            interval=range_of(score["interval"]),
            ideal=number(score["ideal"]),
            p=f"p {'' if score['p_adjusted'] < SMALLEST_P else '= '}{p_value(score['p_adjusted'])}",
            tests=figures["sets"][name]["tests"],
        )
        for name, category, key, score in significant
    ]
    blocks += [Note(line, strong=True) for line in lines[:_MOST_FINDINGS]]
    if len(lines) > _MOST_FINDINGS:
        blocks.append(Note(words("more_findings", count=len(lines) - _MOST_FINDINGS)))
    if not lines:
        blocks.append(Note(words("none_significant")))
    return Section(words("found"), blocks)


def _all_scores(found: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Category ("" for all), name and score; the overall ones first."""
    for key, score in found["scores"].items():
        yield "", key, score
    for category, scores in found["by_category"].items():
        for key, score in scores.items():
            yield category, key, score


def _set(name: str, found: Mapping[str, Any], words: Words) -> Section:
    blocks: list[Block] = [
        Table(
            "",
            [words(key) for key in ("score", "value", "ideal", "n", "p_adjusted")],
            [_score_row(words(f"score_{key}"), score) for key, score in found["scores"].items()],
        )
    ]
    categories = list(found["by_category"].items())[:_MOST_CATEGORIES]
    if categories:
        keys = list(dict.fromkeys(key for _, scores in categories for key in scores))
        rows = [[Cell(category), *(score_cell(scores.get(key)) for key in keys)] for category, scores in categories]
        head = [words("category"), *(words(f"score_{key}") for key in keys)]
        blocks.append(Table(words("by_category"), head, rows))
        more = len(found["by_category"]) - len(categories)
        if more:
            blocks.append(Note(words("few_categories", count=more)))
        bars = [
            Bar(category, scores[keys[0]]["value"], bounds_of(scores[keys[0]]), scores[keys[0]].get("ideal"))
            for category, scores in categories[:_MOST_BARS]
            if scores[keys[0]]["value"] is not None
        ]
        if bars:
            blocks.append(Bars(words("bars", score=words(f"score_{keys[0]}")), bars, percent=False))
    if found.get("examples"):
        blocks.append(
            Table(
                words("examples"),
                (words("item"), words("answer")),
                [(Cell(example["id"]), Cell(example["answer"])) for example in found["examples"]],
            )
        )
    counts = {key: number(count) if isinstance(count, float) else count for key, count in found["counts"].items()}
    if "method" in counts:
        counts["method"] = words(f"method_{counts['method']}")
    note = words(
        f"note_{found['benchmark']}", **{key: "-" if count is None else count for key, count in counts.items()}
    )
    blocks += [Note(note), Note(words("scores_note", tests=found["tests"], fewest=FEWEST))]
    title = words("set_heading", set=name, benchmark=found["benchmark"], items=f"{found['items']:,}")
    return Section(title, blocks)


def _score_row(name: str, score: Mapping[str, Any]) -> tuple[Cell, ...]:
    return (
        Cell(name),
        score_cell(score),
        Cell(number(score.get("ideal"))),
        Cell(f"{score['n']:,}"),
        Cell(p_value(score.get("p_adjusted"))),
    )
