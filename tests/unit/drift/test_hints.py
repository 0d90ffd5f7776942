"""When drift is called a hint at bias."""

from __future__ import annotations

import pytest

from agent.drift.hints import DriftVerdict, Gap, GapChange, bias_hints, has_widened


def verdict(feature: str, group: str | None, detected: bool, strength: float = 2.0) -> DriftVerdict:
    return DriftVerdict(feature, "gender" if group else None, group, strength, 1.0, detected)


def change(before: float, after: float, *, reach: float = 0.02, measure: str = "spd") -> GapChange:
    return GapChange(
        "gender",
        measure,
        Gap(before, before - reach, before + reach, "female"),
        Gap(after, after - reach, after + reach, "female"),
    )


def test_a_drift_in_a_group_whose_gap_has_widened_is_a_hint_that_names_both() -> None:
    verdicts = [verdict("income", None, False), verdict("income", "female", True), verdict("income", "male", False)]
    (hint,) = bias_hints(verdicts, [change(0.02, 0.15)])
    assert (hint.feature, hint.attribute, hint.group, hint.measure) == ("income", "gender", "female", "spd")
    assert (hint.before, hint.after, hint.strength) == (0.02, 0.15, 2.0)
    assert hint.worst_off
    assert not hint.everywhere


@pytest.mark.parametrize(
    ("verdicts", "changes"),
    [
        ([verdict("income", "female", True)], [change(0.15, 0.15)]),
        ([verdict("income", "female", True)], [change(0.15, 0.02)]),
        ([verdict("income", "female", False)], [change(0.02, 0.15)]),
        ([verdict("income", None, True)], [change(0.02, 0.15)]),
        ([DriftVerdict("income", "age", "old", 2.0, 1.0, True)], [change(0.02, 0.15)]),
        ([verdict("income", "female", True)], []),
    ],
)
def test_drift_alone_is_none_and_neither_is_a_gap_alone(verdicts: list[DriftVerdict], changes: list[GapChange]) -> None:
    assert bias_hints(verdicts, changes) == []


def test_what_drifts_in_one_group_comes_before_what_drifts_in_all() -> None:
    verdicts = [
        verdict("age", "female", True, 9.0),
        verdict("age", "male", True, 9.0),
        verdict("income", "male", True, 3.0),
        verdict("income", "female", True, 1.5),
        verdict("income", "other", False),
        verdict("score", None, True),
        verdict("score", "female", True, 8.0),
    ]
    found = [(hint.feature, hint.group, hint.everywhere) for hint in bias_hints(verdicts, [change(0.0, 0.2)])]
    assert found[:2] == [("income", "female", False), ("income", "male", False)]
    assert found[2:] == [("age", "female", True), ("score", "female", True), ("age", "male", True)]


def test_a_gap_widens_by_more_than_chance_in_either_direction_and_ratios_are_fair_at_one() -> None:
    assert has_widened(change(0.02, 0.06))
    assert not has_widened(change(0.02, 0.04))
    assert has_widened(change(-0.02, -0.15))
    assert has_widened(change(0.02, -0.15))
    assert not has_widened(change(0.15, -0.15))
    assert has_widened(change(0.95, 0.6, measure="dir"))
    assert not has_widened(change(0.6, 0.95, measure="dir"))
    assert has_widened(change(1.05, 1.6, measure="dir"))
    assert has_widened(change(0.9, 0.0, measure="dir"))
