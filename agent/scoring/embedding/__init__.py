"""Vectors of texts, to look for drift in what they are about. A measure and no harm: nothing judges by it.

Runs beside the scorers in the executor, on a sample of the texts, and stands in none of their tables, as sentiment does
(`agent.scoring.sentiment`). What comes of it goes to drift alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from agent.errors import ConfigError
from agent.events import Direction
from agent.scores import Dimension, ScoreRow
from agent.scoring.base import Batch, Lane
from agent.scoring.embedding.built_in import BuiltInEmbedding
from agent.scoring.embedding.checkpoint import CheckpointEmbedding
from agent.scoring.shipped import WARM_UP_TEXTS

__all__ = [
    "BUILT_IN",
    "NAME",
    "EmbeddedText",
    "EmbeddingMeasure",
    "TextEncoder",
    "Vector",
    "load_embedding",
    "unit_vector",
]

NAME = "embedding"
BUILT_IN = "built_in"

Vector: TypeAlias = NDArray[np.float32]


class EmbeddedText(ScoreRow, frozen=True):
    """A row that is not judged, with the vector of its text.

    Attributes
    ----------
    vector
        Float32, of length 1; None for a text without tokens.
    """

    vector: Any = None


class TextEncoder(Protocol):
    """Texts to vectors. Heavy packages and weights load in `warm_up`."""

    version: str

    def warm_up(self) -> None: ...

    def vectors(self, texts: Sequence[str]) -> tuple[Sequence[Vector | None], Sequence[bool]]:
        """A vector of each text, None for one without tokens; and whether part of the text was not looked at."""


class EmbeddingMeasure:
    """A scorer for the executor that embeds the texts of the sample. A text's vector does not depend on its neighbours
    but for rounding.

    Its rows are not judged (`agent.pipeline.judge` does not know it): they make no finding, no score of a verdict and
    no share.
    """

    name = NAME
    lane: Lane = "device"
    directions: frozenset[Direction] = frozenset(("input", "output"))
    only_sampled = True
    categories: Mapping[str, Dimension] = {}
    thresholds: Mapping[str, float] = {}

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self.version = encoder.version

    def warm_up(self) -> None:
        """Load the encoder and embed a first batch.

        Raises
        ------
        ConfigError, ModelError
            When it, or a package that it needs, is not there.
        """
        self._encoder.warm_up()
        self._encoder.vectors(WARM_UP_TEXTS)

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """One `EmbeddedText` for each text."""
        vectors, truncated = self._encoder.vectors(batch.texts("raw"))
        return [
            EmbeddedText({}, truncated=cut, judged=False, vector=None if vector is None else unit_vector(vector))
            for vector, cut in zip(vectors, truncated, strict=True)
        ]


def unit_vector(vector: Vector) -> Vector | None:
    """Of length 1: how long a vector is says how long its text is, and how sure its encoder."""
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if 0.0 < length < float("inf") else None


def load_embedding(encoder: str) -> EmbeddingMeasure:
    """Make the measure; loads nothing.

    Parameters
    ----------
    encoder
        ``built_in``, or the directory of a checkpoint of Hugging Face's transformers.

    Raises
    ------
    ConfigError
        When there is no such directory, or the packages are missing that it needs.
    """
    if not encoder.strip():
        raise ConfigError(
            f"drift.embeddings.encoder: is empty; set it to {BUILT_IN} or to the directory of a checkpoint"
        )
    return EmbeddingMeasure(BuiltInEmbedding() if encoder == BUILT_IN else CheckpointEmbedding(encoder))
