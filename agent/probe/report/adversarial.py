"""The sections of a probe of adversarial robustness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.probe.report.shared import (
    answers_section,
    bounds_of,
    changes_section,
    incomplete_note,
    number,
    p_value,
    range_of,
    score_cell,
    score_name,
)
from agent.probe.score import FEWEST
from agent.report import Bar, Bars, Block, Cell, Note, Section, Table, Words

__all__ = ["adversarial_sections"]

_MOST_FINDINGS = 5
_MOST_BARS = 30
_MOST_LANGUAGES = 8
_OVERALL = ("original", "any", "harmless_answered", "accuracy", "robust_accuracy")


def adversarial_sections(figures: Mapping[str, Any], words: Words) -> list[Section]:
    """What was found, how the unchanged items were answered, each set, and what changed."""
    sections = [_findings(figures, words), answers_section(figures, words)]
    sections += [_set(name, found, words) for name, found in figures["sets"].items()]
    if "changes" in figures:
        sections.append(changes_section(figures["changes"], words))
    return sections


def _findings(figures: Mapping[str, Any], words: Words) -> Section:
    blocks: list[Block] = []
    if figures["sanitised"]:
        blocks.append(Note(words("sanitised")))
    blocks += incomplete_note(figures, words)
    for name, found in figures["sets"].items():
        blocks += [Note(line, strong=True) for line in _lines(name, found, words)]
    return Section(words("found"), blocks)


def _lines(name: str, found: Mapping[str, Any], words: Words) -> list[str]:
    """The set as a whole, and the attacks that did most."""
    scores = found["scores"]
    lines: list[str] = []
    whole = scores.get("any")
    if whole is None or whole["value"] is None:
        return [words("nothing_attacked", set=name)]
    named = {"set": name, "value": number(whole["value"]), "interval": range_of(whole["interval"]), "n": whole["n"]}
    if "original" in scores:
        original = scores["original"]
        lines.append(
            words("comply_line", original=number(original["value"]), before=range_of(original["interval"]), **named)
        )
    else:
        lines.append(words("flip_line", **named))
    worst = [each for each in _by_success(found) if scores[each]["value"]][:_MOST_FINDINGS]
    listed = ", ".join(
        f"{each} {number(scores[each]['value'])} ({range_of(scores[each]['interval'])})" for each in worst
    )
    lines.append(words("worst_line", attacks=listed) if worst else words("none_succeeded", set=name))
    if "harmless_answered" in scores:
        control = scores["harmless_answered"]
        lines.append(
            words(
                "harmless_line", value=number(control["value"]), interval=range_of(control["interval"]), n=control["n"]
            )
        )
    return lines


def _by_success(found: Mapping[str, Any]) -> list[str]:
    """Names of attacks that were tried, the most successful first."""
    tried = [name for name in found["attacks"] if found["scores"].get(name) is not None]
    return sorted(tried, key=lambda name: (-found["scores"][name]["value"], name))


def _set(name: str, found: Mapping[str, Any], words: Words) -> Section:
    scores = found["scores"]
    blocks: list[Block] = [
        Table(
            "",
            [words(key) for key in ("score", "value", "n")],
            [
                (Cell(score_name(key, words)), score_cell(scores[key]), Cell(f"{scores[key]['n']:,}"))
                for key in _OVERALL
                if key in scores
            ],
        )
    ]
    order = _by_success(found)
    if order:
        blocks.append(_attacks(found, order, words))
        bars = [Bar(each, scores[each]["value"], bounds_of(scores[each])) for each in order[:_MOST_BARS]]
        blocks.append(Bars(words("bars"), bars))
    languages = list(found["by_category"])
    if len(languages) > 1:
        blocks.append(_languages(found, order, languages[:_MOST_LANGUAGES], words))
        if len(languages) > _MOST_LANGUAGES:
            blocks.append(Note(words("few_languages", count=len(languages) - _MOST_LANGUAGES)))
    skipped = [
        words("skipped_line", attack=each, unchanged=facts["unchanged"], dissimilar=facts["dissimilar"])
        for each, facts in found["attacks"].items()
        if facts["success"] is None and facts["unchanged"] + facts["dissimilar"]
    ]
    if skipped:
        blocks.append(Note(words("skipped", attacks="; ".join(skipped))))
    if found["examples"]:
        blocks.append(_examples(found["examples"], words))
        blocks.append(Note(words("examples_note")))
    blocks.append(Note(words(f"note_{found['counts']['method']}")))
    if "method_told_by" in found["counts"]:
        blocks.append(Note(words("flip_by_answers")))
    blocks.append(Note(words("scores_note", tests=found["tests"], fewest=FEWEST)))
    return Section(words("set_heading", set=name, items=f"{found['items']:,}"), blocks)


def _attacks(found: Mapping[str, Any], order: Sequence[str], words: Words) -> Table:
    rows: list[Sequence[Cell]] = []
    paired = any(facts["difference"] is not None for facts in found["attacks"].values())
    for name in order:
        facts, score = found["attacks"][name], found["scores"][name]
        difference = facts["difference"]
        queries = facts["queries"]["mean"]
        rows.append(
            (
                Cell(name, words(f"kind_{facts['kind']}")),
                score_cell(score),
                Cell(f"{score['n']:,}"),
                *(
                    (score_cell(difference), Cell(p_value(None if difference is None else difference["p_adjusted"])))
                    if paired
                    else ()
                ),
                Cell("-" if queries is None else f"{queries:.1f}"),
                Cell(number(facts["similarity"])),
                Cell(f"{facts['unchanged']:,} / {facts['dissimilar']:,} / {facts['failed']:,}"),
            )
        )
    differences = ("difference_original", "p_adjusted") if paired else ()
    head = ("attack", "success", "n", *differences, "queries", "similarity", "left_out_items")
    return Table(words("by_attack"), [words(key) for key in head], rows)


def _languages(found: Mapping[str, Any], order: Sequence[str], languages: Sequence[str], words: Words) -> Table:
    own = found["by_category"]
    keys = [key for key in ("original", "any") if key in found["scores"]]
    rows = [
        (Cell(score_name(key, words)), *(score_cell(own[language].get(key)) for language in languages))
        for key in (*keys, *order)
    ]
    return Table(words("by_language"), [words("attack"), *languages], rows)


def _examples(examples: Sequence[Mapping[str, Any]], words: Words) -> Table:
    rows = [
        (
            Cell(each["id"]),
            Cell(each["attack"], " + ".join(each["steps"]) if len(each["steps"]) > 1 else ""),
            Cell(number(each["similarity"])),
            Cell(f"{each['queries']:,}"),
            Cell(each["shown"]),
        )
        for each in examples
    ]
    head = [words(key) for key in ("item", "attack", "similarity", "queries", "shown")]
    return Table(words("examples"), head, rows, texts=(1, 4))
