"""Small real scorers that misbehave on command, and an observer that remembers. No sleeping: gates and events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent.events import Direction, TextPart
from agent.scores import Dimension, MissingScore, ScoreRow
from agent.scoring.base import Batch, Lane, ScoringItem
from agent.scoring.executor import Answer, BatchResult, Executor

BOTH: frozenset[Direction] = frozenset({"input", "output"})
INPUT: frozenset[Direction] = frozenset({"input"})
OUTPUT: frozenset[Direction] = frozenset({"output"})

WAIT_SECONDS = 20.0
"""How long a test waits for a thread before it fails; never reached when all is well."""


def make_item(text: str, direction: Direction = "input") -> ScoringItem:
    return ScoringItem(TextPart(text), direction, str.casefold)


def make_batch(*texts: str, direction: Direction = "input") -> Batch:
    return Batch([make_item(text, direction) for text in texts])


def length_row(text: str) -> ScoreRow:
    """The row that fakes give: it depends on the text, so that mixed-up rows are seen."""
    return ScoreRow({"fake": min(len(text), 100) / 100})


class FakeScorer:
    """Gives `length_row`, or what `answer` says."""

    def __init__(
        self,
        name: str = "fake",
        *,
        lane: Lane = "host",
        directions: frozenset[Direction] = BOTH,
        answer: Callable[[Batch], Any] | None = None,
    ) -> None:
        self.name = name
        self.version = "fake@1"
        self.categories: Mapping[str, Dimension] = {"fake": "output"}
        self.thresholds: Mapping[str, float] = {"fake": 0.5}
        self.lane: Lane = lane
        self.directions = directions
        self.warm = 0
        self.batches: list[Batch] = []
        self.threads: list[int] = []
        self._answer = answer

    @property
    def seen(self) -> list[list[str]]:
        return [batch.texts("raw") for batch in self.batches]

    def warm_up(self) -> None:
        self.warm += 1

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        self.batches.append(batch)
        self.threads.append(threading.get_ident())
        if self._answer is not None:
            answer: Sequence[ScoreRow] = self._answer(batch)
            return answer
        return [length_row(text) for text in batch.texts("raw")]


class GatedScorer(FakeScorer):
    """Stays in `score` until its gate is opened."""

    def __init__(self, name: str = "gated", **options: Any) -> None:
        super().__init__(name, **options)
        self.entered = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)
        self.left = threading.Semaphore(0)

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        self.entered.release()
        assert self.gate.acquire(timeout=WAIT_SECONDS)
        try:
            return super().score(batch)
        finally:
            self.left.release()

    def wait_entered(self) -> None:
        assert self.entered.acquire(timeout=WAIT_SECONDS), f"{self.name} was not called"


class RecordingObserver:
    """Remembers what it is told, and on which threads."""

    def __init__(self) -> None:
        self.scored: list[tuple[str, str, int, int]] = []
        self.failed: list[tuple[str, str, int, str]] = []
        self.flaws: list[tuple[str, str]] = []
        self.lookups: list[tuple[int, int]] = []
        self.stages: list[tuple[str, dict[str, float]]] = []
        self.threads: set[int] = set()

    def batch_scored(self, scorer: str, trigger: str, texts: int, tokens: int, seconds: float) -> None:
        assert seconds >= 0.0
        self.scored.append((scorer, trigger, texts, tokens))
        self.threads.add(threading.get_ident())

    def stages_timed(self, scorer: str, stages: Mapping[str, float]) -> None:
        self.stages.append((scorer, dict(stages)))
        self.threads.add(threading.get_ident())

    def scorer_failed(self, scorer: str, reason: str, count: int, error_type: str) -> None:
        self.failed.append((scorer, reason, count, error_type))
        self.threads.add(threading.get_ident())

    def scorer_flawed(self, scorer: str, message: str) -> None:
        self.flaws.append((scorer, message))
        self.threads.add(threading.get_ident())

    def cache_lookups(self, hits: int, lookups: int) -> None:
        self.lookups.append((hits, lookups))
        self.threads.add(threading.get_ident())


class Bell:
    """An `on_done` that can be waited for."""

    def __init__(self) -> None:
        self.rings = threading.Semaphore(0)

    def __call__(self) -> None:
        self.rings.release()

    def wait(self) -> None:
        assert self.rings.acquire(timeout=WAIT_SECONDS), "no batch was completed"


def run(executor: Executor, *batches: Batch, trigger: str = "count") -> list[BatchResult]:
    """Offer batches and wait for all results."""
    results: list[BatchResult] = []
    for batch in batches:
        assert executor.offer(batch, trigger)
        assert executor.join(WAIT_SECONDS)
        results += executor.poll()
    return results


def reasons(result: BatchResult, scorer: str) -> list[str]:
    """For each item: why the scorer's row is missing, "" when it is there, "-" when it was not asked."""

    def reason(answer: Answer | None) -> str:
        if answer is None:
            return "-"
        return answer.reason if isinstance(answer, MissingScore) else ""

    return [reason(row.get(scorer)) for row in result.rows]
