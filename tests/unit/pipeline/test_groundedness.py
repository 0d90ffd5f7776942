"""Groundedness through the pipeline: whichever half the context comes with, over a restart, and what is counted."""

from __future__ import annotations

from typing import Any

import pytest

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.events import InferenceEvent, Payload, TextPart
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, build_pipeline
from agent.scores import Verdict
from agent.scoring.grounding import GroundednessScorer
from tests.builders import WordScorer, make_event

PASSAGES = ("The clinic opens at 8.", "It has 12 rooms.")
CATEGORY = "misleading.ungrounded"


class Bench:
    """A pipeline over the groundedness scorer and one that scores everything."""

    def __init__(self, **options: Any) -> None:
        clock = ManualClock(1_700_000_000.0)
        self.metrics = Metrics(new_registry(), clock=clock)
        scorers = [GroundednessScorer(**options), WordScorer()]
        self.pipeline: Pipeline = build_pipeline(CoreConfig(), metrics=self.metrics, clock=clock, scorers=scorers)

    def verdicts(self, *events: InferenceEvent) -> dict[str, Verdict]:
        """By direction, of the records that hold one event each."""
        for offset, event in enumerate(events, 100):
            self.pipeline.submit(Origin("t", 0, offset), 0.0, [event])
        self.pipeline.close()
        outcomes = self.pipeline.join(20.0)
        self.pipeline.terminate()
        return {verdict.direction: verdict for outcome in outcomes for verdict in outcome.verdicts}


def request(**over: Any) -> InferenceEvent:
    return make_event(text="When does it open?", answer=None, **over)


def response(answer: str = "It opens at 9.", **over: Any) -> InferenceEvent:
    return make_event(text=None, answer=answer, **over)


def whole(answer: str = "It opens at 9.", **over: Any) -> InferenceEvent:
    return make_event(text="When does it open?", answer=answer, **over)


@pytest.mark.parametrize(
    "events",
    [
        (whole(context=PASSAGES),),
        (request(context=PASSAGES), response()),
        (request(), response(context=PASSAGES)),
        (request(context=PASSAGES[:1]), response(context=PASSAGES[1:])),
        (response(context=PASSAGES), request()),
    ],
)
def test_the_context_may_come_with_either_half(events: tuple[InferenceEvent, ...]) -> None:
    verdict = Bench().verdicts(*events)["output"]
    assert verdict.scores["groundedness"] == 1.0
    (finding,) = verdict.findings
    assert (finding.category, finding.dimension, finding.leaked) == (CATEGORY, "output", None)


def test_an_answer_that_comes_before_its_context_is_not_scored() -> None:
    bench = Bench()
    verdicts = bench.verdicts(response(), request(context=PASSAGES))
    assert "groundedness" not in verdicts["output"].scores
    assert verdicts["output"].missing == []
    assert bench.metrics.rows("harmwatch_scored_total") == {
        ("chat", "output", "words"): 1.0,
        ("chat", "input", "words"): 1.0,
    }


@pytest.mark.parametrize(
    "event",
    [
        whole(),
        whole("Have a nice day.", context=PASSAGES),
        make_event(text="It opens at 9.", answer=None, context=PASSAGES),
    ],
)
def test_what_was_not_judged_is_neither_scored_nor_missing_nor_clean(event: InferenceEvent) -> None:
    bench = Bench()
    for verdict in bench.verdicts(event).values():
        assert "groundedness" not in verdict.scores
        assert verdict.missing == []
    assert not [key for key in bench.metrics.rows("harmwatch_scored_total") if key[2] == "groundedness"]
    assert bench.metrics.total("harmwatch_missing_scores_total") == 0


def test_a_supported_answer_is_scored_and_clean() -> None:
    bench = Bench()
    verdict = bench.verdicts(whole("It opens at 8.", context=PASSAGES))["output"]
    assert verdict.scores["groundedness"] == 0.0
    assert verdict.findings == []
    assert bench.metrics.rows("harmwatch_scored_total")[("chat", "output", "groundedness")] == 1.0


def test_the_request_supports_what_it_said_itself() -> None:
    asked = make_event(text="Can I come at 9?", answer=None, context=PASSAGES)
    assert Bench().verdicts(asked, response("Yes, come at 9."))["output"].scores["groundedness"] == 0.0


def test_a_tool_s_result_supports_and_is_a_context_when_wanted() -> None:
    turns = (TextPart("When?"), TextPart("The clinic opens at 8.", "tool", "tool_result"))
    event = make_event(input=Payload(texts=turns), answer="It opens at 9.")
    assert "groundedness" not in Bench().verdicts(event)["output"].scores
    assert Bench(tool_results=True).verdicts(event)["output"].scores["groundedness"] == 1.0


def test_a_context_from_before_a_restart_is_known() -> None:
    bench = Bench()
    bench.pipeline.remember(Origin("t", 0, 1), 0.0, [request(context=PASSAGES)])
    assert bench.verdicts(response())["output"].scores["groundedness"] == 1.0


def test_a_record_that_comes_again_is_scored_as_before() -> None:
    bench = Bench()
    for _ in range(2):
        bench.pipeline.submit(Origin("t", 0, 5), 0.0, [whole(context=PASSAGES)])
    bench.pipeline.close()
    first, second = (outcome.verdicts[1] for outcome in bench.pipeline.join(20.0))
    assert first.scores == second.scores == {"groundedness": 1.0, "words": 0.0}


def test_a_long_answer_is_checked_in_every_piece() -> None:
    answer = "word " * 40_000 + "It opens at 9."
    verdict = Bench().verdicts(whole(answer, context=PASSAGES))["output"]
    (span,) = verdict.findings[0].spans
    assert answer[span.start : span.end] == "9"


def test_what_the_join_store_holds_is_let_go_with_the_verdict() -> None:
    bench = Bench()
    bench.verdicts(request(context=PASSAGES), response())
    assert bench.pipeline._joining.chars == 0
    assert all(call.known_origins == () for call in bench.pipeline._joining.calls())
