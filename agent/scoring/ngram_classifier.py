"""The fast classifiers: linear models over hashed n-grams, for traffic that the built-in encoders cannot keep up with."""

from __future__ import annotations

from pathlib import Path

from agent.errors import ConfigError
from agent.events import Direction
from agent.scores import Dimension
from agent.scoring.linear import LinearScorer

__all__ = ["NgramScorer"]

_DIMENSIONS: dict[str, Dimension] = {"toxicity": "output", "adversarial": "adversarial"}


class NgramScorer(LinearScorer):
    """Fills the slot ``toxicity`` or ``adversarial`` with the n-gram model of that name.

    Some fifty microseconds a text. On sources that it was not trained on it is much weaker than the encoders: see
    both cards. Other options and errors: see `LinearScorer`.

    Raises
    ------
    ConfigError
        When there is no n-gram model for the slot.
    """

    def __init__(
        self, model: str | Path | None = None, threshold: float | None = None, slot: str = "toxicity"
    ) -> None:
        dimension = _DIMENSIONS.get(slot)
        if dimension is None:
            raise ConfigError(f"scorer {slot}: the kind ngrams fills {' and '.join(_DIMENSIONS)} only")
        self.name = slot
        self.category = slot
        self.dimension = dimension
        self.directions: frozenset[Direction] = frozenset({"input"} if slot == "adversarial" else {"input", "output"})
        super().__init__(model, threshold)
        self.version = "ngrams@1" if model is None else "custom@1"
