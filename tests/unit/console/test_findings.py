"""What is held of evidence, and what gives way."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.console.findings import RecentFindings
from tests.unit.console.console_builders import finding, outcome


def test_the_newest_come_first_with_what_the_evidence_publishes() -> None:
    recent = RecentFindings()
    for number in range(3):
        recent.take(outcome(f"r-{number}", texts=("", f"write to [EMAIL] {number}")))
    assert [held.inference_id for held in recent.latest()] == ["r-2", "r-1", "r-0"]
    newest = recent.latest()[0]
    assert newest.texts == ("write to [EMAIL] 2",)
    assert dict(newest.scorers) == {"pii": "patterns@2"}
    assert [held.inference_id for held in recent.latest(after=newest.number - 1)] == ["r-2"]


def test_verdicts_without_findings_are_not_held() -> None:
    recent = RecentFindings()
    recent.take(outcome("r")._replace(evidence=[]))
    assert len(recent) == 0


def test_a_record_that_comes_again_is_held_once() -> None:
    recent = RecentFindings()
    for _ in range(3):
        recent.take(outcome("r", texts=("same",)))
    assert len(recent) == 1


def test_filters() -> None:
    recent = RecentFindings()
    recent.take(outcome("a", finding("toxicity", dimension="output"), model="one"))
    recent.take(outcome("b", finding("pii.email"), finding("toxicity", dimension="output"), model="two"))
    recent.take(outcome("c", finding("pii.phone"), model="two"))
    assert [held.inference_id for held in recent.latest(dimension="output")] == ["b", "a"]
    assert [held.inference_id for held in recent.latest(model="two".__eq__, dimension="privacy")] == ["c", "b"]
    assert recent.latest(model="three".__eq__) == []
    assert len(recent.latest(most=1)) == 1


def test_of_a_category_the_strongest_is_told_and_critical_ones_first() -> None:
    recent = RecentFindings()
    many = [finding("pii.email", score=number / 100) for number in range(60)]
    recent.take(outcome("r", *many, finding("canary", score=0.2, severity="critical")))
    (held,) = recent.latest()
    assert [(found.category, found.score) for found in held.findings] == [("canary", 0.2), ("pii.email", 0.59)]
    assert held.findings[0].critical


def test_a_burst_does_not_push_out_the_single_leak_beside_it() -> None:
    recent = RecentFindings(most=20)
    recent.take(outcome("leak", finding("pii.secret"), model="quiet"))
    for number in range(500):
        recent.take(outcome(f"t-{number}", finding("toxicity", dimension="output"), model="loud"))
    assert len(recent) == 20
    assert [held.inference_id for held in recent.latest(model="quiet".__eq__)] == ["leak"]
    assert recent.latest()[0].inference_id == "t-499"


def test_texts_are_cut() -> None:
    recent = RecentFindings()
    recent.take(outcome("r", texts=("a" * 3_999, "b" * 10_000, "c")))
    assert [len(text) for text in recent.latest()[0].texts] == [3_999, 2]


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc"), st.integers(0, 400)), max_size=80))
def test_bounds_hold_whatever_comes(records: list[tuple[int, str, int]]) -> None:
    recent = RecentFindings(most=10, most_chars=2_000)
    for number, model, length in records:
        recent.take(outcome(f"r-{number}", model=model, texts=("x" * length,)))
    held = recent.latest(most=100)
    assert len(held) == len(recent) <= 10
    assert len(held) <= 1 or sum(len(text) for one in held for text in one.texts) <= 2_000
    assert [one.number for one in held] == sorted((one.number for one in held), reverse=True)
    if records:
        assert held[0].inference_id == f"r-{records[-1][0]}"


def test_places_that_were_replaced_take_room_too() -> None:
    recent = RecentFindings(most_chars=4_000)
    for number in range(3):
        taken = outcome(f"r-{number}", texts=("x" * 100,))
        places = [(place, place + 1) for place in range(100)]
        recent.take(taken._replace(evidence=[msgspec.structs.replace(taken.evidence[0], replaced=[places])]))
    assert [held.inference_id for held in recent.latest()] == ["r-2"]


def test_what_was_replaced_is_told_of_the_texts_that_are_kept() -> None:
    taken = outcome("a", texts=("", "[EMAIL] and [FAKE]", "x" * 3990 + "[PHONE]"))
    evidence = msgspec.structs.replace(taken.evidence[0], replaced=[[], [(0, 7)], [(3990, 3997)]])
    recent = RecentFindings()
    recent.take(taken._replace(evidence=[evidence]))
    (held,) = recent.latest()
    assert held.replaced == (((0, 7),), ())
    assert len(held.texts) == 2
