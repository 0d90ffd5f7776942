"""What the executor hands out: results for the pipeline, observations for metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from agent.scores import MissingScore, ScoreRow
from agent.scoring.base import Batch

__all__ = ["Answer", "BatchResult", "ScoringObserver", "SilentObserver"]

Answer: TypeAlias = ScoreRow | MissingScore


@dataclass(frozen=True, slots=True)
class BatchResult:
    """A scored batch.

    Attributes
    ----------
    batch, trigger
        As they were offered.
    rows
        One per item, in order: each scorer that judges the item's direction, with its row or why there is none. A
        scorer that uses the context is absent where there is no context.
    seconds
        What each scorer took; a scorer that was not called (all answers known, or busy) is absent.
    """

    batch: Batch
    trigger: str
    rows: list[dict[str, Answer]]
    seconds: Mapping[str, float]


class ScoringObserver(Protocol):
    """Told what happens in the executor. Called on the polling thread only, so it needs no locks. Must not raise."""

    def batch_scored(self, scorer: str, trigger: str, texts: int, tokens: int, seconds: float) -> None:
        """A scorer was called: how many texts and estimated tokens it was given, and how long it took."""

    def stages_timed(self, scorer: str, stages: Mapping[str, float]) -> None:
        """What that call's time went into, in seconds by stage; only of scorers that can tell."""

    def scorer_failed(self, scorer: str, reason: str, count: int, error_type: str) -> None:
        """`count` items lack this scorer's row; `error_type` is an exception's class, "" when there was none."""

    def scorer_flawed(self, scorer: str, message: str) -> None:
        """A scorer broke its contract; at most one message per scorer and minute. The message holds no payload."""

    def cache_lookups(self, hits: int, lookups: int) -> None:
        """A batch's distinct texts were looked up."""


class SilentObserver:
    """Ignores everything."""

    __slots__ = ()

    def batch_scored(self, scorer: str, trigger: str, texts: int, tokens: int, seconds: float) -> None:
        return

    def stages_timed(self, scorer: str, stages: Mapping[str, float]) -> None:
        return

    def scorer_failed(self, scorer: str, reason: str, count: int, error_type: str) -> None:
        return

    def scorer_flawed(self, scorer: str, message: str) -> None:
        return

    def cache_lookups(self, hits: int, lookups: int) -> None:
        return
