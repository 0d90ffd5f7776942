"""Adversarial input: prompt injection, jailbreaks, and text disguised to get past other checks."""

from __future__ import annotations

from typing import ClassVar

from agent.events import Direction
from agent.scores import Dimension
from agent.scoring.linear import LinearScorer

__all__ = ["AdversarialScorer"]


class AdversarialScorer(LinearScorer):
    """The built-in classifier of adversarial input. Options and errors: see `LinearScorer`."""

    name = "adversarial"
    category = "adversarial"
    artefact: ClassVar[str] = "adversarial"
    dimension: ClassVar[Dimension] = "adversarial"
    directions: frozenset[Direction] = frozenset({"input"})
