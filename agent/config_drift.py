"""The section ``drift`` of the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from agent.config_base import NamePattern, Section
from agent.events import Direction

__all__ = ["DriftConfig", "EmbeddingsConfig"]


def _unique(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("a name stands there twice")
    return names


class EmbeddingsConfig(Section):
    """With what a sample of texts is embedded for drift: ``built_in``, or a checkpoint's directory. Off when None."""

    encoder: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    share: Annotated[float, Field(ge=1e-6, le=1)] = 0.05
    directions: Annotated[tuple[Direction, ...], Field(min_length=1, max_length=2)] = ("input", "output")
    components: Annotated[int, Field(ge=1, le=32)] = 8
    detectors: Annotated[tuple[Literal["alibi_mmd", "alibi_lsdd"], ...], Field(max_length=2)] = ()
    max_series: Annotated[int, Field(ge=1, le=64)] = 8

    _is_unique = field_validator("detectors")(_unique)

    @model_validator(mode="after")
    def _detectors_have_vectors(self) -> EmbeddingsConfig:
        if self.detectors and self.encoder is None:
            raise ValueError("detectors need vectors: set drift.embeddings.encoder, to built_in for one")
        return self


class DriftConfig(Section):
    """Which scores, decisions and features are compared with a reference. Off: it would learn one of what comes first
    after each start, which is no standard that anybody chose."""

    enabled: bool = False
    features: Annotated[tuple[NamePattern, ...], Field(min_length=1, max_length=100)] = ("*",)
    attributes: Annotated[tuple[str, ...], Field(max_length=6)] = ()
    numbers: Annotated[tuple[Literal["cusum", "ks", "psi"], ...], Field(max_length=8)] = ("cusum",)
    categories: Annotated[tuple[Literal["chi_square", "fisher"], ...], Field(max_length=8)] = ("chi_square",)
    reference: Path | None = None
    first: Annotated[int, Field(ge=20, le=100_000)] = 1_000
    ert_hours: Annotated[float, Field(gt=0, le=1e6)] = 168.0
    events_per_hour: Annotated[float, Field(gt=0, le=1e9)] | None = None
    # Two groups of one attribute have places beside everybody, with all built-in scorers and embeddings.
    max_series: Annotated[int, Field(ge=1, le=1_000)] = 160
    max_models: Annotated[int, Field(ge=1, le=1_000)] = 100
    embeddings: EmbeddingsConfig = EmbeddingsConfig()

    _are_unique = field_validator("numbers", "categories")(_unique)

    @model_validator(mode="after")
    def _vectors_are_watched(self) -> DriftConfig:
        if self.embeddings.encoder is not None and not self.embedded_directions:
            raise ValueError(
                "no name in features takes input.embedding.0 or the like: nothing would look at the vectors of "
                "embeddings.encoder; add input.embedding* or output.embedding*, or leave the encoder out"
            )
        if self.embeddings.detectors and not any(self.watches(name) for name in self.vectors):
            raise ValueError(
                f"no name in features takes {' or '.join(self.vectors)}, which embeddings.detectors watch; "
                "add it, or leave the detectors out"
            )
        return self

    def watches(self, feature: str) -> bool:
        """Whether ``features`` names it."""
        return any(feature.startswith(name[:-1]) if name.endswith("*") else feature == name for name in self.features)

    @property
    def vectors(self) -> list[str]:
        """The features that are whole vectors, watched or not."""
        return [f"{direction}.embedding" for direction in self.embeddings.directions]

    @property
    def components(self) -> list[str]:
        """The features that are components of vectors and are watched."""
        if self.embeddings.encoder is None:
            return []
        names = (f"{vector}.{number}" for vector in self.vectors for number in range(self.embeddings.components))
        return [name for name in names if self.watches(name)]

    @property
    def embedded_directions(self) -> list[Direction]:
        """Of which halves a vector is needed: for its components, or for detectors of vectors."""
        needed = [*self.components, *(self.vectors if self.embeddings.detectors else ())]
        return [
            direction
            for direction in self.embeddings.directions
            if any(self.watches(name) for name in needed if name.startswith(f"{direction}."))
        ]
