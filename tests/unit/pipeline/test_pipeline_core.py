"""What the pipeline admits, counts and lets go of, over its public face."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.errors import Backpressure, ScorerError
from agent.events import Payload, TextPart
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, RecordOutcome, build_pipeline
from agent.scores import ScoreRow
from agent.scoring.base import Batch, Scorer
from tests.builders import WordScorer, make_event


class Bench:
    """A pipeline over the word scorer, with its metrics."""

    def __init__(self, *, max_chars: int = 1_000_000, scorers: list[Scorer] | None = None) -> None:
        clock = self.clock = ManualClock(1_700_000_000.0)
        self._scored = Event()
        self.metrics = Metrics(new_registry(), clock=clock)
        self.pipeline: Pipeline = build_pipeline(
            CoreConfig(),
            metrics=self.metrics,
            clock=clock,
            scorers=[WordScorer()] if scorers is None else scorers,
            max_chars=max_chars,
            on_done=self._scored.set,
        )

    def settle(self) -> list[RecordOutcome]:
        """Outcomes of everything in flight; the pipeline stays open."""
        outcomes: list[RecordOutcome] = []
        while self.pipeline.in_flight:
            self._scored.clear()
            outcomes += self.pipeline.poll(drain=True)
            assert not self.pipeline.in_flight or self._scored.wait(10.0)
        return outcomes

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


def test_characters_in_flight_are_bounded_and_one_record_is_always_taken() -> None:
    bench = Bench(max_chars=1000)
    bench.pipeline.submit(Origin("t", 0, 0), 0.0, [make_event(inference_id="long", answer="x" * 5000)])
    assert bench.pipeline.full
    with pytest.raises(Backpressure):
        bench.pipeline.submit(Origin("t", 0, 1), 0.0, [make_event(inference_id="refused")])
    outcomes = bench.settle()
    assert [len(outcome.verdicts) for outcome in outcomes] == [2]
    assert not bench.pipeline.full
    # System prompts and context are not scored, but they are in memory all the same; a duplicate's are not.
    repeated = make_event(inference_id="r", context=("y" * 600,))
    for offset in range(1, 4):
        bench.pipeline.submit(Origin("t", 0, offset), 0.0, [repeated])
        assert not bench.pipeline.full
    bench.pipeline.submit(Origin("t", 0, 4), 0.0, [make_event(inference_id="s", context=("y" * 600,))])
    assert bench.pipeline.full
    assert len(bench.settle()) == 4
    assert not bench.pipeline.full


def test_orphans_from_before_a_restart_are_not_counted_again() -> None:
    bench = Bench()
    half = make_event(answer=None, inference_id="old")
    bench.pipeline.remember(Origin("t", 0, 0), 0.0, [half])
    bench.pipeline.submit(Origin("t", 0, 1), 0.0, [make_event(answer=None, inference_id="new")])
    bench.settle()
    bench.clock.advance(86_400.0)
    bench.pipeline.keep_house()
    assert bench.metrics.total("harmwatch_orphans_total") == 1


@pytest.mark.parametrize("restarted", [False, True])
def test_a_decision_is_counted_with_the_attributes_and_label_of_its_request(restarted: bool) -> None:
    bench = Bench()
    for number in range(20):
        call = {"inference_id": f"r-{number}", "model": "loan", "time": bench.clock.now()}
        person = {"gender": "female" if number % 2 else "male"}
        request = make_event(answer=None, attributes=person, label="approved", **call)
        response = make_event(text=None, output=Payload(decision="approved"), **call)
        take = bench.pipeline.remember if restarted else bench.pipeline.submit
        take(Origin("t", 0, 2 * number), 0.0, [request])
        bench.pipeline.submit(Origin("t", 0, 2 * number + 1), 0.0, [response])
    bench.settle()
    assert bench.metrics.total("harmwatch_decisions_total") == 20
    (reading,) = bench.pipeline.windows.total_measurements()
    (attribute,) = reading.results["bias"].attributes
    assert attribute.attribute == "gender"
    # Slots of a favourable label: the decision was compared with what was true.
    groups = bench.pipeline.windows.totals("loan")["bias"]["gender"]
    assert [sum(groups[name][8:]) for name in ("female", "male")] == [20.0, 20.0]


ROW = Payload(features={"income": 1.0})
APPROVED = Payload(decision="approved")


@pytest.mark.parametrize(
    ("over", "scorers", "without_texts"),
    [
        ({}, None, True),
        ({"input": Payload(texts=(TextPart("hello", "user"),))}, None, False),
        # Texts that nobody reads are texts.
        ({"input": Payload(texts=(TextPart("hello", "user"),))}, [], False),
        ({"context": ("a passage",)}, None, False),
        ({"truncated": True}, None, False),
        ({"redacted": True}, None, False),
        # What was asked has not been seen, and may be a text.
        ({"input": None}, None, False),
    ],
)
def test_a_model_is_without_texts_when_it_is_known_that_no_event_had_one(
    over: dict[str, Any], scorers: list[Scorer] | None, without_texts: bool
) -> None:
    bench = Bench(scorers=scorers)
    for number, more in enumerate([{}, {}, over]):
        event = make_event(inference_id=str(number), **{"input": ROW, "output": APPROVED, **more})
        bench.pipeline.submit(Origin("t", 0, number), 0.0, [event])
    bench.settle()
    (reading,) = bench.pipeline.windows.total_measurements()
    assert reading.results["harm"].events == 3
    assert reading.results["harm"].without_texts is without_texts


def test_halves_without_texts_are_known_once_the_request_is_there() -> None:
    bench = Bench()
    for offset, half in enumerate([{"input": ROW, "output": None}, {"input": None, "output": APPROVED}]):
        bench.pipeline.submit(Origin("t", 0, offset), 0.0, [make_event(**half)])
        bench.settle()
    (reading,) = bench.pipeline.windows.total_measurements()
    assert reading.results["harm"].without_texts


def test_equal_events_inside_one_record_count_once_and_a_replay_of_the_record_is_scored_again() -> None:
    bench = Bench()
    event = make_event(answer="awful")
    for lives in (1, 2):
        bench.pipeline.submit(Origin("t", 0, 0), 0.0, [event, event, event])
        (outcome,) = bench.settle()
        assert [verdict.direction for verdict in outcome.verdicts] == ["input", "output"]
        assert outcome.origin == Origin("t", 0, 0)
        assert bench.metrics.total("harmwatch_duplicates_total") == 2 * lives
    assert bench.metrics.total("harmwatch_harmful_events_total") == 1
    (reading,) = bench.pipeline.windows.total_measurements()
    assert reading.results["harm"].events == 1


def test_both_halves_in_one_record_are_one_event() -> None:
    bench = Bench()
    halves = [make_event(answer=None), make_event(text=None, answer="awful")]
    for _ in range(2):
        bench.pipeline.submit(Origin("t", 0, 0), 0.0, halves)
        (outcome,) = bench.settle()
        assert len(outcome.verdicts) == 2
    assert bench.metrics.total("harmwatch_duplicates_total") == 0
    (reading,) = bench.pipeline.windows.total_measurements()
    assert reading.results["harm"].events == 1


def test_an_event_is_scored_once_per_dimension_and_not_when_its_scorer_failed() -> None:
    class OneFails(WordScorer):
        def score(self, batch: Batch) -> list[ScoreRow]:
            raise ScorerError("it broke")

    clock = ManualClock(1_700_000_000.0)
    metrics = Metrics(new_registry(), clock=clock)
    scorers = [WordScorer(), OneFails("broken", {"x": "leak"}, "privacy")]
    pipeline = build_pipeline(CoreConfig(), metrics=metrics, clock=clock, scorers=scorers)
    for offset in range(40):
        event = make_event(inference_id=f"r-{offset}", text="awful", answer="awful" if offset % 2 else "nice")
        pipeline.submit(Origin("t", 0, offset), 0.0, [event])
    pipeline.close()
    assert len(pipeline.join(10.0)) == 40
    pipeline.terminate()
    assert metrics.rows("harmwatch_scored_events_total") == {("chat", "output"): 40}
    assert metrics.rows("harmwatch_harmful_events_total") == {("chat", "output"): 40}


@pytest.mark.parametrize("span_first", [True, False])
def test_a_call_that_comes_without_its_texts_and_with_them_is_judged_and_counts_once(span_first: bool) -> None:
    bench = Bench()
    told = [make_event(text="", answer="", redacted=True), make_event(answer="an awful answer")]
    for offset, event in enumerate(told if span_first else told[::-1]):
        bench.pipeline.submit(Origin("t", 0, offset), 0.0, [event])
    found = {verdict.direction: verdict for outcome in bench.settle() for verdict in outcome.verdicts if verdict.scores}
    assert len(found["output"].findings) == 1
    assert not found["input"].missing
    totals = {name: bench.metrics.total(f"harmwatch_{name}_total") for name in ("events", "harmful_events", "findings")}
    assert totals == {"events": 1, "harmful_events": 1, "findings": 1}
    assert bench.metrics.total("harmwatch_scored_events_total") == 1
