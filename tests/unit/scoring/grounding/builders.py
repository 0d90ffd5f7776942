"""What the tests of groundedness are made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from agent.events import PartKind, TextPart
from agent.normalize import normalize
from agent.scoring.base import Batch, Given, ScoringItem

CASES = Path(__file__).resolve().parents[3] / "fixtures" / "groundedness.jsonl"


class Case(NamedTuple):
    """A labelled answer; label 1 when the context does not support it."""

    id: str
    set: str
    lang: str
    label: int
    kind: str
    context: tuple[str, ...]
    question: str
    answer: str


def read_cases() -> list[Case]:
    rows = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    return [Case(**(row | {"context": tuple(row["context"])})) for row in rows]


def make_item(
    answer: str,
    *context: str,
    question: str = "",
    tool_results: Sequence[str] = (),
    kind: PartKind = "text",
) -> ScoringItem:
    given = Given(tuple(context), tuple(tool_results), (question,) if question else ())
    return ScoringItem(TextPart(answer, "assistant", kind), "output", normalize, given)


def make_batch(*items: ScoringItem) -> Batch:
    return Batch(list(items))
