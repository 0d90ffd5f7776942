"""Canaries through the pipeline: critical when leaked, told from echoes, and in no text that leaves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.canonical import canonical
from agent.clock import SystemClock
from agent.config import CoreConfig
from agent.events import InferenceEvent, Payload, TextPart
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import RecordOutcome, build_pipeline
from agent.scores import Finding, ScoreRow
from agent.scoring.base import Batch, Scorer
from agent.scoring.canary import CanaryScorer
from tests.builders import WordScorer, make_event
from tests.unit.scoring.canary.builders import write_canaries

VALUE = "K7MD-93QX-4TRW-PZ2H"
ACCENTED = "Zoë Müller-Lüdenscheidt"
WRITTEN = [
    VALUE,
    VALUE.lower(),
    " ".join(VALUE),
    "".join(chr(ord(character) + 0xFEE0) for character in VALUE),
    "\u200b".join(VALUE),
    VALUE.replace("-", "\n"),
]


class Failing(CanaryScorer):
    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        raise RuntimeError("no")


class Addresses(WordScorer):
    """Stands in for the pii scorer."""

    def __init__(self) -> None:
        super().__init__("pii", {"ann@b.example": "pii.email"}, "privacy")


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    return write_canaries(tmp_path, [VALUE, ACCENTED], "depot")


@pytest.fixture
def scorers(options: dict[str, Any]) -> list[Scorer]:
    return [Addresses(), CanaryScorer(**options)]


def outcome_of(event: InferenceEvent, scorers: Sequence[Scorer], **over: Any) -> RecordOutcome:
    clock = SystemClock()
    pipeline = build_pipeline(
        CoreConfig.model_validate({"evidence": {"hash_key": "a key of the tests"}, **over}),
        metrics=Metrics(new_registry(), clock=clock),
        clock=clock,
        scorers=list(scorers),
        filtering="policy" in over,
    )
    pipeline.warm_up()
    pipeline.submit(Origin("t", 0, 0), 0.0, [event])
    pipeline.close()
    (outcome,) = pipeline.join(30.0)
    pipeline.terminate()
    return outcome


def finding_of(event: InferenceEvent, scorers: Sequence[Scorer]) -> Finding:
    (found,) = [
        finding
        for verdict in outcome_of(event, scorers).verdicts
        if verdict.direction == "output"
        for finding in verdict.findings
    ]
    return found


# ---------------------------------------------------------------- what is told


@pytest.mark.parametrize("written", WRITTEN)
def test_a_leak_is_critical(written: str, scorers: list[Scorer]) -> None:
    found = finding_of(make_event(answer=f"The code is {written}, I think."), scorers)
    assert (found.category, found.dimension, found.leaked) == ("pii.canary", "privacy", True)
    assert msgspec.to_builtins(found)["severity"] == "critical"
    assert found.explanation == "registered canary: depot"


@pytest.mark.parametrize("given", WRITTEN)
def test_an_echo_is_not(given: str, scorers: list[Scorer]) -> None:
    answer = f"You said {VALUE}."
    asked = finding_of(make_event(text=f"my code is {given}", answer=answer), scorers)
    retrieved = finding_of(make_event(answer=answer, context=(f"code: {given}",)), scorers)
    for found in (asked, retrieved):
        assert found.leaked is False
        assert "severity" not in msgspec.to_builtins(found)


def test_an_echo_without_accents_is_an_echo(scorers: list[Scorer]) -> None:
    event = make_event(text="I am Zoe Mueller, or Zoe Muller Ludenscheidt.", answer=f"Hello {ACCENTED}!")
    assert finding_of(event, scorers).leaked is False


def test_where_the_input_is_not_known_it_is_taken_for_a_leak(scorers: list[Scorer]) -> None:
    found = finding_of(make_event(text=None, answer=VALUE), scorers)
    assert found.leaked is None
    assert found.severity == "critical"


def test_halves_of_a_value_from_two_texts_of_the_input_are_no_echo(scorers: list[Scorer]) -> None:
    texts = (TextPart(VALUE[:9], "user"), TextPart(VALUE[9:], "user"))
    assert finding_of(make_event(input=Payload(texts=texts), answer=VALUE), scorers).leaked is True


def test_an_input_that_holds_one_is_exposure_and_not_critical(scorers: list[Scorer]) -> None:
    verdict, _ = outcome_of(make_event(text=f"is it {VALUE}?"), scorers).verdicts
    (found,) = verdict.findings
    assert (verdict.direction, found.leaked, found.severity) == ("input", False, msgspec.UNSET)


def test_other_findings_have_no_severity(scorers: list[Scorer]) -> None:
    found = finding_of(make_event(answer="write to ann@b.example"), scorers)
    assert "severity" not in msgspec.to_builtins(found)


# ---------------------------------------------------------------- what leaves


def assert_holds_none(outcome: RecordOutcome) -> None:
    form = canonical(msgspec.json.encode([outcome.verdicts, outcome.evidence, outcome.filtered]).decode())
    assert canonical(VALUE) not in form


@pytest.mark.parametrize("written", WRITTEN)
def test_evidence_shows_the_place_and_not_the_value(written: str, scorers: list[Scorer]) -> None:
    outcome = outcome_of(make_event(answer=f"The code is {written}, I think. Again: {VALUE}"), scorers)
    (evidence,) = outcome.evidence
    assert evidence.texts == ["The code is [CANARY], I think. Again: [CANARY]"]
    assert_holds_none(outcome)


@pytest.mark.parametrize("written", WRITTEN)
def test_evidence_of_an_input_does_not_hold_it_either(written: str, scorers: list[Scorer]) -> None:
    outcome = outcome_of(make_event(text=f"ann@b.example has {written}", answer="I see."), scorers)
    (evidence,) = outcome.evidence
    assert evidence.texts == ["[PII.EMAIL] has [CANARY]"]
    assert_holds_none(outcome)


def test_what_only_half_of_the_redactors_looked_at_is_not_kept(options: dict[str, Any]) -> None:
    event = make_event(answer=f"ann@b.example has {VALUE}")
    blind = outcome_of(event, [Addresses(), Failing(**options)])
    assert [evidence.texts for evidence in blind.evidence] == [[]]
    assert blind.verdicts[1].missing == [
        msgspec.convert({"scorer": "canary", "reason": "error"}, type(blind.verdicts[1].missing[0]))
    ]
    assert [evidence.texts for evidence in outcome_of(event, [CanaryScorer(**options)]).evidence] == [[]]
    for outcome in (blind, outcome_of(event, [CanaryScorer(**options)])):
        assert_holds_none(outcome)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"category": "pii.*", "action": "mask"}, "The code is [CANARY]."),
        ({"category": "pii.canary", "action": "block"}, "[This text was removed by the content filter.]"),
        ({"dimension": "privacy", "action": "mask"}, "The code is [CANARY]."),
    ],
)
@pytest.mark.parametrize("written", WRITTEN)
def test_filtered_texts_do_not_hold_it(rule: dict[str, Any], text: str, written: str, scorers: list[Scorer]) -> None:
    outcome = outcome_of(make_event(answer=f"The code is {written}."), scorers, policy={"rules": [rule]})
    assert outcome.filtered[1].texts == [text]
    assert_holds_none(outcome)


def test_a_filter_that_relies_on_a_scorer_that_fails_lets_nothing_through(options: dict[str, Any]) -> None:
    rules = [{"category": "pii.canary", "action": "mask"}]
    outcome = outcome_of(make_event(answer=VALUE), [Addresses(), Failing(**options)], policy={"rules": rules})
    assert outcome.filtered[1].action == "block"
    assert_holds_none(outcome)
