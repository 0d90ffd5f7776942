"""Attacks that come by way of the data: in retrieved passages and in what tools return.

Whoever can write a web page or a mail that a model will read can give it orders (Greshake et al., Not what you've
signed up for, AISec 2023). A scorer knows texts and not where they come from, and its rows are remembered by text
alone; so it is here that an attack in such a text becomes an indirect one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from agent.errors import ConfigError
from agent.events import DIRECTIONS, Direction
from agent.pipeline.pending import Half, ScoredText
from agent.scores import Dimension, ScoreRow
from agent.scoring.base import Scorer, finds_attacks
from agent.scoring.results import Answer

__all__ = ["IndirectAttacks", "JudgingCategories", "indirect_category"]


def indirect_category(scorer: str) -> str:
    """What an attack of this scorer is called where it is indirect: ``adversarial.indirect``."""
    return f"{scorer}.indirect"


class JudgingCategories(NamedTuple):
    """Categories that no scorer gives, as a policy has to know of them (`agent.policy.Judging`)."""

    name: str
    categories: Mapping[str, Dimension]
    directions: frozenset[Direction]


class IndirectAttacks:
    """Gives rows of passages and tool results the category of indirect attacks.

    It takes the place of the scorer's own name as a category, and its score is the highest of the scorer's categories.
    Those that name a kind of attack (``adversarial.injection``) stay beside it.

    Parameters
    ----------
    scorers
        All that run; those that find no attacks are left alone.

    Attributes
    ----------
    scorers
        Names of those that find attacks, in their order.
    judging
        What of theirs is added.

    Raises
    ------
    ConfigError
        When a scorer has a category of that name itself.
    """

    def __init__(self, scorers: Sequence[Scorer]) -> None:
        finders = [scorer for scorer in scorers if finds_attacks(scorer)]
        self.scorers = tuple(scorer.name for scorer in finders)
        for scorer in finders:
            if indirect_category(scorer.name) in scorer.categories:
                raise ConfigError(f"scorer {scorer.name}: map no label to indirect; where a text came from is known")
        self.judging = tuple(
            JudgingCategories(name, {indirect_category(name): "adversarial"}, frozenset(DIRECTIONS))
            for name in self.scorers
        )

    def categories(self, scorer: Scorer) -> Mapping[str, Dimension]:
        """A scorer's categories, and that of indirect attacks if it finds any."""
        if scorer.name not in self.scorers:
            return scorer.categories
        return {**scorer.categories, indirect_category(scorer.name): "adversarial"}

    def thresholds(self, scorer: Scorer, configured: Mapping[str, float]) -> Mapping[str, float]:
        """By category. An indirect attack has that of a direct one, where none is configured."""
        known = {**scorer.thresholds, **configured}
        if scorer.name in self.scorers:
            known.setdefault(indirect_category(scorer.name), known.get(scorer.name, max(known.values())))
        return known

    def apply(self, half: Half) -> None:
        """Rename in all rows of one half, once; rows that others hold too are not changed."""
        if not self.scorers:
            return
        if half.passages:
            payload, count = half.event.payload(half.direction), len(half.event.context)
            before = 0 if payload is None else len(payload.texts)
            half.passage_answers = [
                self._renamed(answers, f"in passage {piece.text_index - before + 1} of {count}")
                for piece, answers in zip(half.passages, half.passage_answers, strict=True)
            ]
        if half.direction == "input":
            half.answers = [
                self._renamed(answers, "in a tool result") if _is_of_tool(piece) else answers
                for piece, answers in zip(half.parts, half.answers, strict=True)
            ]

    def _renamed(self, answers: dict[str, Answer], where: str) -> dict[str, Answer]:
        renamed = dict(answers)
        for name in self.scorers:
            row = answers.get(name)
            if isinstance(row, ScoreRow) and row.scores:
                renamed[name] = _indirect(row, name, where)
        return renamed


def _is_of_tool(piece: ScoredText) -> bool:
    return piece.part.role == "tool"


def _indirect(row: ScoreRow, name: str, where: str) -> ScoreRow:
    category = indirect_category(name)
    scores = {kind: score for kind, score in row.scores.items() if kind != name}
    scores[category] = max(row.scores.values())
    spans = row.spans
    if any(span.category == name for span in spans):
        spans = tuple(
            msgspec.structs.replace(span, category=category, explanation=_told(where, span.explanation))
            if span.category == name
            else span
            for span in spans
        )
    return msgspec.structs.replace(row, scores=scores, spans=spans, explanation=_told(where, row.explanation))


def _told(where: str, explanation: str) -> str:
    return f"{where}: {explanation}" if explanation else where
