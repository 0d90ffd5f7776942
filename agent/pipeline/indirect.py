"""Attacks that come by way of the data: in retrieved passages and in what tools return.

Whoever can write a web page or a mail that a model will read can give it orders (Greshake et al., Not what you've
signed up for, AISec 2023). A scorer knows texts and not where they come from, and its rows are remembered by text
alone; so it is here that an attack in such a text becomes an indirect one.

An input has one question and perhaps ten passages. What is promised of an input, so many false alarms and no more,
holds only if a passage has a tenth of them; and documents are full of imperatives. So passages and tool results have a
threshold of their own: what is missing to 1 is a tenth of what it is for a direct attack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from agent.errors import ConfigError
from agent.events import DIRECTIONS, Direction
from agent.pipeline.pending import Half, ScoredText
from agent.scores import Dimension, ScoreRow
from agent.scoring.base import Scorer, finds_attacks, indirect_category, passage_factor_of
from agent.scoring.results import Answer

__all__ = ["IndirectAttacks", "JudgingCategories"]


class JudgingCategories(NamedTuple):
    """Categories that no scorer gives, as a policy has to know of them (`agent.policy.Judging`)."""

    name: str
    categories: Mapping[str, Dimension]
    directions: frozenset[Direction]


class IndirectAttacks:
    """Gives rows of passages and tool results the category of indirect attacks.

    It takes the place of the scorer's own name as a category, with the same score; of a scorer that has no such
    category it has the highest score. Other categories of attacks (``adversarial.injection``) stay beside it where it
    reaches its threshold: below it a disguise or an imperative in a document is none.

    Parameters
    ----------
    scorers
        All that run; those that find no attacks are left alone.
    configured
        Thresholds by scorer and category that replace the scorers' own.

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

    def __init__(self, scorers: Sequence[Scorer], configured: Mapping[str, Mapping[str, float]] | None = None) -> None:
        finders = [scorer for scorer in scorers if finds_attacks(scorer)]
        self.scorers = tuple(scorer.name for scorer in finders)
        for scorer in finders:
            if indirect_category(scorer.name) in scorer.categories:
                raise ConfigError(f"scorer {scorer.name}: map no label to indirect; where a text came from is known")
        self._thresholds = {
            scorer.name: _threshold(scorer, (configured or {}).get(scorer.name, {})) for scorer in finders
        }
        self._attacks = {
            scorer.name: frozenset(
                category for category, dimension in scorer.categories.items() if dimension == "adversarial"
            )
            for scorer in finders
        }
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
        """By category, that of indirect attacks among them."""
        known = {**scorer.thresholds, **configured}
        if scorer.name in self.scorers:
            known[indirect_category(scorer.name)] = self._thresholds[scorer.name]
        return known

    def telling(self, name: str) -> frozenset[str]:
        """The categories of a scorer that say that there is an attack, not only of what kind or how disguised."""
        own = self._attacks[name]
        return frozenset((name,) if name in own else own) | {indirect_category(name)}

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
        if half.direction == "input" and any(map(_is_of_tool, half.parts)):
            half.answers = [
                self._renamed(answers, "in a tool result") if _is_of_tool(piece) else answers
                for piece, answers in zip(half.parts, half.answers, strict=True)
            ]

    def _renamed(self, answers: dict[str, Answer], where: str) -> dict[str, Answer]:
        renamed = dict(answers)
        for name in self.scorers:
            row = answers.get(name)
            if isinstance(row, ScoreRow) and row.scores:
                renamed[name] = self._indirect(row, name, where)
        return renamed

    def _indirect(self, row: ScoreRow, name: str, where: str) -> ScoreRow:
        category, attacks = indirect_category(name), self._attacks[name]
        own = (name,) if name in attacks else attacks
        total = max((row.scores.get(each, 0.0) for each in own), default=0.0)
        is_one = total >= self._thresholds[name]
        scores = {kind: score for kind, score in row.scores.items() if kind not in attacks or (is_one and kind != name)}
        spans = tuple(
            msgspec.structs.replace(span, category=category, explanation=_told(where, span.explanation))
            if span.category == name
            else span
            for span in row.spans
        )
        scores[category] = total
        return msgspec.structs.replace(row, scores=scores, spans=spans, explanation=_told(where, row.explanation))


def _is_of_tool(piece: ScoredText) -> bool:
    return piece.part.role == "tool"


def _threshold(scorer: Scorer, configured: Mapping[str, float]) -> float:
    category = indirect_category(scorer.name)
    if category in configured:
        return configured[category]
    known = {**scorer.thresholds, **configured}
    return 1.0 - (1.0 - known.get(scorer.name, max(known.values()))) * passage_factor_of(scorer)


def _told(where: str, explanation: str) -> str:
    return f"{where}: {explanation}" if explanation else where
