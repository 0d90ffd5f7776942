"""The executor's observer: counts into the metrics, and tells the log without payload, at most once a minute."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from agent.clock import Clock
from agent.metrics import Metrics

__all__ = ["MetricsObserver"]

_logger = logging.getLogger(__name__)
_LOG_INTERVAL_SECONDS = 60.0


class MetricsObserver:
    """Implements `agent.scoring.executor.ScoringObserver`.

    Missing scores are not counted here but by verdict, in the pipeline: an item is not what the metric counts.
    """

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._told_at: dict[tuple[str, str], float] = {}

    def batch_scored(self, scorer: str, trigger: str, texts: int, tokens: int, seconds: float) -> None:
        self._metrics.batch(scorer, trigger, texts, tokens)
        self._metrics.stage(f"score_{scorer}", seconds)

    def stages_timed(self, scorer: str, stages: Mapping[str, float]) -> None:
        for stage, seconds in stages.items():
            self._metrics.stage(f"score_{scorer}_{stage}", seconds)

    def scorer_failed(self, scorer: str, reason: str, count: int, error_type: str) -> None:
        key = (scorer, reason)
        now = self._clock.monotonic()
        if now - self._told_at.get(key, -_LOG_INTERVAL_SECONDS) >= _LOG_INTERVAL_SECONDS:
            self._told_at[key] = now
            _logger.warning("scores_missing scorer=%s reason=%s texts=%d error=%s", scorer, reason, count, error_type)

    def scorer_flawed(self, scorer: str, message: str) -> None:
        _logger.error("scorer_flawed scorer=%s %s", scorer, message)

    def cache_lookups(self, hits: int, lookups: int) -> None:
        self._metrics.cache_lookups("hit", hits)
        self._metrics.cache_lookups("miss", lookups - hits)
