"""What the built-in classifiers have in common: one linear model over hashed n-grams, one category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from agent.events import Direction
from agent.scores import Dimension, ScoreRow
from agent.scoring.base import Batch, Lane
from agent.scoring.ngrams import Features, LinearNgramModel, NgramFeaturizer
from agent.scoring.shipped import WARM_UP_TEXTS, check_threshold, threshold_note

__all__ = ["LinearScorer"]


class LinearScorer:
    """Scores texts with a `LinearNgramModel`; Chinese and English. Reads the raw view: the featuriser folds by itself.

    Scorers of this kind whose models hash alike share the features of a batch, which are most of the work.

    Parameters
    ----------
    model
        Path of an artefact (``.npz``); the one shipped with harmwatch when None.
    threshold
        Replaces the artefact's threshold, in (0, 1].

    Raises
    ------
    ConfigError
        When `threshold` is out of range.
    """

    name: str
    category: str
    artefact: ClassVar[str]
    """Name of the model in `agent.models`."""
    dimension: ClassVar[Dimension]
    lane: Lane = "device"
    directions: frozenset[Direction]

    def __init__(self, model: str | Path | None = None, threshold: float | None = None) -> None:
        check_threshold(self.name, threshold)
        self._path = None if model is None else Path(model)
        self._threshold = threshold
        self._loaded: LinearNgramModel | None = None
        self._featurizer: NgramFeaturizer | None = None
        self._features_key = ""
        self._explanation = ""
        self.version = "builtin@1" if self._path is None else "custom@1"
        self.categories: Mapping[str, Dimension] = {self.category: self.dimension}

    @property
    def thresholds(self) -> Mapping[str, float]:
        """By category.

        Reads the artefact when it has to: configuration is checked before anything is warm.

        Raises
        ------
        ModelError
            When the artefact cannot be read.
        """
        return {self.category: self._model().threshold if self._threshold is None else self._threshold}

    def warm_up(self) -> None:
        """Load the model and score a first batch.

        Raises
        ------
        ModelError
            When the artefact is missing or damaged.
        """
        model = self._model()
        if self._featurizer is None:
            self._featurizer = NgramFeaturizer(model.spec)
            # Models that hash differently must not be given each other's features.
            self._features_key = f"ngrams {model.spec}"
            self._explanation = threshold_note(
                shipped=self._path is None, configured=self._threshold, own=model.threshold
            )
        model.predict(self._featurizer(WARM_UP_TEXTS))

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """Score each text; long ones in windows, the highest counts."""
        scores = self.highest(batch).tolist()
        category, explanation = self.category, self._explanation
        return [ScoreRow({category: score}, explanation=explanation) for score in scores]

    def highest(self, batch: Batch) -> NDArray[np.float32]:
        """The scores alone, float32 [texts]: what a cascade asks its screen for."""
        if self._featurizer is None:
            self.warm_up()
        return self._model().predict(batch.shared(self._features_key, self._featurize))

    def _featurize(self, batch: Batch) -> Features:
        assert self._featurizer is not None, "this is a bug: featurising before warm_up"
        return self._featurizer(batch.texts("raw"))

    def _model(self) -> LinearNgramModel:
        if self._loaded is None:
            self._loaded = LinearNgramModel.load(self._path or self.artefact)
            if self._path is not None:
                self.version = f"custom@{self._loaded.version}"
        return self._loaded
