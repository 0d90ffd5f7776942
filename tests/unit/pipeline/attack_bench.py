"""A pipeline over a stand-in for the adversarial scorer, for tests of what becomes of attacks."""

from __future__ import annotations

from threading import Event
from typing import Any

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.events import InferenceEvent
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import RecordOutcome, build_pipeline
from agent.scores import Verdict
from agent.scoring.base import Scorer
from tests.builders import WordScorer

__all__ = ["Bench", "attacks", "names"]


def attacks(**words: str) -> WordScorer:
    """Stands in for the adversarial scorer."""
    return WordScorer("adversarial", words or {"Ignore": "adversarial"}, "adversarial", directions=("input",))


class Bench:
    def __init__(self, *scorers: Scorer, filtering: bool = False, **config: Any) -> None:
        clock = self.clock = ManualClock(1_700_000_000.0)
        self.registry = new_registry()
        self._scored = Event()
        metrics = Metrics(self.registry, clock=clock)
        self.pipeline = build_pipeline(
            CoreConfig.model_validate(config),
            metrics=metrics,
            clock=clock,
            scorers=list(scorers),
            filtering=filtering,
            on_done=self._scored.set,
        )
        self.pipeline.warm_up()

    def outcomes(self, *events: InferenceEvent) -> list[RecordOutcome]:
        for offset, event in enumerate(events):
            self.pipeline.submit(Origin("t", 0, offset), 0.0, [event])
        self.pipeline.close()
        return self.pipeline.join(20.0)

    def feed(self, event: InferenceEvent, offset: int = 0) -> list[RecordOutcome]:
        """One record, judged and handed back; the pipeline stays open."""
        self.pipeline.submit(Origin("t", 0, offset), 0.0, [event])
        outcomes: list[RecordOutcome] = []
        while self.pipeline.in_flight:
            self._scored.clear()
            outcomes += self.pipeline.poll(drain=True)
            assert not self.pipeline.in_flight or self._scored.wait(20.0)
        return outcomes

    def verdicts(self, *events: InferenceEvent) -> dict[str, Verdict]:
        return {verdict.direction: verdict for outcome in self.outcomes(*events) for verdict in outcome.verdicts}

    def count(self, metric: str, **labels: str) -> float:
        return self.registry.get_sample_value(metric, labels) or 0.0


def names(verdict: Verdict) -> list[str]:
    return [finding.category for finding in verdict.findings]
