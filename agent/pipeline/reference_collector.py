"""Collects what a reference for drift is made of, from events that go through the pipeline as those of a worker do."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from random import Random

from agent.drift.reference import Reference
from agent.drift.reference_file import References, Sample
from agent.pipeline.drifts import WatchedFeatures
from agent.pipeline.embeddings import vector_of
from agent.pipeline.judge import Judgement
from agent.pipeline.pending import Half

__all__ = ["ReferenceCollector"]

#: Of a feature's values so many are kept, drawn at random: some megabytes for all series together.
_MOST_VALUES = 20_000


class ReferenceCollector:
    """A bounded sample of each feature of each model.

    Parameters
    ----------
    most_series
        Features of all models together; those that come later are left out and counted.

    Attributes
    ----------
    halves
        Seen so far.
    left_out
        Values of features beyond the bound, and of features that are a number here and a category there.
    """

    def __init__(self, features: WatchedFeatures, most_series: int = 256, seed: int = 0) -> None:
        self._features = features
        self._most_series = most_series
        self._draw = Random(seed)
        self._samples: dict[tuple[str, str], Sample] = {}
        self.halves = 0
        self.left_out = 0

    def note(self, half: Half, judgement: Judgement) -> Sequence[tuple[str, float | str]]:
        """See `agent.pipeline.drifts.HalfWatcher`."""
        self.halves += 1
        for feature, value in self._features.of(half, judgement, vector_of(half, self._missed)):
            if not isinstance(value, str) and not isfinite(value):
                continue
            key = (half.call.model, feature)
            sample = self._samples.get(key)
            if sample is None and len(self._samples) < self._most_series:
                sample = self._samples[key] = Sample(not isinstance(value, str), self._draw, _MOST_VALUES)
            if sample is None or sample.is_number is isinstance(value, str):
                self.left_out += 1
            else:
                sample.add(value)
        return ()

    def _missed(self, scorer: str, reason: str) -> None:
        """Its texts are in no reference; scores that are missing are not either."""

    def look(self) -> None:
        """See `agent.pipeline.drifts.HalfWatcher`."""

    def close(self) -> None:
        """See `agent.pipeline.drifts.HalfWatcher`."""

    @property
    def values(self) -> dict[str, dict[str, int]]:
        """How many there were, by model and feature."""
        found: dict[str, dict[str, int]] = {}
        for (model, feature), sample in self._samples.items():
            found.setdefault(model, {})[feature] = sample.seen
        return found

    def references(self) -> References:
        """One of each feature, by model."""
        models: dict[str, dict[str, Reference]] = {}
        for (model, feature), sample in self._samples.items():
            models.setdefault(model, {})[feature] = sample.reference()
        return References(models=models)
