"""Evidence, marks and readings as the console meets them."""

from __future__ import annotations

from typing import Any

from agent.joining import Origin
from agent.pipeline import RecordOutcome
from agent.scores import Evidence, Finding, Verdict, verdict_id
from agent.windows.base import Component
from agent.windows.engine import Reading
from agent.windows.harm import HarmMeasurement
from streams.console.feedback import Feedback
from streams.web.status import PipelineStatus

__all__ = ["WELL", "finding", "make_mark", "outcome", "reading"]


WELL = PipelineStatus(
    events=1000, events_per_second=10.0, scored=2000, missing_scores=0, dead_letters=0, lag_seconds=0.1, lag_records=0,
    sampling_ratio=1.0, shedding=False, series=10, series_budget=1000,
)  # fmt: skip
"""Of a worker of which there is nothing to tell."""


def finding(category: str = "pii.email", **over: Any) -> Finding:
    fields: dict[str, Any] = {"category": category, "dimension": "privacy", "score": 0.9, "threshold": 0.5}
    return Finding(**(fields | over))


def outcome(inference_id: str, *findings: Finding, model: str = "chat", texts: tuple[str, ...] = ()) -> RecordOutcome:
    """A record with one verdict and its evidence."""
    ident = verdict_id("test", inference_id, "output")
    shared: dict[str, Any] = {
        "id": ident,
        "inference_id": inference_id,
        "source": "test",
        "model": model,
        "direction": "output",
        "time": "2026-11-23T10:00:00.000Z",
        "findings": list(findings or (finding(),)),
    }
    verdict = Verdict(
        **shared, scored_at=shared["time"], scores={}, missing=[], weight=1.0, scorers={"pii": "patterns@2"},
        truncated=False,
    )  # fmt: skip
    return RecordOutcome(Origin("t", 0, 0), [verdict], [Evidence(**shared, texts=list(texts), content_hashes=[])])


def make_mark(number: int, correct: bool = True, **over: Any) -> Feedback:
    fields: dict[str, Any] = {
        "id": f"{number:032x}",
        "category": "toxicity",
        "correct": correct,
        "marked_at": "2026-11-23T10:00:00.000Z",
        "inference_id": f"r-{number}",
        "source": "test",
        "model": "chat",
        "direction": "output",
        "dimension": "output",
        "score": 0.9,
        "threshold": 0.5,
        "scorers": {"toxicity": "builtin@2"},
    }
    return Feedback(**(fields | over))


def reading(model: str = "chat", share: float = 0.1, *, window: float = 60.0, sufficient: bool = True) -> Reading:
    """A window in which three components have the same share."""
    parts = tuple(
        Component(name, share, share / 2, share * 2, 100.0, sufficient) for name in ("output", "privacy", "adversarial")
    )
    some: Any = Component("any", share, share / 2, share * 2, 100.0, sufficient)
    harm = HarmMeasurement(
        events=100, weight=100.0, scored={}, scored_dimensions={part.name: 100.0 for part in parts},
        harmful={}, harmful_any=0.0, any_share=some, categories={}, leaks=0.0, missing=0.0, components=parts,
    )  # fmt: skip
    return Reading(model, window, {"harm": harm})
