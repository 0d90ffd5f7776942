"""A scorer whose findings come with their explanation: the same scores, and spans where it gives none.

It runs where the scorer runs, in its lane: nobody else may use the device. What it may spend is bounded per text, per
second and per call, since a call that overruns its deadline would cost the scores themselves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from agent.clock import Clock
from agent.config import ExplainConfig
from agent.events import Direction
from agent.scores import Dimension, ScoreRow, TextSpan
from agent.scoring.base import Batch, Lane, Scorer, ScoringItem, limits_of, passage_factor_of, signals_of, uses_context
from agent.scoring.explain import Explainer
from agent.scoring.stages import stages_of

__all__ = ["ExplainedScorer"]

_logger = logging.getLogger(__name__)

_WARN_SECONDS: Final = 60.0


class ExplainedScorer:
    """Implements `agent.scoring.base.Scorer` around another scorer.

    Scores are those of the scorer inside. The spans are best effort: under load, or when explaining fails, a row has
    none, which a filter takes as "the whole text".

    Parameters
    ----------
    thresholds
        Given the scorer's name says from which score a category is explained, asked for each batch; the scorer's own
        where it names none.
    """

    def __init__(
        self, inner: Scorer, thresholds: Callable[[str], Mapping[str, float]], config: ExplainConfig, clock: Clock
    ) -> None:
        self._inner = inner
        self._overrides = thresholds
        self._config = config
        self._clock = clock
        self._warn_at = float("-inf")
        self._explainer = Explainer(inner, config.max_evaluations)
        self._purse = _Purse(config.evaluations_per_second, clock)
        self.name: str = inner.name
        self.lane: Lane = inner.lane
        self.directions: frozenset[Direction] = inner.directions
        self.categories: Mapping[str, Dimension] = inner.categories
        self.uses_context = uses_context(inner)
        self.signals = signals_of(inner)
        self.passage_factor = passage_factor_of(inner)

    @property
    def version(self) -> str:
        """That of the scorer inside, which may know it only when its model is loaded."""
        return self._inner.version

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Those of the scorer inside."""
        return self._inner.thresholds

    @property
    def limits(self) -> tuple[str, ...]:
        """Those of the scorer inside, which may know them only when its model is loaded."""
        return limits_of(self._inner)

    def warm_up(self) -> None:
        self._inner.warm_up()

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """The rows of the scorer inside, those with findings explained as far as the allowance goes."""
        rows = list(self._inner.score(batch))
        levels = {**self._inner.thresholds, **self._overrides(self.name)}
        self._purse.open(self._clock.monotonic() + self._config.max_seconds)
        for place, (item, row) in enumerate(zip(batch.items, rows, strict=True)):
            over = _unexplained(row, levels)
            if over:
                rows[place] = self._explained(item, row, over)
        return rows

    def take_stages(self) -> Mapping[str, float]:
        """Those of the scorer inside."""
        return stages_of(self._inner)

    def _explained(self, item: ScoringItem, row: ScoreRow, over: Mapping[str, float]) -> ScoreRow:
        try:
            told = self._explainer.explain(item, row.scores, over, self._purse)
        # The score stands; that it stays unexplained must not cost it.
        except Exception as error:
            if self._clock.monotonic() >= self._warn_at:
                self._warn_at = self._clock.monotonic() + _WARN_SECONDS
                _logger.warning("explanation_failed scorer=%s error=%s", self.name, type(error).__name__)
            return row
        spans: list[TextSpan] = list(row.spans)
        for explanation in told.values():
            first, *others = explanation.spans
            text = f"{row.explanation}; {explanation.text}" if row.explanation else explanation.text
            spans += (msgspec.structs.replace(first, explanation=text), *others)
        spans.sort(key=lambda span: span.start)
        return msgspec.structs.replace(row, spans=tuple(spans))


class _Purse:
    """Evaluations that may be spent: refilled over time up to one second's worth, shut when a call's time is up."""

    def __init__(self, per_second: int, clock: Clock) -> None:
        self._per_second = per_second
        self._clock = clock
        self._held = float(per_second)
        self._filled_at = clock.monotonic()
        self._until = 0.0

    def open(self, until: float) -> None:
        """Spend until this monotonic time."""
        now = self._clock.monotonic()
        self._held = min(float(self._per_second), self._held + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        self._until = until

    def take(self, evaluations: int) -> bool:
        if self._held < evaluations or self._clock.monotonic() > self._until:
            return False
        self._held -= evaluations
        return True


def _unexplained(row: ScoreRow, levels: Mapping[str, float]) -> dict[str, float]:
    """Categories at or over their threshold for which the row says nowhere where, each with the threshold."""
    over = {category: levels[category] for category, score in row.scores.items() if score >= levels[category]}
    if over and row.spans:
        placed = {span.category for span in row.spans}
        return {category: level for category, level in over.items() if category not in placed}
    return over
