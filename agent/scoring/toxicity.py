"""Toxicity: insults, threats, hatred and obscenity in what people and models say."""

from __future__ import annotations

from typing import ClassVar

from agent.events import Direction
from agent.scores import Dimension
from agent.scoring.linear import LinearScorer

__all__ = ["ToxicityScorer"]


class ToxicityScorer(LinearScorer):
    """The built-in toxicity classifier, for both directions. Options and errors: see `LinearScorer`."""

    name = "toxicity"
    category: ClassVar[str] = "toxicity"
    dimension: ClassVar[Dimension] = "output"
    directions: frozenset[Direction] = frozenset({"input", "output"})
