"""What the pipeline admits, counts and lets go of, over its public face."""

from __future__ import annotations

from agent.clock import SystemClock
from agent.config import CoreConfig
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, RecordOutcome, build_pipeline
from tests.builders import WordScorer, make_event


class Bench:
    """A pipeline over the word scorer, with its metrics."""

    def __init__(self) -> None:
        clock = SystemClock()
        self.metrics = Metrics(new_registry(), clock=clock)
        self.pipeline: Pipeline = build_pipeline(
            CoreConfig(), metrics=self.metrics, clock=clock, scorers=[WordScorer()]
        )

    def finish(self) -> list[RecordOutcome]:
        self.pipeline.close()
        return self.pipeline.join(10.0)


def test_several_partitions_are_forgotten_at_once() -> None:
    bench = Bench()
    for partition in range(4):
        bench.pipeline.submit(Origin("t", partition, 0), 0.0, [make_event(inference_id=f"r-{partition}")])
    bench.pipeline.windows.advance(("t", 2), 7)
    bench.pipeline.windows.advance(("t", 3), 7)
    bench.pipeline.forget({("t", 0), ("t", 2)})
    assert [outcome.origin.partition for outcome in bench.finish()] == [1, 3]
    assert bench.pipeline.windows.covered(("t", 2)) == 0
    assert bench.pipeline.windows.covered(("t", 3)) == 7
