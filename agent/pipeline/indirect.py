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


class _Finder(NamedTuple):
    """What is known of a scorer that finds attacks.

    Attributes
    ----------
    category, threshold
        Of indirect attacks.
    attacks
        Its categories of attacks.
    own
        Those of which the highest score is that of an attack: the one of its own name, or all when there is none.
    telling
        ``own``, and that of indirect attacks.
    """

    category: str
    threshold: float
    attacks: frozenset[str]
    own: frozenset[str]
    telling: frozenset[str]


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
        self._configured = configured or {}
        self._finders: dict[str, _Finder] = {}
        for scorer in finders:
            category = indirect_category(scorer.name)
            if category in scorer.categories:
                raise ConfigError(f"scorer {scorer.name}: map no label to indirect; where a text came from is known")
            attacks = frozenset(each for each, dimension in scorer.categories.items() if dimension == "adversarial")
            own = frozenset((scorer.name,)) if scorer.name in attacks else attacks
            threshold = _threshold(scorer, self._configured.get(scorer.name, {}))
            self._finders[scorer.name] = _Finder(category, threshold, attacks, own, own | {category})
        self.judging = tuple(
            JudgingCategories(name, {indirect_category(name): "adversarial"}, frozenset(DIRECTIONS))
            for name in self.scorers
        )

    def categories(self, scorer: Scorer) -> Mapping[str, Dimension]:
        """A scorer's categories, and that of indirect attacks if it finds any."""
        finder = self._finders.get(scorer.name)
        return scorer.categories if finder is None else {**scorer.categories, finder.category: "adversarial"}

    def thresholds(self, scorer: Scorer) -> Mapping[str, float]:
        """By category, configured ones in the place of the scorer's own; that of indirect attacks among them."""
        known = {**scorer.thresholds, **self._configured.get(scorer.name, {})}
        finder = self._finders.get(scorer.name)
        return known if finder is None else {**known, finder.category: finder.threshold}

    def telling(self, name: str) -> frozenset[str]:
        """The categories of a scorer that say that there is an attack, not only of what kind or how disguised."""
        return self._finders[name].telling

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
        finder = self._finders[name]
        total = max(row.scores.get(each, 0.0) for each in finder.own)
        is_one = total >= finder.threshold
        scores = {
            kind: score for kind, score in row.scores.items() if kind not in finder.attacks or (is_one and kind != name)
        }
        spans = tuple(
            msgspec.structs.replace(span, category=finder.category, explanation=_told(where, span.explanation))
            if span.category == name
            else span
            for span in row.spans
        )
        scores[finder.category] = total
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
