"""A scorer whose scores are calibrated. It wraps any scorer, and no scorer knows about it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from agent.calibration import Calibration, advised_negatives
from agent.errors import ConfigError, ModelError
from agent.events import Direction
from agent.scores import Dimension, ScoreRow
from agent.scoring.base import Batch, Lane, Scorer, limits_of, passage_factor_of, signals_of, uses_context
from agent.scoring.stages import stages_of

__all__ = ["CalibratedScorer"]

_logger = logging.getLogger(__name__)


class CalibratedScorer:
    """Gives the calibrated scores of another scorer, with the calibration's threshold for all of its categories.

    Signals (`signals_of`) stay as they are. One map for all other categories: it was fitted to the highest of a text's
    scores, and since it is monotone the highest stays the highest.

    Parameters
    ----------
    inner
        The scorer. Its thresholds are asked for here: with some scorers that reads the model, and settles the version.

    Raises
    ------
    ConfigError
        When the calibration was made with another scorer or another version of it.
    """

    lane: Lane
    directions: frozenset[Direction]

    def __init__(self, inner: Scorer, calibration: Calibration) -> None:
        self.name = inner.name
        self.lane = inner.lane
        self.directions = inner.directions
        self.categories: Mapping[str, Dimension] = inner.categories
        self.uses_context = uses_context(inner)
        self.signals = signals_of(inner)
        self.passage_factor = passage_factor_of(inner)
        self.thresholds: Mapping[str, float] = {
            category: limit if category in self.signals else calibration.threshold.value
            for category, limit in inner.thresholds.items()
        }
        self._inner = inner
        self._calibration = calibration
        # Without the threshold, which the configuration may set and the finding tells.
        self._suffix = "calibrated"
        mismatch = self._mismatch()
        if mismatch:
            raise ConfigError(mismatch)
        # A verdict says which calibration its scores went through: builtin@1-cal.3f2a91bc.
        self.version = f"{inner.version}-cal.{calibration.mark}"

    @property
    def limits(self) -> tuple[str, ...]:
        """Those of the scorer inside, which may know them only when its model is loaded, and what is to be known of a
        calibration with few texts."""
        caution = self._calibration.caution
        return (*limits_of(self._inner), f"calibration: {caution}") if caution else limits_of(self._inner)

    def warm_up(self) -> None:
        """Warm up the scorer.

        Raises
        ------
        ModelError
            As the scorer does, and when loading its weights showed that they are of another version.
        """
        self._inner.warm_up()
        mismatch = self._mismatch()
        if mismatch:
            raise ModelError(mismatch)
        if self._calibration.caution:
            negatives, advised = self._calibration.threshold.negatives, advised_negatives(self._calibration.target_fpr)
            _logger.warning("calibration_of_few_texts scorer=%s negatives=%d advised=%d", self.name, negatives, advised)

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """The scorer's rows with calibrated scores, of spans too."""
        rows = self._inner.score(batch)
        signals = self.signals
        raw = [score for row in rows for category, score in row.scores.items() if category not in signals]
        raw += [span.score for row in rows for span in row.spans if span.category not in signals]
        calibrated = iter(self._calibration.apply(np.array(raw, np.float64)).tolist())
        scores = [
            {category: score if category in signals else next(calibrated) for category, score in row.scores.items()}
            for row in rows
        ]
        of_spans = [
            [span.score if span.category in signals else next(calibrated) for span in row.spans] for row in rows
        ]
        return [self._row(*each) for each in zip(rows, scores, of_spans, strict=True)]

    def take_stages(self) -> Mapping[str, float]:
        """Those of the scorer inside."""
        return stages_of(self._inner)

    def _row(self, row: ScoreRow, scores: Mapping[str, float], of_spans: Sequence[float]) -> ScoreRow:
        spans = tuple(
            msgspec.structs.replace(span, score=score) for span, score in zip(row.spans, of_spans, strict=True)
        )
        explanation = f"{self._suffix} (uncalibrated: {row.explanation})" if row.explanation else self._suffix
        return msgspec.structs.replace(row, scores=scores, spans=spans, explanation=explanation)

    def _mismatch(self) -> str:
        """What does not fit, one line; "" when all does."""
        made_with = (self._calibration.scorer, self._calibration.scorer_version)
        if made_with == (self._inner.name, self._inner.version):
            return ""
        return (
            f"scorers.{self._inner.name}.calibration: was made with {made_with[0]} {made_with[1]}, the scorer is "
            f"{self._inner.name} {self._inner.version}; recalibrate with harmwatch calibrate"
        )
