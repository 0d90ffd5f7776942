"""Campaigns against models on features: numbers far outside, and probing of the boundary."""

from __future__ import annotations

from random import Random

import pytest

from agent.campaigns.base import Member, Sighting, Suspicion
from agent.campaigns.boundary import Boundaries, is_tiny_step
from agent.campaigns.out_of_range import OutOfRange, fence
from agent.events import FeatureValue

START = 1_790_000_400.0


def sighting(place: int, features: dict[str, FeatureValue], tenant: str = "", score: float | None = None) -> Sighting:
    member = Member(("test", str(place)), START + place, tenant)
    return Sighting("loans", member, features=tuple(features.items()), score=score)


def outside(share: float, inputs: int, detector: OutOfRange, seed: int = 1) -> list[Suspicion]:
    draw = Random(seed)
    found = []
    for place in range(inputs):
        income = draw.gauss(3_000.0, 500.0) * (100.0 if draw.random() < share else 1.0)
        seen = detector.see(
            sighting(place, {"income": income, "age": draw.randrange(18, 90), "kind": "new", "vip": True})
        )
        if seen is not None:
            found.append(seen)
    return found


def test_inputs_far_outside_are_found_with_and_without_a_reference() -> None:
    learning = OutOfRange()
    assert outside(0.0, 1_000, learning) == []
    found = outside(0.2, 300, learning)
    assert found
    assert all(member.time > START for member in found[0].members)
    given = OutOfRange(known=lambda model, feature: (1_500.0, 4_500.0) if feature == "income" else None)
    assert outside(0.2, 300, given)


def test_a_few_mistakes_are_none() -> None:
    detector = OutOfRange(min_events=5)
    outside(0.0, 1_000, detector)
    assert outside(0.008, 3_000, detector) == []


def test_as_many_events_as_are_wanted_are_kept() -> None:
    detector = OutOfRange(min_events=100)
    outside(0.0, 1_000, detector)
    assert {len(found.members) for found in outside(0.5, 400, detector)} == {100}
    assert probing(Boundaries(min_events=100, window_seconds=7_200.0), 0.9, rows=4_000) == {"t7"}


def test_hostile_numbers_do_no_harm() -> None:
    detector = OutOfRange()
    for place in range(1_000):
        odd: list[FeatureValue] = [float("nan"), float("inf"), 10**400, -(10**400), None, True, "x", 1e308]
        detector.see(sighting(place, {f"f{place % 90}": odd[place % 8], "g": odd[(place + 1) % 8]}))
    assert fence((0.0, 1.0)) == (-3.0, 4.0)
    assert fence((2.0, 2.0)) == (float("-inf"), float("inf"))


def probing(detector: Boundaries, share: float, *, rows: int = 2_000, width: float = 0.3, seed: int = 1) -> set[str]:
    """Twenty tenants whose scores are spread; one, for a share of its calls, walks along the boundary by small
    steps."""
    draw = Random(seed)
    groups = set()
    walk = {"income": 3_000.0, "age": 40.0}
    for place in range(rows):
        tenant = f"t{draw.randrange(20)}"
        row: dict[str, FeatureValue] = {"income": draw.gauss(3_000.0, 900.0), "age": float(draw.randrange(18, 90))}
        score = min(1.0, max(0.0, draw.gauss(0.5, width)))
        if tenant == "t7" and draw.random() < share:
            walk["income"] *= 1.0 + draw.uniform(-0.01, 0.01)
            row, score = dict(walk), draw.gauss(0.5, 0.01)
        found = detector.see(sighting(place, row, tenant, score))
        if found is not None:
            groups.add(found.group)
    return groups


def test_who_walks_along_the_boundary_is_found_and_nobody_else() -> None:
    assert probing(Boundaries(), 0.9) == {"t7"}
    assert probing(Boundaries(), 0.0) == set()
    # A model whose scores all lie near its threshold is no campaign.
    assert probing(Boundaries(), 0.0, width=0.02) == set()


def test_the_threshold_of_a_model_is_its_own() -> None:
    assert probing(Boundaries(threshold=lambda model: 0.5 if model == "loans" else 0.9), 0.9) == {"t7"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 100.0, "c": 5, "b": "x"}, {"a": 101.0, "c": 5, "b": "x"}, True),
        ({"a": 100.0, "c": 5, "b": "x"}, {"a": 101.0, "c": 5, "b": "y"}, False),
        ({"a": 100.0, "c": 5, "b": "x"}, {"a": 101.0, "c": 9, "b": "x"}, False),
        ({"a": 100.0, "b": "x"}, {"a": 101.0, "b": "x"}, False),
        ({"a": 100.0}, {"a": 100.0}, False),
        ({"a": 100.0, "c": 5}, {"b": 100.5, "c": 5}, False),
        ({"a": 100.0, "c": 5, "d": 6}, {"a": None, "c": 5, "d": 6}, False),
        ({}, {"a": 1.0}, False),
        ({"a": 10**400, "c": 1}, {"a": 10**400 + 1, "c": 2}, False),
    ],
)
def test_tiny_steps(before: dict[str, FeatureValue], after: dict[str, FeatureValue], expected: bool) -> None:
    assert is_tiny_step(tuple(before.items()), tuple(after.items())) is expected
