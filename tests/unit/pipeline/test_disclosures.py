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


@pytest.mark.parametrize("request_again", [False, True])
def test_an_echo_that_is_judged_again_after_a_rebalance_is_no_leak(request_again: bool) -> None:
    """What was asked is let go of once the answer is judged. The answer's partition goes and comes back, and with it an
    answer that was not committed: that nothing is known of its request any more does not mean that nothing was asked.
    """
    clock = ManualClock(1_700_000_000.0)
    config = CoreConfig.model_validate({"evidence": {"hash_key": "a key of the tests"}})
    pipeline = build_pipeline(config, metrics=Metrics(new_registry(), clock=clock), clock=clock, scorers=[PiiScorer()])
    asked = make_event(model="m", text="I am ann@b.example", answer=None)
    answered = make_event(model="m", text=None, answer="Hello ann@b.example!")

    def verdict_on_the_answer() -> bool | None:
        pipeline.submit(Origin("t", 1, 0), 0.0, [answered])
        while pipeline.in_flight:
            for outcome in pipeline.poll(drain=True):
                findings = [finding for verdict in outcome.verdicts for finding in verdict.findings]
        (finding,) = findings
        return finding.leaked

    pipeline.submit(Origin("t", 0, 0), 0.0, [asked])
    assert verdict_on_the_answer() is False
    pipeline.forget([("t", 1)])
    if request_again:
        pipeline.submit(Origin("t", 0, 0), 0.0, [asked])
    assert verdict_on_the_answer() is (False if request_again else None)
    pipeline.terminate()
