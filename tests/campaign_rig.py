"""A pipeline that looks for campaigns, driven in event time: what the tests and the benchmark of campaigns run on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from threading import Event
from typing import Any

from agent.clock import ManualClock
from agent.config import CampaignsConfig, CoreConfig
from agent.events import InferenceEvent
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from agent.scores import CampaignEvidence, Dimension, ScoreRow
from agent.scoring.base import Batch, Lane, Scorer

__all__ = ["PARTITION", "START", "KnownAttacks", "Rig"]

START = 1_790_000_400.0
PARTITION = ("inference.events", 0)
_KEY = "a key of the tests, long enough"


class KnownAttacks:
    """A scorer that knows which texts are attacks: 1.0 for these, 0.7 for those that only look like some, 0 for the
    rest."""

    name = "adversarial"
    version = "test@1"
    lane: Lane = "host"
    directions = frozenset({"input"})

    def __init__(self, attacks: Collection[str], suspicious: Collection[str] = ()) -> None:
        self.categories: dict[str, Dimension] = {"adversarial": "adversarial"}
        self.thresholds = {"adversarial": 0.9}
        self._attacks = frozenset(attacks)
        self._suspicious = frozenset(suspicious)

    def warm_up(self) -> None: ...

    def score(self, batch: Batch) -> list[ScoreRow]:
        return [ScoreRow({"adversarial": self._score(text)}) for text in batch.texts("raw")]

    def _score(self, text: str) -> float:
        return 1.0 if text in self._attacks else 0.7 if text in self._suspicious else 0.0


class Rig:
    """One worker.

    Attributes
    ----------
    evidence
        What was published of campaigns, in order.
    alerts
        How often an alert on `harmwatch_campaigns_active` went off: of a model and kind, it was 0 or absent, and is
        not.
    """

    def __init__(self, scorers: Sequence[Scorer], *, evidence: bool = True, **campaigns: Any) -> None:
        self.clock = ManualClock(START)
        self.metrics = Metrics(new_registry(), clock=self.clock)
        self._scored = Event()
        config = CoreConfig.model_validate(
            {
                "campaigns": CampaignsConfig(**campaigns),
                "evidence": {"enabled": evidence, "hash_key": _KEY, "keep_texts": False},
            }
        )
        self.pipeline = build_pipeline(
            config,
            metrics=self.metrics,
            clock=self.clock,
            scorers=list(scorers),
            on_done=self._scored.set,
        )
        self.pipeline.warm_up()
        self.evidence: list[CampaignEvidence] = []
        self.alerts = 0
        self._firing: set[tuple[str, ...]] = set()
        self.offset = 0

    def take(self, events: Iterable[InferenceEvent], *, partition: tuple[str, int] = PARTITION) -> None:
        """Judge events, in the order given, one record each."""
        for event in events:
            while self.pipeline.full:
                self._settle()
            self.pipeline.submit(Origin(*partition, self.offset), event.time or START, [event])
            self.offset += 1
        self._settle()

    def _settle(self) -> None:
        while self.pipeline.in_flight:
            self._scored.clear()
            outcomes = self.pipeline.poll(drain=True)
            self.evidence += [campaign for outcome in outcomes for campaign in outcome.campaigns]
            if self.pipeline.in_flight and not outcomes:
                assert self._scored.wait(30.0)

    def look(self, seconds: float = 0.0) -> None:
        """Let wall time pass, and set the gauges."""
        self.clock.advance(seconds)
        self.pipeline.keep_house()
        firing = {place for place, number in self.metrics.rows("harmwatch_campaigns_active").items() if number > 0}
        self.alerts += len(firing - self._firing)
        self._firing = firing

    def raised(self) -> dict[tuple[str, ...], float]:
        """Campaigns raised, by model and kind."""
        return {place: number for place, number in self.metrics.rows("harmwatch_campaigns_total").items() if number}

    def close(self) -> None:
        """Let go of the scoring threads."""
        self.pipeline.terminate()
