"""Harm in what people and models say (insults, threats, hatred, obscenity, harmful content): the built-in encoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.errors import ConfigError
from agent.events import Direction
from agent.scores import Dimension, ScoreRow
from agent.scoring.base import Batch, Lane
from agent.scoring.compact import HarmClassifier
from agent.scoring.compact.artefact import VERSION
from agent.scoring.shipped import WARM_UP_TEXTS, check_threshold, threshold_note

__all__ = ["EncoderClassifier"]


class EncoderClassifier:
    """The built-in encoders, for both directions; English and Chinese, other languages less well. Reads the raw view,
    and undoes disguises by itself.

    They fill the slot ``toxicity``: about 0.08 milliseconds a token on one core (`NgramClassifier` is faster and much
    worse on texts of a kind that it was not trained on).

    Parameters
    ----------
    model
        Path of an artefact (``.zip``); the one shipped with harmwatch when None.
    threshold
        Replaces the artefact's threshold, in (0, 1].
    threads
        Threads of one pass; more than one takes cores from a model server beside it.
    max_windows
        Windows of 94 tokens that are looked at in one text, at least 2; a longer text keeps its beginning and its end.
    slot
        The scorer's name, and that of its category.

    Raises
    ------
    ConfigError
        When an option is out of range.
    """

    lane: Lane = "device"
    directions: frozenset[Direction] = frozenset({"input", "output"})

    def __init__(
        self,
        model: str | Path | None = None,
        threshold: float | None = None,
        threads: int = 1,
        max_windows: int = 64,
        slot: str = "encoder",
    ) -> None:
        check_threshold(slot, threshold)
        for option, value, least, most in (("threads", threads, 1, 256), ("max_windows", max_windows, 2, 100_000)):
            if type(value) is not int or not least <= value <= most:
                raise ConfigError(f"scorer {slot}: {option} must be a whole number from {least} to {most}")
        self.name = slot
        self._path = None if model is None else Path(model)
        self._threshold = threshold
        self._threads = threads
        self._max_windows = max_windows
        self._loaded: HarmClassifier | None = None
        self.categories: Mapping[str, Dimension] = {slot: "output"}

    @property
    def version(self) -> str:
        """``builtin@2``; of a file of one's own ``custom@`` and its version once it is loaded."""
        if self._path is None:
            return f"builtin@{VERSION}"
        return "custom@1" if self._loaded is None else f"custom@{self._loaded.version}"

    @property
    def thresholds(self) -> Mapping[str, float]:
        """By category.

        Raises
        ------
        ModelError
            When the artefact cannot be read.
        """
        return {self.name: self._model().threshold if self._threshold is None else self._threshold}

    def warm_up(self) -> None:
        """Load the networks and score a first batch.

        Raises
        ------
        ModelError
            When the artefact is missing or damaged, or ONNX Runtime is.
        """
        self._model().scores(WARM_UP_TEXTS)

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """Score each text; long ones in windows."""
        scores, truncated = self._model().scores(batch.texts("raw"))
        shipped, own = self._path is None, self._model().threshold
        explanation = threshold_note(shipped=shipped, configured=self._threshold, own=own)
        return [
            ScoreRow({self.name: score}, explanation=explanation, truncated=cut)
            for score, cut in zip(scores.tolist(), truncated, strict=True)
        ]

    def _model(self) -> HarmClassifier:
        if self._loaded is None:
            self._loaded = HarmClassifier(self._path, self._threads, self._max_windows)
        return self._loaded
