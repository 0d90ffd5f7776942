"""Leaks and echoes are counted apart, and the alert is about leaks."""

from __future__ import annotations

import pytest

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from agent.scoring.pii import PiiScorer
from tests.builders import make_event


@pytest.mark.parametrize(
    ("asked", "answer", "expected"),
    [
        ("Who is it?", "Ask ann@b.example.", {("m", "pii.email", "leak"): 1.0}),
        ("I am ann@b.example", "Hello Ann@B.example!", {("m", "pii.email", "echo"): 1.0}),
        (None, "Ask ann@b.example.", {("m", "pii.email", "unknown"): 1.0}),
        ("I am ann@b.example", "Hello!", {}),
        (
            "I am ann@b.example",
            "Hello ann@b.example, call 13800138000.",
            {("m", "pii.email", "echo"): 1.0, ("m", "pii.phone", "leak"): 1.0},
        ),
    ],
)
def test_by_origin(asked: str | None, answer: str, expected: dict[tuple[str, ...], float]) -> None:
    clock = ManualClock(1_700_000_000.0)
    metrics = Metrics(new_registry(), clock=clock)
    config = CoreConfig.model_validate({"evidence": {"hash_key": "a key of the tests"}})
    pipeline = build_pipeline(config, metrics=metrics, clock=clock, scorers=[PiiScorer()])
    pipeline.submit(Origin("t", 0, 0), 0.0, [make_event(model="m", text=asked, answer=answer)])
    pipeline.close()
    pipeline.join(30.0)
    pipeline.terminate()
    assert metrics.rows("harmwatch_disclosures_total") == expected
