"""Insults, threats, hatred and obscenity by hashed n-grams: tens of microseconds a text; the encoders take thousands.

They know the words of their training sources and little else: on sources of another kind they fall behind the encoders
far (docs/quality.md). For floods that a few cores cannot read otherwise.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from agent.events import Direction
from agent.scores import Dimension
from agent.scoring.linear import LinearScorer

__all__ = ["NgramClassifier"]


class NgramClassifier(LinearScorer):
    """The built-in n-gram classifier of toxicity, for both directions.

    Parameters
    ----------
    model, threshold
        See `LinearScorer`.
    slot
        The scorer's name, and that of its category.
    """

    artefact: ClassVar[str] = "toxicity"
    dimension: ClassVar[Dimension] = "output"
    directions: frozenset[Direction] = frozenset({"input", "output"})

    def __init__(self, model: str | Path | None = None, threshold: float | None = None, slot: str = "ngrams") -> None:
        self.name = self.category = slot
        super().__init__(model, threshold)
        if model is None:
            self.version = "ngrams@1"
